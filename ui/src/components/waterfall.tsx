import type { Run, Step } from "../api/runs.ts";
import { formatDuration } from "../format.ts";
import { useNow } from "./now.ts";
import { StatusMark } from "./status.tsx";

/** Steps in the order of their start, each with its share of the run's time: work full, waiting hatched. */
export function Waterfall({
  run,
  chosen,
  onChoose,
}: {
  run: Run;
  chosen: string | undefined;
  onChoose: (path: string) => void;
}) {
  const now = useNow();
  const startMs = Date.parse(run.startedAt);
  const endMs = Math.max(startMs + 1, run.endedAt ? Date.parse(run.endedAt) : latest(run, now));
  return (
    <ol className="max-h-[34rem] overflow-y-auto py-1">
      {run.steps.map((step) => (
        <li key={step.path} className="[contain-intrinsic-size:auto_2.25rem] [content-visibility:auto]">
          <button
            type="button"
            aria-current={step.path === chosen}
            onClick={() => onChoose(step.path)}
            className="grid w-full grid-cols-[minmax(0,1fr)_6.5rem] items-center gap-x-3 px-4 py-1.5 text-left hover:bg-raised aria-[current=true]:bg-raised sm:grid-cols-[minmax(0,14rem)_6.5rem_1fr_4.5rem]"
          >
            <span className="truncate">
              <span className="font-mono">{step.path}</span> <span className="text-muted">{step.kind}</span>
            </span>
            <StatusMark status={step.status} />
            <Bar step={step} startMs={startMs} spanMs={endMs - startMs} now={now} />
            <span className="hidden text-right text-muted tabular-nums sm:block">{lasted(step, now)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

/** A run that waits for days shall not shrink its steps to nothing: what counts is the last thing that happened. */
function latest(run: Run, now: number): number {
  if (run.status === "running") return now;
  return (
    Math.max(...run.steps.map((step) => Date.parse(step.endedAt ?? step.startedAt ?? run.startedAt))) + 1
  );
}

function Bar({ step, startMs, spanMs, now }: { step: Step; startMs: number; spanMs: number; now: number }) {
  if (!step.startedAt) return <span className="hidden sm:block" />;
  const from = Date.parse(step.startedAt) - startMs;
  const to = Math.min(spanMs, (step.endedAt ? Date.parse(step.endedAt) : now) - startMs);
  const left = Math.min(99, Math.max(0, (from / spanMs) * 100));
  const width = Math.max(0.75, Math.min(100 - left, ((to - from) / spanMs) * 100));
  const isWait = step.waiting !== null || step.kind === "human_review" || step.kind === "wait";
  return (
    <span aria-hidden className="hidden h-2.5 rounded bg-raised sm:block">
      <span
        className={`block h-full rounded ${step.status === "failed" ? "bg-bad" : isWait ? "bg-wait" : "bg-busy"}`}
        style={{ marginLeft: `${left}%`, width: `${width}%` }}
      />
    </span>
  );
}

function lasted(step: Step, now: number): string {
  if (!step.startedAt) return "";
  const endMs = step.endedAt ? Date.parse(step.endedAt) : now;
  return formatDuration(endMs - Date.parse(step.startedAt));
}
