import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Run } from "flyball/client";
import { lazy, Suspense, useState } from "react";
import { reviewQuery } from "../api/reviews.ts";
import { isFinal, runQuery, useLiveRun } from "../api/runs.ts";
import { workflowsQuery } from "../api/workflows.ts";
import { Facts, Loading, Moment, PageTitle, Panel, Problem, Verbatim } from "../components/basics.tsx";
import { CompareWith } from "../components/compare-with.tsx";
import { RunActions } from "../components/run-actions.tsx";
import { StatusMark } from "../components/status.tsx";
import { StepPanel } from "../components/step-panel.tsx";
import { Tabs } from "../components/tabs.tsx";
import { Took } from "../components/took.tsx";
import { Waterfall } from "../components/waterfall.tsx";
import { formatMoment, formatMoney, shortId, textOf } from "../format.ts";
import { runRoute } from "../router.tsx";
import { askedBecause, waitText } from "../waits.ts";

const Graph = lazy(() => import("../components/graph.tsx"));

export function RunPage() {
  const { id } = runRoute.useParams();
  const { data: run, error, isPending } = useQuery(runQuery(id));
  useLiveRun(id, run !== undefined && !isFinal(run.status));
  if (error && !run) return <Problem error={error} />;
  if (isPending || !run) return <Loading lines={12} />;
  return <ShownRun key={id} run={run} />;
}

function ShownRun({ run }: { run: Run }) {
  const { step: chosen } = runRoute.useSearch();
  const navigate = runRoute.useNavigate();
  const choose = (step: string) => navigate({ search: { step }, replace: true, resetScroll: false });
  const current = run.steps.find(({ path }) => path === chosen) ?? interesting(run);
  return (
    <>
      <PageTitle
        title={
          <span className="flex flex-wrap items-center gap-3">
            <span className="font-mono">{shortId(run.runId)}</span>
            <StatusMark status={run.status} />
          </span>
        }
        note={
          <>
            <Link to="/workflows/$name" params={{ name: run.workflow }} className="link">
              {run.workflow}
            </Link>{" "}
            <span className="font-mono">{shortId(run.version)}</span> · started <Moment iso={run.startedAt} />{" "}
            · {run.endedAt ? "took" : "so far"} <Took row={run} /> · {formatMoney(run.cost)}
          </>
        }
        actions={
          <>
            <CompareWith run={run} />
            <RunActions run={run} step={current?.path} />
          </>
        }
      />
      <Why run={run} />
      <div className="grid gap-4 xl:grid-cols-[1fr_26rem]">
        <Steps run={run} current={current?.path} onChoose={choose} />
        {current ? <StepPanel key={current.path} run={run.runId} step={current} /> : null}
      </div>
      <InAndOut run={run} />
    </>
  );
}

/** What a person would ask for first: where it stands or failed, else its last step. */
function interesting(run: Run) {
  const pressing = ["failed", "waiting", "retrying", "running"];
  return run.steps.find(({ status }) => pressing.includes(status)) ?? run.steps.at(-1);
}

/** Why it stands still, or ended as it did, in one sentence, with what can be done. */
function Why({ run }: { run: Run }) {
  const { waiting, paused, error } = run;
  if (waiting)
    return (
      <Notice>
        {waitText(waiting)} at <code className="font-mono">{waiting.path || "the run itself"}</code>, since{" "}
        <Moment iso={waiting.since} />
        {waiting.deadline ? `; an answer is expected by ${formatMoment(waiting.deadline)}` : ""}
        {waiting.dueAt && waiting.dueAt !== waiting.deadline
          ? `; it goes on at ${formatMoment(waiting.dueAt)}`
          : ""}
        . {waiting.for === "review" && waiting.key ? <AskedOf review={waiting.key} /> : null}
        {waiting.for === "child" && waiting.key ? (
          <Link to="/runs/$id" params={{ id: waiting.key }} className="link font-medium">
            Open that run
          </Link>
        ) : null}
      </Notice>
    );
  if (paused && run.status === "paused")
    return (
      <Notice>
        Paused ({paused.reason}
        {paused.by ? `, by ${paused.by}` : ""}
        {paused.comment ? `: ${paused.comment}` : ""}).{error ? ` ${error.message}` : ""}
      </Notice>
    );
  return error ? (
    <Notice isBad>
      {error.message} <code className="font-mono text-xs">{error.code}</code>
    </Notice>
  ) : null;
}

