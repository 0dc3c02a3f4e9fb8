import { useQuery } from "@tanstack/react-query";
import { workflowsQuery } from "../api/workflows.ts";
import { textOf } from "../format.ts";
import { graphOf, withoutIndexes } from "../graph.ts";
import { Panel, Verbatim } from "./basics.tsx";

/** What an approval sets going: the steps that follow this one, as the workflow writes them. */
export function NextSteps({ workflow, path }: { workflow: string; path: string }) {
  const { data } = useQuery(workflowsQuery);
  const document = data?.items.find(({ name }) => name === workflow)?.document;
  if (!document) return null;
  const { steps, links } = graphOf(document);
  const here = withoutIndexes(path);
  const next = new Set(links.filter(([from]) => from === here).map(([, to]) => to));
  const following = steps.filter((step) => next.has(step.path));
  return (
    <Panel title="What approval sets going">
      {following.length === 0 ? (
        <p className="px-4 py-3 text-muted">Nothing follows: the run ends with this answer.</p>
      ) : null}
      <ul>
        {following.map((step) => (
          <li key={step.path} className="space-y-2 border-line border-b px-4 py-3 last:border-0">
            <p>
              <span className="font-mono">{step.path}</span> <span className="text-muted">{step.kind}</span>
            </p>
            <Verbatim label={`${step.path} as written`}>{textOf(step.config)}</Verbatim>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
