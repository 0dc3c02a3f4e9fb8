import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RunRow } from "flyball/client";
import { runsQuery } from "../api/runs.ts";
import { Command, Empty, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { useNow } from "../components/now.ts";
import { RunFilters } from "../components/run-filters.tsx";
import { StatusMark } from "../components/status.tsx";
import { formatDuration, formatMoney, shortId } from "../format.ts";
import { runsRoute } from "../router.tsx";
import { runFilterOf } from "../run-filter.ts";

/** Every run, newest first; the filters are the address. */
export function RunsPage() {
  const filter = runFilterOf(runsRoute.useSearch());
  const { data, error, isPending } = useQuery(runsQuery(filter));
  const { cursor: _, ...filters } = filter;
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <>
      <PageTitle
        title="Runs"
        note={filter.cursor ? "Older runs" : "Newest first, as they happen"}
        actions={<RunFilters />}
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

function RunTable({ rows }: { rows: readonly RunRow[] }) {
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-left">
        <thead className="text-muted">
          <tr className="border-line border-b">
            {[
              "Run",
              "Workflow",
              "Status",
              "What it waits for, or why it ended so",
              "Started",
              "Took",
              "Cost",
            ].map((name) => (
              <th key={name} scope="col" className="px-4 py-2 font-medium">
                {name}
              </th>
            ))}
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
              <td className="px-4 py-2 text-right tabular-nums">{formatMoney(row.cost)}</td>
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
