import { useQuery } from "@tanstack/react-query";
import type { Run, Step } from "flyball/client";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { runEventsQuery } from "../api/runs.ts";
import { formatDuration } from "../format.ts";
import { type Span, timesOf, totalsOf, type Use, uses } from "../times.ts";
import { useNow } from "./now.ts";
import { useRowsInView } from "./rows-in-view.ts";
import { StatusMark } from "./status.tsx";

/** Steps in the order of their start, each with its share of the run's time; what it waited for stands apart. */
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
  const { data } = useQuery(runEventsQuery(run.runId));
  const times = useMemo(() => timesOf(data?.items ?? []), [data]);
  const [wanted, setWanted] = useState("");
  const steps = useMemo(() => found(run.steps, wanted), [run.steps, wanted]);
  const startMs = Date.parse(run.startedAt);
  const endMs = Math.max(startMs + 1, run.endedAt ? Date.parse(run.endedAt) : latest(run, now));
  const axis = { startMs, spanMs: endMs - startMs, now };
  const untilMs = run.endedAt ? endMs : now;
  const totals = useMemo(() => totalsOf(times, untilMs), [times, untilMs]);
  return (
    <>
      <Totals totals={totals} />
      {run.steps.length > findableFrom ? (
        <Find all={run.steps.length} found={steps.length} wanted={wanted} onChange={setWanted} />
      ) : null}
      <Lines steps={steps} chosen={chosen}>
        {(step) => (
          <button
            type="button"
            aria-current={step.path === chosen}
            onClick={() => onChoose(step.path)}
            className="grid h-full w-full grid-cols-[minmax(0,1fr)_6.5rem] items-center gap-x-3 px-4 text-left hover:bg-raised aria-[current=true]:bg-raised sm:grid-cols-[minmax(0,14rem)_6.5rem_1fr_6rem]"
          >
            <span className="truncate">
              <span className="font-mono">{step.path}</span> <span className="text-muted">{step.kind}</span>
            </span>
            <StatusMark status={step.status} />
            <Bar spans={times.steps.get(step.path) ?? []} axis={axis} isFailed={step.status === "failed"} />
            <span className="hidden whitespace-nowrap text-right text-muted tabular-nums sm:block">
              {lasted(step, now)}
            </span>
          </button>
        )}
      </Lines>
    </>
  );
}

/** With fewer steps than this, looking is quicker than typing. */
const findableFrom = 20;

/** Steps that have all the words in their path, kind or status. */
function found(steps: readonly Step[], wanted: string): readonly Step[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return steps;
  return steps.filter(({ path, kind, status }) => {
    const text = `${path} ${kind} ${status}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function Find({
  all,
  found,
  wanted,
  onChange,
}: {
  all: number;
  found: number;
  wanted: string;
  onChange: (wanted: string) => void;
}) {
  return (
    <label className="flex items-center gap-3 border-line border-b px-4 py-2">
      <span className="text-muted">Find a step</span>
      <input
        type="search"
        value={wanted}
        onChange={({ target }) => onChange(target.value)}
        placeholder="by path, kind or status"
        className="min-w-0 flex-1 rounded-md border border-line bg-panel px-2 py-1"
      />
      <output className="text-muted tabular-nums">{wanted ? `${found} of ${all}` : `${all} steps`}</output>
    </label>
  );
}

const rowPx = 32;

/** The lines that are seen, of however many there are; the chosen one is brought into view. */
function Lines({
  steps,
  chosen,
  children,
}: {
  steps: readonly Step[];
  chosen: string | undefined;
  children: (step: Step) => ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  const { ref, from, to, abovePx, belowPx } = useRowsInView<HTMLOListElement>(steps.length, rowPx);
  const index = steps.findIndex(({ path }) => path === chosen);
  useEffect(() => {
    if (!box.current || index < 0) return;
    const { scrollTop, clientHeight } = box.current;
    const isSeen = index * rowPx >= scrollTop && (index + 1) * rowPx <= scrollTop + clientHeight;
    if (!isSeen) box.current.scrollTop = index * rowPx - clientHeight / 2;
  }, [index]);
  return (
    <div ref={box} className="my-1 max-h-[34rem] overflow-y-auto">
      <ol ref={ref} style={{ paddingTop: abovePx, paddingBottom: belowPx }}>
        {steps.slice(from, to).map((step, offset) => (
          <li
            key={step.path}
            aria-setsize={steps.length}
            aria-posinset={from + offset + 1}
            style={{ height: rowPx }}
          >
            {children(step)}
          </li>
        ))}
      </ol>
    </div>
  );
}

const looks: Readonly<Record<Use, readonly [colour: string, name: string]>> = {
  work: ["bg-busy", "at work"],
  queue: ["bg-warn hatched", "in the queue"],
  person: ["bg-wait hatched", "with people"],
  wait: ["bg-muted hatched", "other waits"],
};

/** Where the time went: also what the colours of the bars mean. */
function Totals({ totals }: { totals: Readonly<Record<Use, number>> }) {
  return (
    <dl
      className="flex flex-wrap gap-x-5 gap-y-1 border-line border-b px-4 py-2"
      aria-label="Where the time went"
    >
      {uses.map((use) => (
        <div key={use} className="flex items-center gap-1.5">
          <dt className="flex items-center gap-1.5 text-muted">
            <span aria-hidden className={`size-3 rounded-sm ${looks[use][0]}`} />
            {looks[use][1]}
          </dt>
          <dd className="tabular-nums">{formatDuration(totals[use])}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A run that waits for days shall not shrink its steps to nothing: what counts is the last thing that happened. */
function latest(run: Run, now: number): number {
  if (run.status === "running") return now;
  return (
    Math.max(...run.steps.map((step) => Date.parse(step.endedAt ?? step.startedAt ?? run.startedAt))) + 1
  );
}

interface Axis {
  readonly startMs: number;
  readonly spanMs: number;
  readonly now: number;
}

function Bar({ spans, axis, isFailed }: { spans: readonly Span[]; axis: Axis; isFailed: boolean }) {
  return (
    <span aria-hidden className="relative hidden h-2.5 overflow-hidden rounded bg-line sm:block">
      {spans.map(({ use, fromMs, toMs }) => {
        const { startMs, spanMs, now } = axis;
        const left = Math.min(99, Math.max(0, ((fromMs - startMs) / spanMs) * 100));
        const width = Math.max(0.75, Math.min(100 - left, (((toMs ?? now) - fromMs) / spanMs) * 100));
        return (
          <span
            key={`${fromMs} ${use}`}
            className={`absolute h-full ${isFailed && use === "work" ? "bg-bad" : looks[use][0]}`}
            style={{ left: `${left}%`, width: `${width}%` }}
          />
        );
      })}
    </span>
  );
}

function lasted(step: Step, now: number): string {
  if (!step.startedAt) return "";
  const endMs = step.endedAt ? Date.parse(step.endedAt) : now;
  return formatDuration(endMs - Date.parse(step.startedAt));
}
