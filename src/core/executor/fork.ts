import type { ErrorRecord } from "../base/index.ts";
import type { JournalEvent, NewEvent } from "../journal/index.ts";
import { RunErased, RunNotFinal, StepNotFound, StepsUndone } from "./errors.ts";
import {
  endStatus,
  isFinal,
  type RunEvent,
  type RunStarted,
  type StepCompleted,
  type StepFailed,
  type StepStarted,
  toNewEvents,
  type Undone,
} from "./events.ts";
import { fits, replayEvent } from "./replay.ts";
import type { Run } from "./run.ts";
import type { RunRow } from "./store.ts";

/** A run that has ended, and the step from which a new one shall go on. */
export interface ForkSource {
  readonly row: RunRow;
  readonly events: readonly JournalEvent[];
  readonly from: string;
}

/** The start of the run that is forked. Throws when it cannot be. */
export function forkedStart({ row, events, from }: ForkSource): RunStarted {
  if (!isFinal(row.status)) throw new RunNotFinal(row.id, row.status);
  const started = events[0]?.data as unknown as RunStarted | undefined;
  if (!started || events.some(({ type, data }) => type.startsWith("step.") && !data))
    throw new RunErased(row.id);
  const paths = new Set(events.flatMap(({ data }) => (typeof data?.path === "string" ? [data.path] : [])));
  if (![...paths].some((path) => isWithin(path, from)))
    throw new StepNotFound(row.id, from, [...paths].filter(isStepPath));
  const { workflow, version, release, input, tags, expected, effects, shadowOf, capture } = started;
  return {
    workflow,
    version,
    release,
    input,
    ...(tags ? { tags } : {}),
    ...(expected === undefined ? {} : { expected }),
    // A shadow stays one; but a run that was helped along is no fair sample of a rollout, so it is in none.
    ...(effects ? { effects } : {}),
    ...(shadowOf ? { shadowOf } : {}),
    // As a child it may be bound to keep nothing, whatever its own workflow says.
    ...(capture === "off" ? { capture } : {}),
    queued: true,
  };
}

/**
 * What the new run takes over: the results of the steps that do not come after `from`. `run` stands at
 * its start and is told each of them; what it does not come to without the step is left out, and so is,
 * in a new release, a step that is not what it was. Throws `StepsUndone` when an effect that a result
 * stands for has been taken back.
 */
export async function takenOver(
  run: Run,
  { row, events, from }: ForkSource,
  isSameRelease: boolean,
): Promise<readonly NewEvent[]> {
  const taken: RunEvent[] = [{ type: "run.forked", data: { of: row.id, from } }];
  for (const event of events) {
    const copy = isWithin(String(event.data?.path ?? ""), from) ? undefined : copyOf(event);
    const step = copy && run.active.get(copy.data.path);
    if (!copy || !step) continue;
    if (copy.type === "step.completed" && !isSameRelease && !fits(run, step, copy.data)) continue;
    taken.push(copy);
    const skipped = await replayEvent(run, copy.type, copy.data as never);
    for (const path of skipped ?? []) taken.push({ type: "step.skipped", data: { path } });
  }
  refuseUndone(row.id, taken, events);
  return toNewEvents(taken);
}

type Copied = Extract<RunEvent, { type: "step.started" | "step.completed" | "step.failed" }>;

function copyOf({ type, data }: JournalEvent): Copied | undefined {
  if (type === "step.started") {
    const { rates: _, ...started } = data as unknown as StepStarted;
    return started.undo ? { type, data: started } : undefined;
  }
  if (type === "step.failed") {
    const { command: _, ...failed } = data as unknown as StepFailed;
    const { fallbackFor } = failed;
    const paid = {
      error: paidFor(failed.error),
      ...(fallbackFor ? { fallbackFor: paidFor(fallbackFor) } : {}),
    };
    return { type, data: { ...failed, ...paid } };
  }
  if (type !== "step.completed") return undefined;
  const { command: _, ...completed } = data as unknown as StepCompleted;
  return { type, data: { ...completed, copied: true } };
}

/** The run that it is copied from has paid for the attempt. */
function paidFor({ costUsd: _, ...error }: ErrorRecord): ErrorRecord {
  return error;
}

function refuseUndone(id: string, taken: readonly RunEvent[], events: readonly JournalEvent[]): void {
  const end = events.find(({ type }) => endStatus(type));
  const { undone = [] } = (end?.data ?? {}) as unknown as Partial<Undone>;
  const kept = taken.flatMap((event) => (event.type === "step.completed" ? [event.data.path] : []));
  const lost = kept.filter((path) => undone.includes(path));
  if (lost.length > 0) throw new StepsUndone(id, lost);
}

/** The step itself, and what is inside it. */
function isWithin(path: string, from: string): boolean {
  return path === from || path.startsWith(`${from}.`) || path.startsWith(`${from}[`);
}

function isStepPath(path: string): boolean {
  return path !== "" && !path.endsWith(".undo");
}
