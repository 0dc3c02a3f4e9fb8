import {
  type ErasedRun,
  type ErasedStep,
  endStatus,
  type RunEvent,
  type RunStarted,
  type StepCompleted,
  type StepFailed,
  type StepWaited,
} from "../../core/executor/index.ts";
import type { JournalEvent } from "../../core/journal/index.ts";
import { type EventLog, LogBuilder } from "./log.ts";

// From the journal to an event log
// ================================
// A case is a run, or all runs with the same value of a tag. An event is a step that was done, or that failed
// for good; what was skipped, or copied from another run, was not done. Events are taken in order of position.
//
//   W1. The time of a step is split without rest: queue (a limit, another try, an answer that nobody took up
//       yet), human (asked until decided, paused until resumed), external (a moment, a signal, a child run);
//       what remains is service.
//   W2. What is unknown because its body is gone is counted and said, and never guessed.

export interface JournalLogOptions {
  /** What a case is: a run, or else the value of this tag. */
  readonly caseTag?: string | undefined;
  /** What an activity is: where the step stands in its workflow, or its kind. */
  readonly activity: "path" | "kind";
  /** Only runs of this workflow. */
  readonly workflow?: string | undefined;
  /** Only runs that began from this moment on, and before that one; milliseconds since 1970. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** What is known of a run whose start has lost its body. */
  readonly describe: (run: string) => RunFacts | undefined;
}

export type RunFacts = Pick<RunStarted, "workflow" | "tags"> & { readonly beganAt: number };

type Wait = "queueMs" | "humanMs" | "externalMs";
type Waits = Record<Wait, number>;

interface OpenWait {
  readonly as: Wait;
  readonly since: number;
  /** What is waited for then is there; from then on it is a queue. */
  readonly dueAt?: number | undefined;
  readonly review?: string | undefined;
}

interface StepState {
  readonly waits: Waits;
  open?: OpenWait;
  /** At the latest: results tell when the first try began that the engine still had in memory. */
  startedAt: number;
}

interface RunState {
  readonly caseIndex: number;
  readonly steps: Map<string, StepState>;
  /** What the run as a whole has waited for since its last step was done, and since when. */
  waits: Waits;
  waitsFrom: number;
  open?: OpenWait | undefined;
  /** Results without bodies. */
  bodiless: number;
  hasEnded: boolean;
}

/** A step that has ended, one way or the other. */
interface Done {
  readonly path: string;
  readonly kind: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly resource: string;
  readonly transition: "complete" | "ate_abort";
  readonly cost: number | undefined;
  readonly isSimulated?: boolean;
}

type Recorded = (RunEvent | { readonly type: "run.erased"; readonly data: ErasedRun }) & {
  readonly at: number;
};

/** Takes the events of the journal and makes an event log of them. Pure. */
export class JournalLog {
  readonly #options: JournalLogOptions;
  readonly #builder = new LogBuilder();
  readonly #runs = new Map<string, RunState>();
  /** When the reviews were decided whose answers their runs have not taken in yet; undefined: not yet. */
  readonly #decidedAt = new Map<string, number | undefined>();
  #unknown = 0;
  #untagged = 0;
  #copied = 0;
  #simulated = 0;
  /** Runs that took no effect: shadows and replays tell nothing of how work flows. */
  #besides = 0;

  constructor(options: JournalLogOptions) {
    this.#options = options;
  }

  add(event: JournalEvent): void {
    const { stream, type, at } = event;
    if (type === "review.decided") this.#decided(stream.slice("review/".length), at);
    if (!stream.startsWith("run/")) return;
    const id = stream.slice("run/".length);
    if (type === "run.started") this.#start(id, event);
    const run = this.#runs.get(id);
    if (!run) return;
    if (event.data !== null) this.#change(run, event as unknown as Recorded);
    else if (type === "step.completed" || type === "step.failed") run.bodiless += 1;
    if (!endStatus(type)) return;
    run.hasEnded = true;
    run.steps.clear();
  }

