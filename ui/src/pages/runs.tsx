import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RunRow } from "flyball/client";
import { memo, useEffect, useMemo, useRef } from "react";
import { type RunFilter, runPagesQuery, useFollowNewest } from "../api/runs.ts";
import { Command, Empty, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { useNow } from "../components/now.ts";
import { useRowsInView } from "../components/rows-in-view.ts";
import { RunFilters } from "../components/run-filters.tsx";
import { StatusMark } from "../components/status.tsx";
import { formatDuration, formatMoney, shortId } from "../format.ts";
import { runsRoute } from "../router.tsx";
import { runFilterOf } from "../run-filter.ts";
import { waitText } from "../waits.ts";

/** Every run, newest first; the filters are the address. */
export function RunsPage() {
  const filter = runFilterOf(runsRoute.useSearch());
  const { data, error, isPending, ...more } = useInfiniteQuery(runPagesQuery(filter));
  const rows = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  useFollowingAtTop(filter);
  const isLive = data?.pages.length === 1;
  return (
    <>
      <PageTitle
        title="Runs"
        note={isLive || isPending ? "Newest first, as they happen" : "Newest first; new ones show at the top"}
        actions={<RunFilters />}
      />
      <Panel>
        {error ? <Problem error={error} /> : null}
        {isPending ? <Loading lines={20} /> : null}
        {rows.length > 0 ? <RunTable rows={rows} hasMore={more.hasNextPage} /> : null}
        {data && rows.length === 0 && !more.hasNextPage ? (
          <NoRuns isFiltered={Object.keys(filter).length > 0} />
        ) : null}
      </Panel>
      {more.hasNextPage ? <Older key={data?.pages.length} onNeeded={more.fetchNextPage} /> : null}
    </>
  );
}

/** At the top the list shows what happens again, which it cannot while older pages hang on it. */
function useFollowingAtTop(filter: RunFilter): void {
  const follow = useFollowNewest(filter);
  useEffect(() => {
    const onScroll = () => window.scrollY === 0 && follow();
    window.addEventListener("scroll", onScroll, { passive: true });
    return () => window.removeEventListener("scroll", onScroll);
  });
}

/** The end of what is there: the next page is asked for before anybody sees it. */
function Older({ onNeeded }: { onNeeded: () => void }) {
  const end = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!end.current) return;
    const seen = new IntersectionObserver(([entry]) => entry?.isIntersecting && onNeeded(), {
      rootMargin: "1200px",
    });
    seen.observe(end.current);
    return () => seen.disconnect();
  }, [onNeeded]);
  return (
    <button ref={end} type="button" onClick={onNeeded} className="mt-3 link">
      Older runs
    </button>
  );
}

const rowPx = 36;

const columns = [
  ["Run", "w-40"],
  ["Workflow", "w-44"],
  ["Status", "w-32"],
  ["What it waits for, or why it ended so", ""],
  ["Started", "w-32"],
  ["Took", "w-24 text-right"],
  ["Cost", "w-24 text-right"],
] as const;

function RunTable({ rows, hasMore }: { rows: readonly RunRow[]; hasMore: boolean }) {
  const { ref, from, to, abovePx, belowPx } = useRowsInView<HTMLTableSectionElement>(rows.length, rowPx);
  return (
    <div className="overflow-x-auto">
      <table
        className="w-full min-w-[60rem] table-fixed text-left"
        aria-rowcount={hasMore ? -1 : rows.length + 1}
      >
        <thead className="text-muted">
          <tr className="border-line border-b">
            {columns.map(([name, look]) => (
              <th key={name} scope="col" className={`truncate px-4 py-2 font-medium ${look}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={ref}>
          <Gap px={abovePx} />
          {rows.slice(from, to).map((row, index) => (
            <RunLine key={row.runId} row={row} position={from + index + 2} />
          ))}
          <Gap px={belowPx} />
        </tbody>
      </table>
    </div>
  );
}

function Gap({ px }: { px: number }) {
  if (px === 0) return null;
  return (
    <tr aria-hidden>
      <td colSpan={columns.length} className="p-0" style={{ height: px }} />
    </tr>
  );
}

const RunLine = memo(function RunLine({ row, position }: { row: RunRow; position: number }) {
  const cell = "truncate px-4";
  return (
    <tr aria-rowindex={position} className="border-line border-b hover:bg-raised" style={{ height: rowPx }}>
      <td className={cell}>
        <Link to="/runs/$id" params={{ id: row.runId }} className="font-mono link">
          {shortId(row.runId)}
        </Link>
      </td>
      <td className={cell}>{row.workflow}</td>
      <td className={cell}>
        <StatusMark status={row.status} />
      </td>
      <td className={`${cell} text-muted`}>{reasonOf(row)}</td>
      <td className={`${cell} text-muted`}>
        <Moment iso={row.startedAt} />
      </td>
      <td className={`${cell} text-right tabular-nums`}>
        <Took row={row} />
      </td>
      <td className={`${cell} text-right tabular-nums`}>{formatMoney(row.cost)}</td>
    </tr>
  );
});

function reasonOf({ waiting, error }: RunRow): string {
  return waiting ? waitText(waiting) : (error?.message ?? "");
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
