import { type Clock, type ErrorRecord, FlyballError, type JsonObject } from "../base/index.ts";
import { type Append, EventDamaged, type Journal, type JournalEvent } from "../journal/index.ts";
import type { Uncaptured } from "../workflow/index.ts";
import { type EarlyEnd, type ErasedRun, endStatus, type RunStarted, type Undone } from "./events.ts";
import { keptStepsMax } from "./limits.ts";
import type { Release, Releases } from "./release.ts";
import { streamsOf } from "./retention.ts";
import type { ControlStore } from "./store.ts";
import { type RunView, type StepView, viewRun } from "./view.ts";

// What a workflow says shall not be kept is kept for as long as the run goes on, because recovery needs it.
// Then its bodies are erased like any other, so that header and digest stay in the chain; what can be told
// of a step without its words (when, by which model, for how much) is told once more, in `run.erased`.

export interface CaptureDeps {
  readonly journal: Journal;
  readonly control: ControlStore;
  readonly releases: Releases;
  readonly clock: Clock;
}

/** How a run's start says that something must go when it ends: all of it, or what its workflow names. */
export function captureOf({ definition }: Release): Pick<RunStarted, "capture"> {
  const capture = definition.type === "document" ? definition.workflow.document.capture : undefined;
  if (capture === undefined) return {};
  return { capture: capture === "off" ? "off" : "fields" };
}

/** Whether what a step of a run sees and answers is kept after the run's end. */
export function isCaptured({ capture }: RunStarted, { definition }: Release, path: string): boolean {
  if (capture === undefined) return true;
  if (capture === "off" || definition.type !== "document") return false;
  return !definition.workflow.uncaptured?.has(path);
}

/** One commit's worth: some tens of milliseconds, in which nothing else runs. */
const runsAtOnce = 20;
const policy = "capture off";
const keepTypes: ReadonlySet<string> = new Set(["run.erased"]);

/**
 * Erases what must not be kept of runs that ended so long ago that their callers have had their results.
 * Resolves with the number of runs. What a crash cuts off is done by the next owner.
 */
export async function eraseUncaptured(deps: CaptureDeps, graceMs: number): Promise<number> {
  const { control, clock, journal } = deps;
  const next = () => control.uncaptured(clock.now() - graceMs, runsAtOnce);
  let erased = 0;
  for (let runs = next(); runs.length > 0; runs = next()) {
    const plans = await Promise.all(runs.map((run) => planOf(deps, run)));
    const streams = plans.flatMap((plan) => plan.streams);
    const keep = new Set(plans.flatMap((plan) => plan.keep));
    await journal.erase({ streams, keepTypes, keep, policy, marks: plans.map(({ mark }) => mark) });
    erased += runs.length;
  }
  if (erased > 0) await journal.tidy();
  return erased;
}

interface ErasePlan {
  readonly streams: readonly string[];
  /** Positions in these streams whose bodies stay. */
  readonly keep: readonly number[];
  readonly mark: Append;
}

async function planOf(deps: CaptureDeps, run: string): Promise<ErasePlan> {
  const streams = await streamsOf(deps, [run]);
  const events = await readable(deps.journal, `run/${run}`);
  const rule = await ruleOf(deps, run, events);
  const keep = rule ? await keptOf(deps, { run, streams, rule }) : [];
  const kept = new Set(keep);
  const gone = events.filter(({ position }) => !kept.has(position));
  const data = erasedRun(viewRun(run, events), gone, rule ? 0 : 1);
  const marked = [{ type: "run.erased", data: data as unknown as JsonObject }];
  const mark = { stream: `run/${run}`, expectedSeq: null, actor: "engine", events: marked };
  return { streams, keep, mark };
}

/** What the workflow names; undefined where everything must go, or nobody knows any more what must. */
async function ruleOf(
  { control, releases }: CaptureDeps,
  run: string,
  [first]: readonly JournalEvent[],
): Promise<Uncaptured | undefined> {
  if (first?.data?.capture !== "fields") return undefined;
  try {
    const { definition } = await releases.load(control.run(run)?.release ?? "");
    return definition.type === "document" ? definition.workflow.uncaptured : undefined;
  } catch (error) {
    if (error instanceof FlyballError) return undefined;
    throw error;
  }
}