  build(): { readonly log: EventLog; readonly notes: readonly string[] } {
    const runs = [...this.#runs.values()];
    const bodiless = runs.reduce((sum, run) => sum + run.bodiless, 0);
    const going = runs.filter((run) => !run.hasEnded).length;
    const told = (count: number, one: string, many: string) =>
      count === 0 ? [] : [count === 1 ? `1 ${one}` : `${count} ${many}`];
    const notes = [
      ...told(
        this.#simulated,
        "result is SIMULATED, with its time and cost.",
        "results are SIMULATED, with their times and costs.",
      ),
      ...told(going, "run has not ended.", "runs have not ended."),
      ...told(this.#untagged, "run without the tag is left out.", "runs without the tag are left out."),
      ...told(
        this.#copied,
        "result is that of a run restarted from; it counts there.",
        "results are those of runs restarted from; they count there.",
      ),
      ...told(
        this.#besides,
        "run is left out: it had no effects, as a shadow or replay.",
        "runs are left out: they had no effects, as shadows or replays.",
      ),
      ...told(
        this.#unknown,
        "run is left out: its start was erased or pruned.",
        "runs are left out: their starts were erased or pruned.",
      ),
      ...told(
        bodiless,
        "step is left out: its body was erased.",
        "steps are left out: their bodies were erased.",
      ),
    ];
    return { log: this.#builder.build(), notes };
  }

  #start(id: string, { data, at }: JournalEvent): void {
    const started = data as unknown as RunStarted | null;
    const facts = started ? { ...started, beganAt: started.beganAt ?? at } : this.#options.describe(id);
    if (!facts) {
      this.#unknown += 1;
      return;
    }
    const { workflow = facts.workflow, fromMs = facts.beganAt, toMs, caseTag } = this.#options;
    if (facts.workflow !== workflow || facts.beganAt < fromMs || facts.beganAt >= (toMs ?? Infinity)) return;
    if (started?.effects !== undefined) {
      this.#besides += 1;
      return;
    }
    const tag = caseTag === undefined ? undefined : facts.tags?.[caseTag];
    if (caseTag !== undefined && tag === undefined) {
      this.#untagged += 1;
      return;
    }
    this.#runs.set(id, {
      caseIndex: tag === undefined ? this.#builder.newCase(id) : this.#builder.caseNamed(tag),
      steps: new Map(),
      waits: noWaits(),
      waitsFrom: Number.POSITIVE_INFINITY,
      ...(started?.queued ? { open: { as: "queueMs", since: at } } : {}),
      bodiless: 0,
      hasEnded: false,
    });
  }

