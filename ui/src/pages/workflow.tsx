import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useStartRun, type Workflow, workflowsQuery } from "../api/workflows.ts";
import { Button, Empty, Loading, PageTitle, Panel, Problem, Verbatim } from "../components/basics.tsx";
import { Tabs } from "../components/tabs.tsx";
import { shortId, textOf } from "../format.ts";
import { workflowRoute } from "../router.tsx";
import { sampleInput } from "../sample.ts";

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
        actions={
          <Link to="/runs" search={{ workflow: name }} className="self-center link">
            Its runs →
          </Link>
        }
      />
      <div className="grid items-start gap-4 xl:grid-cols-[1fr_26rem]">
        <Definition workflow={workflow} />
        <TestRun key={workflow.version} workflow={workflow} />
      </div>
    </>
  );
}

function Definition({ workflow }: { workflow: Workflow }) {
  const [view, setView] = useState<"graph" | "definition">("graph");
  const { document } = workflow;
  return (
    <Panel
      title={
        <span>
          Version <span className="font-mono">{shortId(workflow.version)}</span>
        </span>
      }
      actions={
        document ? (
          <Tabs
            label="Show the workflow as"
            options={["graph", "definition"]}
            value={view}
            onChange={setView}
          />
        ) : null
      }
    >
      {document === null ? <Empty title="A flow: its steps are code, and known only as they run." /> : null}
      {document && view === "graph" ? (
        <Suspense fallback={<Loading lines={8} />}>
          <Graph document={document} />
        </Suspense>
      ) : null}
      {document && view === "definition" ? (
        <div className="p-4">
          <Verbatim label="Definition">{textOf(document)}</Verbatim>
        </div>
      ) : null}
    </Panel>
  );
}

/** A run by hand: an input as JSON, begun from what the workflow declares. */
function TestRun({ workflow }: { workflow: Workflow }) {
  const [text, setText] = useState(() => textOf(sampleInput(workflow.document?.input)));
  const start = useStartRun(workflow.name);
  const navigate = useNavigate();
  const input = parsed(text);
  const run = () => {
    if (!input) return;
    start.mutate(
      { input: input.value },
      { onSuccess: ({ runId }) => navigate({ to: "/runs/$id", params: { id: runId } }) },
    );
  };
  return (
    <Panel title="Start a run">
      <div className="space-y-3 p-4">
        <label className="block font-medium" htmlFor="input">
          Input (JSON)
        </label>
        <textarea
          id="input"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && run()}
          rows={10}
          spellCheck={false}
          className="w-full rounded-md border border-line bg-canvas p-3 font-mono text-[0.85rem]"
        />
        {input ? null : <p className="text-bad">This is not JSON.</p>}
        {start.error ? <Problem error={start.error} /> : null}
        <p className="text-muted">It is a real run: its steps do what they do.</p>
        <Button look="primary" onClick={run} disabled={!input || start.isPending}>
          Start
        </Button>
      </div>
    </Panel>
  );
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