async function keptOf(
  { journal, control }: CaptureDeps,
  { run, streams, rule }: { run: string; streams: readonly string[]; rule: Uncaptured },
): Promise<readonly number[]> {
  const isKept = (stream: string, event: JournalEvent): boolean => {
    if (stream.startsWith("run/")) return !isGone(event, rule);
    if (stream.startsWith("outbox/")) return !rule.has(String(event.data?.path));
    // Commands have been taken in, and stand among the run's own events.
    if (!stream.startsWith("review/")) return false;
    return !rule.has(control.review(stream.slice("review/".length))?.path ?? run);
  };
  const kept = streams.map(async (stream) =>
    (await readable(journal, stream)).filter((event) => isKept(stream, event)),
  );
  return (await Promise.all(kept)).flat().map(({ position }) => position);
}

/** Whether an event of the run's own stream holds what must go. */
function isGone({ type, data }: JournalEvent, rule: Uncaptured): boolean {
  if (type === "run.started") return rule.input;
  // Whichever step received it, its own result says so.
  if (type === "run.signalled") return true;
  if (type === "run.completed") return rule.output;
  if (type === "step.skipped") return false;
  const {
    path,
    end,
    notUndone = [],
  } = (data ?? {}) as unknown as Partial<Undone> & {
    readonly path?: string | null;
    readonly end?: EarlyEnd;
  };
  // The error of a run that failed in no step is that of its output.
  if (type === "run.failed" && path === null) return rule.output;
  const paths = [path, end && "path" in end ? end.path : null, ...notUndone.map((each) => each.path)];
  return paths.some((each) => typeof each === "string" && rule.has(each));
}

/** What remains to be told of a run, of the steps that would otherwise be unknown now, and of its end. */
function erasedRun(view: RunView, gone: readonly JournalEvent[], level: 0 | 1): ErasedRun {
  const isEndGone = gone.some(({ type }) => endStatus(type));
  const lastOf = new Map(
    gone.flatMap(({ type, data, seq }) => (type.startsWith("step.") ? [[String(data?.path), seq]] : [])),
  );
  const steps = view.steps.flatMap((step) => {
    const seq = lastOf.get(step.path);
    return seq === undefined ? [] : [wordless(step, seq)];
  });
  return {
    level,
    policy,
    costUsd: view.costUsd,
    steps: steps.slice(0, keptStepsMax),
    ...(isEndGone && view.error ? { error: silent(view.error) } : {}),
  };
}

/** Of a result and its trace: names and numbers, no words that were sent or answered. */
const tellingOfResult = ["confidence", "model", "provider", "cost", "tokens", "latencyMs", "simulated"];
const tellingOfTrace = ["parameters", "promptVersion", "route", "attempts", "cache", "priceVersion"];

function wordless(step: StepView, seq: number): ErasedRun["steps"][number] {
  const { path, kind, status, attempts, startedAt, endedAt, result, trace, error, failures } = step;
  return {
    path,
    kind,
    status,
    attempts,
    startedAt,
    endedAt,
    seq,
    result: result && only(result, tellingOfResult),
    trace: trace && only(trace, tellingOfTrace),
    error: error && silent(error),
    failures: failures.map((failure) => ({ ...failure, error: silent(failure.error) })),
  };
}

function only(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)));
}

function silent({ code, retry }: ErrorRecord): ErrorRecord {
  return { code, message: "its words are not kept", ...(retry ? { retry } : {}) };
}

/** Of a damaged stream nobody knows what it holds, so all of it goes. */
async function readable(journal: Journal, stream: string): Promise<readonly JournalEvent[]> {
  try {
    return await journal.read(stream);
  } catch (error) {
    if (error instanceof EventDamaged) return [];
    throw error;
  }
}
