import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { workflowsQuery } from "../api/workflows.ts";
import { Loading, PageTitle, Problem } from "../components/basics.tsx";
import { NothingServed } from "../components/nothing-served.tsx";
import { shortId } from "../format.ts";

export function WorkflowsPage() {
  const { data, error, isPending } = useQuery(workflowsQuery);
  return (
    <>
      <PageTitle title="Workflows" note="What this server can start" />
      {error ? <Problem error={error} /> : null}
      {isPending ? <Loading /> : null}
      {data?.items.length === 0 ? <NothingServed /> : null}
      <ul className="grid gap-4 lg:grid-cols-2">
        {data?.items.map(({ name, version, description, document, problem }) => (
          <li key={name}>
            <Link
              to="/workflows/$name"
              params={{ name }}
              className="block h-full rounded-lg border border-line bg-panel px-4 py-3 hover:bg-raised"
            >
              <span className="flex items-baseline justify-between gap-3">
                <span className="font-semibold">{name}</span>
                <span className="font-mono text-muted text-xs">{version ? shortId(version) : ""}</span>
              </span>
              <span className="mt-1 block text-muted">
                {description ?? (document || problem ? "" : "A flow: its steps are code.")}
              </span>
              {problem ? <span className="mt-1 block text-bad">✕ {problem}</span> : null}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
