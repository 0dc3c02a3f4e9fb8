import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Proposal, Workflow } from "flyball/client";
import { metricsQuery } from "../api/metrics.ts";
import { looksQuery, proposalsQuery, useLook } from "../api/optimizer.ts";
import { workflowsQuery } from "../api/workflows.ts";
import { Button, Command, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { Choice } from "../components/field.tsx";
import { FindingShown } from "../components/finding.tsx";
import { NothingServed } from "../components/nothing-served.tsx";
import { ProposalRow } from "../components/proposal-row.tsx";
import { SetPoints } from "../components/set-points.tsx";
import { governorRoute } from "../router.tsx";
import { setPointsOf } from "../targets.ts";

/** What each workflow could do better by its own record, what is being proved, and what came of it. */
export function GovernorPage() {
  const { workflow: chosen = "" } = governorRoute.useSearch();
  const navigate = governorRoute.useNavigate();
  const workflows = useQuery(workflowsQuery);
  const proposals = useQuery(proposalsQuery);
  const error = workflows.error ?? proposals.error;
  const all = workflows.data?.items ?? [];
  const shown = all.filter(({ name }) => chosen === "" || name === chosen);
  return (
    <>
      <PageTitle
        title="Governor"
        note="What each workflow could do better, by its own record, and the proof of it; targets over seven days"
        actions={
          <Choice
            name="Workflow"
            value={chosen}
            options={[["", "all"], ...all.map(({ name }) => [name, name] as const)]}
            onChange={(workflow) => navigate({ search: workflow ? { workflow } : {} })}
          />
        }
      />
      <p className="mb-4 max-w-prose text-muted">
        A look reads what runs came to and says what it would change; it may ask cheaper models the recorded
        questions again, which costs what such calls cost. It changes nothing. A change is proved on running
        traffic once you start its experiment, and can be taken back at any time. With{" "}
        <Command>{"optimizer: { mode: propose, every: 24h }"}</Command> in the settings, the server also looks
        by itself; with <Command>act_within</Command>, it begins experiments within the bounds that stand
        there.
      </p>
      {error ? <Problem error={error} /> : null}
      {workflows.isPending || proposals.isPending ? <Loading lines={10} /> : null}
      {workflows.data?.items.length === 0 ? <NothingServed /> : null}
      <div className="space-y-4">
        {proposals.data
          ? shown.map((workflow) => (
              <Governed
                key={workflow.name}
                workflow={workflow}
                proposals={proposals.data.items.filter((each) => each.workflow === workflow.name)}
              />
            ))
          : null}
      </div>
    </>
  );
}

function Governed({ workflow, proposals }: { workflow: Workflow; proposals: readonly Proposal[] }) {
  const { name, document } = workflow;
  const look = useLook(name);
  const { data: metrics } = useQuery(metricsQuery(name));
  const points = setPointsOf(document?.targets ?? {}, metrics);
  return (
    <Panel
      title={
        <Link to="/workflows/$name" params={{ name }} className="link">
          {name}
        </Link>
      }
      actions={
        document ? (
          <Button onClick={() => look.mutate()} disabled={look.isPending}>
            {look.isPending ? "Looking …" : "Look now"}
          </Button>
        ) : null
      }
    >
      {look.error ? <Problem error={look.error} /> : null}
      {document ? (
        <>
          <div className="px-4 py-2">{points.length > 0 ? <SetPoints points={points} /> : <NoTargets />}</div>
          <Looks workflow={name} proposals={proposals} />
        </>
      ) : (
        <p className="px-4 py-3 text-muted">
          A flow has no text that could be edited, so nothing is proposed for it.
        </p>
      )}
      {proposals.length > 0 ? (
        <ul aria-label={`Proposals for ${name}`} className="divide-y divide-line border-line border-t">
          {sorted(proposals).map((proposal) => (
            <ProposalRow key={proposal.id} proposal={proposal} />
          ))}
        </ul>
      ) : null}
    </Panel>
  );
}

/** What is under way first, then what can be begun, then what is over, the newest first. */
function sorted(proposals: readonly Proposal[]): readonly Proposal[] {
  const order = ["testing", "open"];
  const placeOf = ({ status }: Proposal) => (order.includes(status) ? order.indexOf(status) : order.length);
  return proposals.toReversed().sort((one, other) => placeOf(one) - placeOf(other));
}

/** What the last look found, as long as it is not a proposal already. */
function Looks({ workflow, proposals }: { workflow: string; proposals: readonly Proposal[] }) {
  const { data, error } = useQuery(looksQuery(workflow));
  if (error) return <Problem error={error} />;
  if (!data) return <Loading lines={2} />;
  const [last] = data.items;
  const made = new Set(proposals.map(({ finding }) => finding.summary));
  const others = last?.findings.filter(({ summary }) => !made.has(summary)) ?? [];
  return (
    <div className="border-line border-t">
      <p className="px-4 py-2 text-muted">
        {last ? (
          <>
            Looked <Moment iso={last.at} /> by {last.by}, in the mode {last.mode.replace("_", " ")}:{" "}
            {foundText(last.findings.length)}
          </>
        ) : (
          lookText
        )}
      </p>
      <ul className="divide-y divide-line">
        {others.map((finding) => (
          <li key={`${finding.kind} ${finding.step} ${finding.summary}`}>
            <FindingShown finding={finding} />
          </li>
        ))}
      </ul>
    </div>
  );
}

const lookText =
  "Nobody has looked yet. A look reads the latest 1,000 runs that the production version had; fewer than 60 say nothing. What is right it knows from what people corrected in reviews, and from expected answers.";

function foundText(findings: number): string {
  if (findings === 0)
    return "nothing to better, or too little on record: it needs 60 runs of the version in production, and targets that say what is good enough.";
  return findings === 1 ? "1 finding" : `${findings} findings`;
}

function NoTargets() {
  return (
    <p className="py-1 text-muted">
      No targets yet. <Command>{"targets: { accuracy: 95%, automated: 70% }"}</Command> in the workflow says
      what a change must keep to.
    </p>
  );
}
