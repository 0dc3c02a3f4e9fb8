import type { RunFilter, RunRow, RunSearch } from "../../core/executor/index.ts";

export function indexed(newestFirst: readonly RunRow[], filter: RunFilter): readonly RunRow[] {
  const { workflow, status, batch, before, fromMs = 0, toMs = Number.POSITIVE_INFINITY } = filter;
  const start = before ? newestFirst.findIndex((run) => run.id === before) + 1 : 0;
  return newestFirst
    .slice(start)
    .filter((run) => !workflow || run.workflow === workflow)
    .filter((run) => !status || run.status === status)
    .filter((run) => !batch || run.batch === batch)
    .filter((run) => run.startedAt >= fromMs && run.startedAt < toMs);
}

export function isFound(run: RunRow, { tags = {}, text = "", costMinUsd, costMaxUsd }: RunSearch): boolean {
  const own: Readonly<Record<string, string>> = JSON.parse(run.tags);
  const words = [run.id, run.workflow, run.error ?? "", run.tags].map((each) => each.toLowerCase());
  return (
    Object.entries(tags).every(([name, value]) => own[name] === value) &&
    words.some((word) => word.includes(text.toLowerCase())) &&
    (costMinUsd === undefined || (run.costUsd !== null && run.costUsd >= costMinUsd)) &&
    (costMaxUsd === undefined || (run.costUsd !== null && run.costUsd <= costMaxUsd))
  );
}
