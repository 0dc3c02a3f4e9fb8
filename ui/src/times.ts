import type { Event } from "flyball/client";

/** What a stretch of time went into: work, a place in the queue, a person's answer, or anything else waited for. */
export const uses = ["work", "queue", "person", "wait"] as const;
export type Use = (typeof uses)[number];

export interface Span {
  readonly use: Use;
  readonly fromMs: number;
  /** Null while it goes on. */
  readonly toMs: number | null;
}

export interface RunTimes {
  /** Of the run as a whole: before its turn, while paused. */
  readonly run: readonly Span[];
  readonly steps: ReadonlyMap<string, readonly Span[]>;
}

type Mark = readonly [fromMs: number, use: Use | null];

/** Where a run's time went, as its events tell it. Pure. */
export function timesOf(events: readonly Event[]): RunTimes {
  const run: Mark[] = [];
  const steps = new Map<string, Mark[]>();
  for (const event of events) {
    const mark = runMark(event);
    if (mark) run.push(mark);
    const path = event.data?.path;
    if (!event.type.startsWith("step.") || typeof path !== "string") continue;
    const before = steps.get(path) ?? [];
    steps.set(path, stepMarks(before, event));
  }
  const end = events.find(({ type }) => finals.has(type))?.at;
  return {
    run: spansOf(run, end),
    steps: new Map([...steps].map(([path, marks]) => [path, spansOf(marks, end)])),
  };
}

/** Milliseconds by use, no moment counted twice however many steps shared it; what counts most comes first. */
export function totalsOf(times: RunTimes, nowMs: number): Readonly<Record<Use, number>> {
  const spans = [...times.run, ...[...times.steps.values()].flat()];
  const counted: [number, number][] = [];
  const totals = { work: 0, queue: 0, person: 0, wait: 0 };
  let before = 0;
  for (const use of uses) {
    for (const span of spans) if (span.use === use) counted.push([span.fromMs, span.toMs ?? nowMs]);
    const sum = covered(counted);
    totals[use] = sum - before;
    before = sum;
  }
  return totals;
}

const finals = new Set(
  ["completed", "failed", "rejected", "cancelled", "expired"].map((end) => `run.${end}`),
);

function runMark({ type, at, data }: Event): Mark | undefined {
  const waitsFor = (data?.waiting as { for?: string } | undefined)?.for ?? "";
  switch (type) {
    case "run.started":
      return data?.queued === true ? [at, "queue"] : undefined;
    case "run.suspended":
      return ["limit", "switch"].includes(waitsFor) ? [at, "queue"] : undefined;
    case "run.paused":
      return [at, "person"];
    case "run.admitted":
    case "run.woken":
    case "run.resumed":
      return [at, null];
    default:
      return undefined;
  }
}

function stepMarks(before: readonly Mark[], { type, at, data }: Event): Mark[] {
  const startedAt = typeof data?.startedAt === "number" ? data.startedAt : undefined;
  const begun: Mark[] = startedAt === undefined || before.length > 0 ? [...before] : [[startedAt, "work"]];
  switch (type) {
    case "step.started":
      return [...begun, [at, "work"]];
    case "step.retried":
      return [...begun, [at, "wait"], [Number(data?.dueAt), "work"]];
    case "step.waited":
      return [...begun, [at, (data?.wait as { for?: string })?.for === "review" ? "person" : "wait"]];
    case "step.completed":
    case "step.failed": {
      const isLate = startedAt !== undefined && startedAt < (begun[0]?.[0] ?? at);
      return [...(isLate ? [[startedAt, "work"] as const] : []), ...begun, [at, null]];
    }
    default:
      return begun;
  }
}

function spansOf(marks: readonly Mark[], endMs: number | undefined): readonly Span[] {
  return marks.flatMap(([fromMs, use], index) => {
    const toMs = marks[index + 1]?.[0] ?? endMs ?? null;
    return use === null || (toMs !== null && toMs < fromMs) ? [] : [{ use, fromMs, toMs }];
  });
}

function covered(intervals: readonly (readonly [number, number])[]): number {
  let [sum, end] = [0, Number.NEGATIVE_INFINITY];
  for (const [from, to] of [...intervals].sort((a, b) => a[0] - b[0])) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}