  #change(run: RunState, event: Recorded): void {
    const { type, data, at } = event;
    switch (type) {
      case "step.completed":
        if (data.copied) this.#copied += 1;
        else this.#done(run, completed(data, at));
        break;
      case "step.failed":
        this.#done(run, failed(data, at));
        break;
      case "step.retried":
        begun(stepOf(run, data.path), at).waits.queueMs += Math.max(0, data.dueAt - at);
        break;
      case "step.started":
        begun(stepOf(run, data.path), at);
        break;
      case "step.waited":
        this.#wait(stepOf(run, data.path), data, at);
        break;
      case "run.suspended":
        if (data.waiting.for === "limit" || data.waiting.for === "switch")
          run.open = { as: "queueMs", since: at };
        break;
      case "run.paused":
        run.open = { as: "humanMs", since: at };
        break;
      case "run.admitted":
      case "run.woken":
      case "run.resumed":
        this.#goOn(run, at);
        break;
      case "run.undoing":
        if (data.end.status === "rejected") this.#rejected(run, data.end, at);
        break;
      case "run.rejected":
        this.#rejected(run, data, at);
        break;
      case "run.erased":
        run.bodiless = data.steps ? 0 : run.bodiless;
        for (const step of data.steps ?? []) this.#erased(run, step);
    }
  }

  #decided(review: string, at: number): void {
    if (this.#decidedAt.has(review)) this.#decidedAt.set(review, at);
  }

  /** The next step of the run that is done has waited as long as the run has. */
  #goOn(run: RunState, at: number): void {
    if (!run.open) return;
    run.waitsFrom = Math.min(run.waitsFrom, run.open.since);
    this.#close(run.waits, run.open, at);
    run.open = undefined;
  }

  #wait(step: StepState, { wait, startedAt }: StepWaited, at: number): void {
    if (step.open) this.#close(step.waits, step.open, at);
    const isReview = wait.for === "review";
    step.open = {
      as: isReview ? "humanMs" : "externalMs",
      since: at,
      ...(isReview ? { review: wait.key } : { dueAt: wait.dueAt }),
    };
    if (isReview && wait.key !== undefined) this.#decidedAt.set(wait.key, this.#decidedAt.get(wait.key));
    begun(step, startedAt);
  }

  /** Ends a wait: for as long as what was waited for was not there, and then as a queue. */
  #close(waits: Waits, { as, since, dueAt, review = "" }: OpenWait, at: number): void {
    const there = this.#decidedAt.get(review) ?? dueAt ?? at;
    this.#decidedAt.delete(review);
    const until = Math.min(at, Math.max(since, there));
    waits[as] += until - since;
    waits.queueMs += at - until;
  }

  #done(run: RunState, done: Done): void {
    const { path, kind, startedAt, endedAt, resource, transition, cost, isSimulated = false } = done;
    const step = stepOf(run, path);
    if (step.open) this.#close(step.waits, step.open, endedAt);
    run.steps.delete(path);
    const beganAt = Math.min(startedAt, step.startedAt, run.waitsFrom);
    let leftMs = endedAt - beganAt;
    // W1: a run that was paused while its step waited anyway has not waited twice.
    const wait = (name: Wait) => {
      const ms = Math.min(leftMs, step.waits[name] + run.waits[name]);
      leftMs -= ms;
      return ms > 0 ? { [name]: ms } : {};
    };
    this.#simulated += isSimulated ? 1 : 0;
    this.#builder.add(run.caseIndex, {
      activity: this.#options.activity === "path" ? path.replace(/\[\d+\]/g, "") : (kind ?? "unknown"),
      at: endedAt,
      startedAt: beganAt,
      resource,
      transition,
      ...wait("humanMs"),
      ...wait("externalMs"),
      ...wait("queueMs"),
      ...(cost === undefined ? {} : { cost }),
    });
    run.waits = noWaits();
    run.waitsFrom = Number.POSITIVE_INFINITY;
  }

  /** The person who rejects ends the run; no other event says that the step was done. */
  #rejected(run: RunState, { path, by }: { readonly path: string; readonly by: string }, at: number): void {
    const step = run.steps.get(path);
    if (!step?.open) return;
    const { startedAt } = step;
    const done = { path, kind: "human_review", startedAt, endedAt: at, cost: undefined } as const;
    this.#done(run, { ...done, resource: by, transition: "complete" });
  }

  /** What was told once more of a step whose words were not to be kept. */
  #erased(run: RunState, { path, kind, status, startedAt, endedAt, result, error }: ErasedStep): void {
    if (startedAt === null || endedAt === null || (status !== "completed" && status !== "failed")) return;
    const isReview = kind === "human_review";
    if (isReview) stepOf(run, path).waits.humanMs = endedAt - startedAt;
    const unnamed = isReview && endedAt > startedAt ? somebody : machine;
    this.#done(run, {
      path,
      kind,
      startedAt,
      endedAt,
      resource: typeof result?.model === "string" ? result.model : unnamed,
      transition: status === "completed" ? "complete" : "ate_abort",
      cost: costOf(result?.cost ?? error?.costUsd),
      isSimulated: result?.simulated === true,
    });
  }
}

/** Who did what nobody else is named for. */
const machine = "machine";
const somebody = "a reviewer";

function completed({ path, kind, startedAt, result, skippedBy }: StepCompleted, endedAt: number): Done {
  const { reviewer, model, cost, simulated } = result;
  const named = [skippedBy, reviewer, model].find((name) => typeof name === "string");
  const resource = typeof named === "string" ? named : machine;
  const done = { path, kind, startedAt, endedAt, resource, transition: "complete" } as const;
  return { ...done, cost: costOf(cost), isSimulated: simulated === true };
}

function failed({ path, kind, startedAt, error }: StepFailed, endedAt: number): Done {
  const cost = costOf(error.costUsd);
  return { path, kind, startedAt, endedAt, resource: machine, transition: "ate_abort", cost };
}

function costOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function stepOf(run: RunState, path: string): StepState {
  const step = run.steps.get(path) ?? { waits: noWaits(), startedAt: Number.POSITIVE_INFINITY };
  run.steps.set(path, step);
  return step;
}

function begun(step: StepState, at: number): StepState {
  step.startedAt = Math.min(step.startedAt, at);
  return step;
}

function noWaits(): Waits {
  return { queueMs: 0, humanMs: 0, externalMs: 0 };
}
