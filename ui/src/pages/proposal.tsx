import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Proposal } from "flyball/client";
import { useState } from "react";
import { experimentQuery, proposalQuery } from "../api/optimizer.ts";
import { Bars } from "../components/bars.tsx";
import { Button, Facts, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { DeclineProposal } from "../components/decline-proposal.tsx";
import { EffectsTable } from "../components/effects-table.tsx";
import { ExperimentShown } from "../components/experiment.tsx";
import { FindingShown } from "../components/finding.tsx";
import { StartExperiment } from "../components/start-experiment.tsx";
import { StatusMark } from "../components/status.tsx";
import { PatchDiff } from "../components/text-diff.tsx";
import { shortId } from "../format.ts";
import { kindName } from "../governor.ts";
import { proposalRoute } from "../router.tsx";

/** One change: why, what, what to expect, how it is proved and undone; and its proof as it goes. */
export function ProposalPage() {
  const { proposal: id } = proposalRoute.useParams();
  const { data: proposal, error } = useQuery(proposalQuery(id));
  if (error && !proposal) return <Problem error={error} />;
  if (!proposal) return <Loading lines={12} />;
  return <Shown proposal={proposal} />;
}

function Shown({ proposal }: { proposal: Proposal }) {
  const { kind, workflow, asset, from, to, status, declined, finding, experiment, diff } = proposal;
  return (
    <>
      <PageTitle
        title={
          <span className="flex flex-wrap items-center gap-3">
            {kindName(kind)} <StatusMark status={status} />
          </span>
        }
        note={
          <>
            For{" "}
            <Link to="/governor" search={{ workflow }} className="link">
              {workflow}
            </Link>
            : a new version of{" "}
            <Link to="/assets/$kind/$name" params={asset} className="link">
              {asset.kind} {asset.name}
            </Link>
            , <span className="font-mono">{shortId(from)}</span> →{" "}
            <span className="font-mono">{shortId(to)}</span>
          </>
        }
        actions={status === "open" ? <Decide proposal={proposal} /> : null}
      />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
        {declined ? (
          <Panel title="Declined">
            <Facts
              facts={[
                ["By", declined.by],
                ["When", <Moment key="at" iso={declined.at} />],
                ["Why", declined.reason],
              ]}
            />
          </Panel>
        ) : null}
        {experiment ? (
          <Tested id={experiment} />
        ) : (
          <Panel title="What to expect">
            <EffectsTable of={{ ...proposal, realised: null, comparison: null }} />
          </Panel>
        )}
        <Panel title="What the record shows">
          <FindingShown finding={finding} />
        </Panel>
        <Panel title="What changes" className="overflow-hidden">
          <PatchDiff patch={diff} label="What changes in the text" />
        </Panel>
        <Panel title="How it is proved, and undone">
          <Facts
            facts={[
              ["Proof", proposal.proof],
              ...(experiment ? [] : [["Held against", <Bars key="bars" bars={proposal.bars} />] as const]),
              ["Undone", proposal.undo],
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

function Decide({ proposal }: { proposal: Proposal }) {
  const [asked, setAsked] = useState<"start" | "decline" | null>(null);
  const close = () => setAsked(null);
  return (
    <>
      <Button onClick={() => setAsked("decline")}>Decline …</Button>
      <Button look="primary" onClick={() => setAsked("start")}>
        Start the experiment …
      </Button>
      {asked === "decline" ? <DeclineProposal proposal={proposal} onClose={close} /> : null}
      {asked === "start" ? <StartExperiment proposal={proposal} onClose={close} /> : null}
    </>
  );
}

function Tested({ id }: { id: string }) {
  const { data: experiment, error } = useQuery(experimentQuery(id));
  if (error && !experiment) return <Problem error={error} />;
  if (!experiment) return <Loading lines={6} />;
  const { comparison: came } = experiment;
  return (
    <>
      <ExperimentShown experiment={experiment} />
      <Panel title={came ? `What was expected, and what ${came.runs} runs came to` : "What to expect"}>
        <EffectsTable of={experiment} />
      </Panel>
    </>
  );
}
