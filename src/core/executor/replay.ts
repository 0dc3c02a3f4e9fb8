import { assert, type ErrorRecord, FlyballError, type JsonObject } from "../base/index.ts";
import type { JournalEvent } from "../journal/index.ts";
import { JournalMismatch, ProgramStuck } from "./errors.ts";
import {
  type EarlyEnd,
  endStatus,
  type StepCompleted,
  type StepFailed,
  type StepRetried,
  type StepStarted,
  type StepWaited,
} from "./events.ts";
import {
  type ActiveStep,
  begin,
  insteadOf,
  noteFailure,
  prepare,
  type Run,
  resumeFailed,
  toleratedTurn,
  turnToFallback,
} from "./run.ts";

/**
 * Brings a run to where its journal ends. Replay performs no I/O and starts nothing; what does not fit
 * throws `JournalMismatch` before any effect.
 */
export async function replay(run: Run, events: readonly JournalEvent[]): Promise<void> {
  try {
    await replayAll(run, events);
  } catch (error) {
    run.close();
    throw error;
  }
}

async function replayAll(run: Run, events: readonly JournalEvent[]): Promise<void> {
  await run.begin();
  for (const event of events) {
    run.seq = event.seq;
    if (event.type === "run.started" || event.type === "run.erased") continue;
    assert(event.data, `event ${event.seq} of run ${run.id} has been erased, and the run is not final`);
    await replayEvent(run, event.type, event.data);
    if (run.stuck) throw new ProgramStuck(run.stuck);
  }
  run.abandonedWaits.length = 0;
}

/** Takes in one recorded event; the paths that it skips. */
export async function replayEvent(
  run: Run,
  type: string,
  data: JsonObject,
): Promise<readonly string[] | undefined> {
  switch (type) {
    case "step.completed":
      return replayCompleted(run, data as unknown as StepCompleted);
    case "step.failed":
      return replayFailed(run, data as unknown as StepFailed);
    default:
      replayOther(run, type, data);
      return undefined;
  }
}

function replayOther(run: Run, type: string, data: JsonObject): void {
  switch (type) {
    case "step.started":
      return replayStarted(run, data as unknown as StepStarted);
    case "step.retried":
      return replayRetried(run, data as unknown as StepRetried);
    case "step.waited":
      return replayWaited(run, data as unknown as StepWaited);
    case "step.skipped": {
      const place = run.skippedAtStart.indexOf(String(data.path));
      if (place >= 0) run.skippedAtStart.splice(place, 1);
      return;
    }
    case "run.signalled":
      run.signals.push({ command: String(data.command), event: String(data.event), data: data.data ?? null });
      run.waits += 1;
      return;
    case "run.undoing":
      run.beginUndo((data as unknown as { end: EarlyEnd }).end);
      return;
    case "run.paused":
      run.status = "paused";
      return;
    case "run.resumed":
      return resumeFailed(run);
    default: {
      const status = endStatus(type);
      if (status) run.status = status;
    }
  }
}

async function replayCompleted(run: Run, done: StepCompleted): Promise<readonly string[]> {
  const step = known(run, done.path);
  if (!done.skippedBy && !done.copied) checkFits(run, step, done);
  if (done.command) run.consume(done.command);
  return run.settle(done.path, done.result, done.copied);
}

function replayStarted(run: Run, { path }: StepStarted): void {
  const step = known(run, path);
  begin(run, step);
  // It was put off before, and its time has come: what is lost now is this execution.
  Object.assign(step, { phase: "ready", dueAt: null, lost: true });
}

function replayRetried(run: Run, retried: StepRetried): void {
  const step = known(run, retried.path);
  meetFallback(run, step, retried.fallbackFor);
  run.costUsd += retried.error.costUsd ?? 0;
  noteFailure(step, retried.error);
  step.startedAt ??= retried.startedAt ?? null;
  // What it waited for still stands, and the answer is still in the inbox: it is answered again.
  if (step.wait) Object.assign(step, { phase: "waiting", dueAt: step.wait.dueAt ?? null });
  else Object.assign(step, { phase: "backoff", attempts: retried.attempt, dueAt: retried.dueAt });
  run.waits += 1;
}

function replayWaited(run: Run, waited: StepWaited): void {
  const { path, wait, startedAt, command } = waited;
  const step = known(run, path);
  checkFits(run, step, waited);
  if (command) run.consume(command);
  Object.assign(step, {
    phase: "waiting",
    wait,
    startedAt,
    attempts: 0,
    dueAt: wait.dueAt ?? null,
    lost: false,
  });
  run.waits += 1;
}

/** The step is the same as when this was recorded: kind and inputs. */
function checkFits(run: Run, step: ActiveStep, recorded: StepCompleted | StepWaited): void {
  const { path, kind, inputDigest, fallbackFor } = recorded;
  meetFallback(run, step, fallbackFor);
  if (step.work?.kind.name !== kind)
    throw new JournalMismatch(path, `it was a ${kind} and is a ${step.work?.kind.name ?? "block"} now`);
  if (inputDigestOf(step, path) !== inputDigest) throw new JournalMismatch(path, "it has other inputs now");
}

/** Whether a recorded result can stand for the step as it is now. */
export function fits(run: Run, step: ActiveStep, recorded: StepCompleted): boolean {
  try {
    checkFits(run, step, recorded);
    return true;
  } catch (error) {
    if (!(error instanceof FlyballError)) throw error;
    return false;
  }
}

function meetFallback(run: Run, step: ActiveStep, failure: ErrorRecord | undefined): void {
  const fallback = failure && insteadOf(step, failure);
  if (!fallback || step.work === fallback) return;
  run.costUsd += failure.costUsd ?? 0;
  turnToFallback(step, fallback, failure);
}

function inputDigestOf(step: ActiveStep, path: string): string {
  try {
    prepare(step);
    return step.inputDigest;
  } catch (error) {
    if (!(error instanceof FlyballError)) throw error;
    throw new JournalMismatch(path, `its inputs can no longer be made (${error.message})`);
  }
}

async function replayFailed(run: Run, failed: StepFailed): Promise<readonly string[]> {
  const step = known(run, failed.path);
  meetFallback(run, step, failed.fallbackFor);
  run.costUsd += failed.error.costUsd ?? 0;
  if (failed.command) run.consume(failed.command);
  if (!failed.inDoubt) run.owed.delete(failed.path);
  const turn = toleratedTurn(run, step, failed.error);
  if (turn) {
    run.active.delete(failed.path);
    return run.apply(await turn);
  }
  Object.assign(step, {
    phase: "failed",
    failure: failed.error,
    attempts: failed.attempts,
    wait: null,
    lost: false,
  });
  return [];
}

function known(run: Run, path: string): ActiveStep {
  const step = run.active.get(path);
  if (!step) throw new JournalMismatch(path, "the workflow does not come to it at this point");
  return step;
}
