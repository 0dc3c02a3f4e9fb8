import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RunRow } from "flyball/client";
import { useEffect, useMemo, useRef } from "react";
import { type RunFilter, runPagesQuery, useFollowNewest } from "../api/runs.ts";
import { Command, Empty, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { type LongColumn, LongTable } from "../components/long-table.tsx";
import { RunFilters } from "../components/run-filters.tsx";
import { StatusMark } from "../components/status.tsx";
import { Took } from "../components/took.tsx";
import { formatMoney, shortId } from "../format.ts";
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
        {rows.length > 0 ? (
          <div className="overflow-x-auto">
            <LongTable
              columns={columns}
              rows={rows}
              keyOf={({ runId }) => runId}
              hasMore={more.hasNextPage}
            />
          </div>
        ) : null}
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

const columns: readonly LongColumn<RunRow>[] = [
  {
    name: "Run",
    look: "w-40",
    cell: ({ runId }) => (
      <Link to="/runs/$id" params={{ id: runId }} className="font-mono link">
        {shortId(runId)}
      </Link>
    ),
  },
  { name: "Workflow", look: "w-44", cell: ({ workflow }) => workflow },
  { name: "Status", look: "w-40", cell: ({ status }) => <StatusMark status={status} /> },
  {
    name: "Why it waits, or ended so",
    cell: (row) => <span className="text-muted">{reasonOf(row)}</span>,
  },
  {
    name: "Started",
    look: "w-32",
    cell: ({ startedAt }) => (
      <span className="text-muted">
        <Moment iso={startedAt} />
      </span>
    ),
  },
  { name: "Took", look: "w-32 text-right tabular-nums", cell: (row) => <Took row={row} /> },
  { name: "Cost", look: "w-32 text-right tabular-nums", cell: ({ cost }) => formatMoney(cost) },
];

function reasonOf({ waiting, error }: RunRow): string {
  return waiting ? waitText(waiting) : (error?.message ?? "");
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
