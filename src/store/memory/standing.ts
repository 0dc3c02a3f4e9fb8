import type { ReviewRow, RunRow, Standing } from "../../core/executor/index.ts";

/** What is open of these rows at a moment, in the order in which SQLite tells it. */
export function standingOf(all: readonly RunRow[], reviews: readonly ReviewRow[], nowMs: number): Standing {
  const runs = all.filter(({ shadowOf, endedAt }) => shadowOf === null && endedAt === null);
  const failed = runs.flatMap(({ id, workflow, status, error }) =>
    status === "paused" && error !== null ? [{ id, workflow, code: String(JSON.parse(error).code) }] : [],
  );
  const due = all.flatMap(({ dueAt }) => (dueAt !== null && dueAt <= nowMs ? [dueAt] : []));
  return {
    runs: grouped(runs, ({ workflow, status }) => [workflow, status]).map(
      ([{ workflow, status }, members]) => ({
        workflow,
        status,
        count: members.length,
      }),
    ),
    failures: grouped(failed, ({ workflow, code }) => [workflow, code]).map(
      ([{ workflow, code }, members]) => ({
        workflow,
        code,
        count: members.length,
        run:
          members
            .map(({ id }) => id)
            .toSorted()
            .at(-1) ?? "",
      }),
    ),
    reviews: grouped(
      reviews.filter(({ status }) => status === "open"),
      ({ workflow }) => [workflow],
    ).map(([{ workflow }, members]) => {
      const deadlines = members.flatMap(({ deadline }) => deadline ?? []);
      return {
        workflow,
        open: members.length,
        overdue: deadlines.filter((deadline) => deadline <= nowMs).length,
        deadline: least(deadlines),
      };
    }),
    due: { count: due.length, oldestAt: least(due) },
  };
}

/** Rows with the same key, in order of the keys; with the first of each group. */
function grouped<Row>(rows: readonly Row[], key: (row: Row) => readonly string[]): [Row, readonly Row[]][] {
  const groups = [...Map.groupBy(rows, (row) => JSON.stringify(key(row)))];
  return groups
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, members]) => members.slice(0, 1).map((first): [Row, readonly Row[]] => [first, members]));
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}
