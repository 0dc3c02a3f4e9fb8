import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type RunRow, runsQuery, type Status, statuses } from "../api/runs.ts";
import { workflowsQuery } from "../api/workflows.ts";
import { Command, Empty, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { useNow } from "../components/now.ts";
import { StatusMark } from "../components/status.tsx";
import { formatDuration, shortId } from "../format.ts";
import { runsRoute } from "../router.tsx";

/** Every run, newest first; the filters are the address. */
export function RunsPage() {
  const filter = runsRoute.useSearch();
  const { data, error, isPending } = useQuery(runsQuery(filter));
  const isFiltered = filter.workflow !== undefined || filter.status !== undefined;
  return (
    <>
      <PageTitle
        title="Runs"
        note={filter.cursor ? "Older runs" : "Newest first, as they happen"}
        actions={<Filters />}
      />
      <Panel>
        {error ? <Problem error={error} /> : null}
        {isPending ? <Loading lines={10} /> : null}
        {data && data.items.length === 0 ? <NoRuns isFiltered={isFiltered} /> : null}
        {data && data.items.length > 0 ? <RunTable rows={data.items} /> : null}
      </Panel>
      <div className="mt-3 flex justify-between">
        {filter.cursor ? (
          <Link to="/runs" search={({ cursor: _, ...rest }) => rest} className="link">
            ← Newest
          </Link>
        ) : (
          <span />
        )}
        {data?.nextCursor ? (
          <Link to="/runs" search={{ ...filter, cursor: data.nextCursor }} className="link">
            Older →
          </Link>
        ) : null}
      </div>
    </>
  );
}

function Filters() {
  const filter = runsRoute.useSearch();
  const navigate = useNavigate({ from: "/runs" });
  const { data: workflows } = useQuery(workflowsQuery);
  const choose = (change: { workflow?: string | undefined; status?: Status | undefined }) => {
    const { cursor: _, ...rest } = { ...filter, ...change };
    navigate({ search: Object.fromEntries(Object.entries(rest).filter(([, value]) => value)) });
  };
  return (
    <>
      <label className="flex items-center gap-2">
        <span className="text-muted">Workflow</span>
        <select
          value={filter.workflow ?? ""}
          onChange={(event) => choose({ workflow: event.target.value || undefined })}
          className="rounded-md border border-line bg-panel px-2 py-1"
        >
          <option value="">all</option>
          {workflows?.items.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label className="flex items-center gap-2">
        <span className="text-muted">Status</span>
        <select
          value={filter.status ?? ""}
          onChange={(event) => choose({ status: statuses.find((status) => status === event.target.value) })}
          className="rounded-md border border-line bg-panel px-2 py-1"
        >
          <option value="">all</option>
          {statuses.map((status) => (
            <option key={status}>{status}</option>
          ))}
        </select>
      </label>
    </>
  );
}

function RunTable({ rows }: { rows: readonly RunRow[] }) {
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-left">
        <thead className="text-muted">
          <tr className="border-line border-b">
            {["Run", "Workflow", "Status", "What it waits for, or why it ended so", "Started", "Took"].map(
              (name) => (
                <th key={name} scope="col" className="px-4 py-2 font-medium">
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.runId} className="border-line border-b last:border-0 hover:bg-raised">
              <td className="px-4 py-2">
                <Link to="/runs/$id" params={{ id: row.runId }} className="font-mono link">
                  {shortId(row.runId)}
                </Link>
              </td>
              <td className="px-4 py-2">{row.workflow}</td>
              <td className="px-4 py-2">
                <StatusMark status={row.status} />
              </td>
              <td className="max-w-md truncate px-4 py-2 text-muted">{reasonOf(row)}</td>
              <td className="px-4 py-2 text-muted">
                <Moment iso={row.startedAt} />
              </td>
              <td className="px-4 py-2 text-right tabular-nums">
                <Took row={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const waits: Readonly<Record<string, string>> = {
  review: "a person's answer",
  time: "its time to come",
  event: "an event",
  child: "a run that it started",
  limit: "a place within its limits",
  switch: "what is switched off",
};

function reasonOf(row: RunRow): string {
  if (row.waiting) return waits[row.waiting.for] ?? row.waiting.for;
  return row.error?.message ?? "";
}

export function Took({ row }: { row: Pick<RunRow, "startedAt" | "endedAt"> }) {
  const now = useNow();
  const endMs = row.endedAt ? Date.parse(row.endedAt) : now;
  return <>{formatDuration(Math.max(0, endMs - Date.parse(row.startedAt)))}</>;
}

function NoRuns({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered)
    return (
      <Empty title="No run fits these filters.">
        <Link to="/runs" className="link">
          Show all runs
        </Link>
      </Empty>
    );
  return (
    <Empty title="Nothing has run yet.">
      <p>
        Start one from{" "}
        <Link to="/workflows" className="link">
          a workflow's page
        </Link>
        , or from a shell: <Command>flyball run FILE --input rows.csv</Command>
      </p>
    </Empty>
  );
}