/** Who is asked, and why the machine did not decide by itself. */
function AskedOf({ review }: { review: string }) {
  const { data } = useQuery(reviewQuery(review));
  return (
    <>
      {data ? `${askedBecause(data.reason)} ${data.assign ?? "Anyone"} is asked. ` : null}
      <Link to="/reviews" search={{ review }} className="link font-medium">
        Open the review
      </Link>
    </>
  );
}

function Notice({ children, isBad = false }: { children: React.ReactNode; isBad?: boolean }) {
  return (
    <p
      role="status"
      className={`mb-4 rounded-md border bg-panel px-4 py-3 ${isBad ? "border-bad" : "border-wait"}`}
    >
      {children}
    </p>
  );
}

function Steps({
  run,
  current,
  onChoose,
}: {
  run: Run;
  current: string | undefined;
  onChoose: (path: string) => void;
}) {
  const [view, setView] = useState<"timeline" | "graph">("timeline");
  const { data: workflows } = useQuery(workflowsQuery);
  const document = workflows?.items.find(
    ({ name, version }) => name === run.workflow && version === run.version,
  )?.document;
  return (
    <Panel
      title="Steps"
      actions={
        document || !workflows ? (
          <Tabs label="Show the steps as" options={["timeline", "graph"]} value={view} onChange={setView} />
        ) : null
      }
    >
      {view === "graph" && document ? (
        <Suspense
          fallback={
            <div className="h-[34rem]">
              <Loading lines={8} />
            </div>
          }
        >
          <Graph document={document} steps={run.steps} chosen={current} onChoose={onChoose} />
        </Suspense>
      ) : (
        <Waterfall run={run} chosen={current} onChoose={onChoose} />
      )}
    </Panel>
  );
}

function InAndOut({ run }: { run: Run }) {
  const tags = Object.entries(run.tags);
  return (
    <div className="mt-4 grid gap-4 lg:grid-cols-2">
      <Panel title="Input">
        <div className="p-4">
          <Verbatim label="Input">{textOf(run.input)}</Verbatim>
        </div>
        <Facts
          facts={[
            [
              "Run",
              <span key="run" className="font-mono">
                {run.runId}
              </span>,
            ],
            [
              "Workflow version",
              <span key="version" className="font-mono">
                {run.version}
              </span>,
            ],
            ...(tags.length > 0
              ? [["Tags", tags.map(([name, value]) => `${name}=${value}`).join(", ")] as const]
              : []),
            ...(run.parent
              ? [
                  [
                    "Started by",
                    <Link key="parent" to="/runs/$id" params={{ id: run.parent }} className="link font-mono">
                      {shortId(run.parent)}
                    </Link>,
                  ] as const,
                ]
              : []),
            ...(run.forkedFrom
              ? [
                  [
                    "Goes on from",
                    <Link
                      key="fork"
                      to="/runs/$id"
                      params={{ id: run.forkedFrom.of }}
                      className="link"
                    >{`${shortId(run.forkedFrom.of)} at ${run.forkedFrom.from}`}</Link>,
                  ] as const,
                ]
              : []),
          ]}
        />
      </Panel>
      <Panel title="Output">
        <div className="p-4">
          {run.output === null ? (
            <p className="text-muted">None{isFinal(run.status) ? "" : " yet"}.</p>
          ) : (
            <Verbatim label="Output">{textOf(run.output)}</Verbatim>
          )}
        </div>
      </Panel>
    </div>
  );
}
