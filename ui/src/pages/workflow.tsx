import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Workflow } from "flyball/client";
import { lazy, Suspense } from "react";
import { assetQuery, versionTextQuery } from "../api/assets.ts";
import { metricsQuery } from "../api/metrics.ts";
import { workflowsQuery } from "../api/workflows.ts";
import { Empty, Loading, PageTitle, Panel, Problem, Verbatim } from "../components/basics.tsx";
import { SetPoints } from "../components/set-points.tsx";
import { TestRun } from "../components/test-run.tsx";
import { shortId } from "../format.ts";
import { workflowRoute } from "../router.tsx";
import { setPointsOf } from "../targets.ts";

const Graph = lazy(() => import("../components/graph.tsx"));

export function WorkflowPage() {
  const { name } = workflowRoute.useParams();
  const { data, error, isPending } = useQuery(workflowsQuery);
  if (error && !data) return <Problem error={error} />;
  if (isPending) return <Loading lines={10} />;
  const workflow = data?.items.find((each) => each.name === name);
  if (!workflow) return <Empty title={`No workflow ${name} is served here.`} />;
  return (
    <>
      <PageTitle
        title={workflow.name}
        note={workflow.description ?? undefined}
        actions={<Ways name={name} />}
      />
      {workflow.problem ? (
        <p role="alert" className="mb-4 rounded-md border border-bad bg-panel px-4 py-3">
          What is in production cannot run: {workflow.problem}
        </p>
      ) : null}
      <div className="space-y-4">
        <Definition key={workflow.version} workflow={workflow} />
        <div className="grid items-start gap-4 xl:grid-cols-2">
          <TestRun key={workflow.version} workflow={workflow} />
          <Targets workflow={workflow} />
        </div>
      </div>
    </>
  );
}

function Ways({ name }: { name: string }) {
  const { data: asset } = useQuery(assetQuery({ kind: "workflow", name }));
  const params = { kind: "workflow", name };
  return (
    <span className="flex flex-wrap gap-4 self-center">
      {asset?.rollout ? (
        <Link to="/rollouts/$id" params={{ id: asset.rollout }} className="link font-medium">
          A rollout is running →
        </Link>
      ) : null}
      <Link to="/assets/$kind/$name" params={params} className="link">
        Versions and history
      </Link>
      <Link to="/assets/$kind/$name/edit" params={params} className="link">
        Edit
      </Link>
      <Link to="/map" search={{ workflow: name }} className="link">
        Process map
      </Link>
      <Link to="/governor" search={{ workflow: name }} className="link">
        Governor
      </Link>
      <Link to="/runs" search={{ workflow: name }} className="link">
        Its runs →
      </Link>
    </span>
  );
}

/** The graph, and beside it the text that it was made from. */
function Definition({ workflow }: { workflow: Workflow }) {
  const { name, document, problem } = workflow;
  const { data: asset } = useQuery(assetQuery({ kind: "workflow", name }));
  if (problem) return null;
  if (!document)
    return (
      <Panel>
        <Empty title="A flow: its steps are code, and known only as they run." />
      </Panel>
    );
  const version = asset?.production;
  return (
    <Panel
      title={
        <span>
          In production: <span className="font-mono">{version ? shortId(version) : "…"}</span>
        </span>
      }
    >
      <div className="grid lg:grid-cols-2">
        <Suspense
          fallback={
            <div className="h-[34rem]">
              <Loading lines={8} />
            </div>
          }
        >
          <Graph document={document} />
        </Suspense>
        {version ? <Text name={name} version={version} /> : <Loading lines={8} />}
      </div>
    </Panel>
  );
}

function Text({ name, version }: { name: string; version: string }) {
  const { data, error } = useQuery(versionTextQuery({ kind: "workflow", name }, version));
  if (error) return <Problem error={error} />;
  if (!data) return <Loading lines={8} />;
  return (
    <div className="border-line p-4 max-lg:border-t lg:border-l">
      <Verbatim label="Definition">{data.text}</Verbatim>
    </div>
  );
}

function Targets({ workflow: { name, document } }: { workflow: Workflow }) {
  const { data: metrics } = useQuery(metricsQuery(name));
  const points = setPointsOf(document?.targets ?? {}, metrics);
  if (points.length === 0) return null;
  return (
    <Panel title="Targets, over seven days">
      <div className="px-4 py-2">
        <SetPoints points={points} />
      </div>
    </Panel>
  );
}
