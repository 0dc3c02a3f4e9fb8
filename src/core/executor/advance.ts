import {
  type Clock,
  derivedId,
  type ErrorRecord,
  errorRecord,
  FlyballError,
  type Json,
  type Random,
} from "../base/index.ts";
import type { Journal } from "../journal/index.ts";
import type { RetryPolicy, StepOutcome, WaitRequest } from "../workflow/index.ts";
import { type AttemptOptions, beginAttempt, type StepAttempt } from "./attempt.ts";
import { giveUpWait, type RunEnd, recordEnd } from "./end.ts";
import type { Waiting } from "./events.ts";
import { takeCommands } from "./inbox.ts";
import { waitInMemoryMsMax } from "./limits.ts";
import type { Mailbox, Message } from "./mailbox.ts";
import { Record } from "./record.ts";
import { checkInput, type Releases } from "./release.ts";
import { type ActiveStep, type Run, turnToFallback } from "./run.ts";
import type { ControlStore } from "./store.ts";

// Advance
// =======
// Takes one run from where its journal ends to its next stopping point.
//
// Invariants
//   X1. A step's result is on disk before any step that follows from it starts.
//   X2. Only the owner of the run appends to it; a stale append ends this process's work on it.
//   X3. Replay performs no I/O: the first effect happens after the last recorded event is taken in.
//   X4. The last result and the end of the run share one commit.
//   X5. A result is taken once: an attempt that timed out or was abandoned can say nothing any more.
//   X6. A command leaves the inbox in the commit that holds what came of it.

export interface AdvanceDeps {
  readonly journal: Journal;
  readonly control: ControlStore;
  readonly releases: Releases;
  readonly clock: Clock;
  /** For the jitter of retries; what was drawn is recorded. */
  readonly random: Random;
  /** True while the engine shuts down: nothing new starts, what is under way may end. */
  isDraining(): boolean;
  wake(run: string): void;
}

/** Resolves when the run is final, waiting or paused, or when the engine drains. */
export async function advance(run: Run, mailbox: Mailbox, deps: AdvanceDeps): Promise<void> {
  const course = new Course(run, mailbox, deps);
  for (;;) {
    course.takeCommands();
    course.wakeSteps();
    course.launchReady();
    if (course.hasMessages) await course.takeMessages();
    if (course.hasNews) {
      await course.commit();
      if (course.isOver) return;
    } else if (course.isIdle) return course.park();
    else await course.nextMessage();
  }
}

class Course {
  readonly #run: Run;
  readonly #mailbox: Mailbox;
  readonly #deps: AdvanceDeps;
  readonly #record: Record;
  readonly #attempts: AttemptOptions;
  #end: RunEnd | undefined;

  constructor(run: Run, mailbox: Mailbox, deps: AdvanceDeps) {
    this.#run = run;
    this.#mailbox = mailbox;
    this.#deps = deps;
    this.#record = new Record(run);
    this.#attempts = {
      clock: deps.clock,
      effects: "live",
      onOutcome: (attempt, outcome) => mailbox.put({ type: "outcome", attempt, outcome }),
      onError: (attempt, error) => mailbox.put({ type: "error", attempt, error }),
    };
    for (const path of run.skippedAtStart.splice(0))
      this.#record.add({ type: "step.skipped", data: { path } });
    if (run.ended) this.#finish(run.ended);
    if (run.status !== "waiting") return;
    run.status = "running";
    this.#record.add({ type: "run.woken", data: { by: "engine" } });
  }

  get hasMessages(): boolean {
    return this.#mailbox.hasMessages;
  }

  get hasNews(): boolean {
    return this.#end !== undefined || !this.#record.isEmpty;
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Nothing is under way, and nothing falls due so soon that it is worth staying in memory. */
  get isIdle(): boolean {
    const phases = new Set([...this.#run.active.values()].map((step) => step.phase));
    if (phases.has("executing")) return false;
    if (this.#deps.isDraining()) return true;
    if (phases.has("ready")) return false;
    const dueAt = this.#nextDueAt();
    return phases.has("failed") || dueAt === undefined || dueAt - this.#deps.clock.now() > waitInMemoryMsMax;
  }

  takeCommands(): void {
    if (!this.#mailbox.takeBell()) return;
    const cancelled = takeCommands(this.#run, this.#deps.control, this.#record, this.#mailbox);
    if (cancelled) this.#end = cancelled;
  }

  /** Steps whose time has come, or whose signal is there. */
  wakeSteps(): void {
    if (this.#run.waits === 0) return;
    const now = this.#deps.clock.now();
    for (const step of this.#run.active.values()) {
      const due = step.dueAt !== null && step.dueAt <= now;
      if (step.phase === "backoff" && due) step.phase = "ready";
      if (step.phase !== "waiting") continue;
      const signal = step.wait?.for === "event" ? this.#run.signalFor(step.wait.key) : undefined;
      if (!signal && !due) continue;
      step.woken = signal ? { by: "event", data: signal.data } : { by: "time" };
      step.command = signal?.command ?? null;
      if (signal) this.#run.consume(signal.command);
      step.phase = "ready";
    }
  }

  launchReady(): void {
    if (this.#end || this.#deps.isDraining()) return;
    for (const step of this.#run.active.values()) {
      if (step.phase !== "ready") continue;
      const announce = step.work?.kind.runsUserCode && !step.announced;
      if (announce) this.#mailbox.put({ type: "announce", step });
      else beginAttempt(this.#run, step, this.#attempts);
    }
  }

  async takeMessages(): Promise<void> {
    for (const message of this.#mailbox.takeAll()) {
      if (this.#end) return;
      const pending = this.#take(message);
      if (pending) await pending;
      if (this.#run.ended && !this.#end) this.#finish(this.#run.ended);
    }
  }

  #take(message: Message): Promise<void> | void {
    switch (message.type) {
      case "outcome":
        return this.#isCurrent(message.attempt)
          ? this.#takeOutcome(message.attempt.step, message.outcome)
          : undefined;
      case "error":
        return this.#isCurrent(message.attempt)
          ? this.#takeError(message.attempt.step, message.error)
          : undefined;
      case "announce":
        return this.#announce(message.step);
      case "skip":
        return this.#takeSkip(message);
    }
  }

  /** X5: the step still waits for this very attempt. */
  #isCurrent(attempt: StepAttempt): boolean {
    return attempt.step.attempt === attempt && this.#run.active.get(attempt.path) === attempt.step;
  }

  #announce(step: ActiveStep): void {
    step.announced = true;
    const kind = step.work?.kind.name ?? "";
    const data = {
      path: step.activation.path,
      kind,
      inputDigest: step.inputDigest,
      attempt: step.attempts + 1,
    };
    this.#record.add({ type: "step.started", data });
  }

  #takeOutcome(step: ActiveStep, outcome: StepOutcome): Promise<void> | void {
    this.#record.facts(outcome.facts);
    if ("result" in outcome) return this.#complete(step, outcome.result);
    if ("wait" in outcome) return this.#beginWait(step, outcome.wait);
    const { by, comment } = outcome.rejected;
    const { command } = step;
    step.wait = null;
    this.#end = {
      status: "rejected",
      path: step.activation.path,
      by,
      comment,
      ...(command ? { command } : {}),
    };
  }

  #complete(step: ActiveStep, result: { readonly value: Json }): Promise<void> | void {
    const { command } = step;
    const data = {
      path: step.activation.path,
      kind: step.work?.kind.name ?? "",
      startedAt: step.startedAt ?? 0,
      attempts: step.attempts,
      inputDigest: step.inputDigest,
      result,
    };
    const fallback = step.failure ? { fallbackFor: step.failure } : undefined;
    const taken = command ? { command } : undefined;
    this.#record.add({
      type: "step.completed",
      data: fallback || taken ? { ...data, ...fallback, ...taken } : data,
    });
    return this.#settle(step, result);
  }

  /** Only a flow's code answers with a promise; a document goes on in the same turn. */
  #settle(step: ActiveStep, result: { readonly value: Json }): Promise<void> | void {
    const skipped = this.#run.settle(step.activation.path, result);
    if (skipped instanceof Promise) return skipped.then((paths) => this.#recordTurn(paths));
    this.#recordTurn(skipped);
  }

  /** What followed from a settlement beside new steps: skipped ones, and waits that were given up. */
  #recordTurn(skipped: readonly string[]): void {
    for (const path of skipped) this.#record.add({ type: "step.skipped", data: { path } });
    if (this.#run.abandonedWaits.length === 0) return;
    for (const wait of this.#run.abandonedWaits.splice(0))
      giveUpWait(wait, "another step of its item failed", this.#record, this.#deps.control);
  }

  #takeSkip({ step, value, by, command }: Extract<Message, { type: "skip" }>): Promise<void> | void {
    const { path, work } = step.activation;
    const data = {
      path,
      kind: work?.kind.name ?? "block",
      startedAt: step.startedAt ?? this.#deps.clock.now(),
      attempts: step.attempts,
      inputDigest: "",
      result: { value },
      skippedBy: by,
      command,
    };
    this.#record.add({ type: "step.completed", data });
    return this.#settle(step, data.result);
  }

  async #beginWait(step: ActiveStep, request: WaitRequest): Promise<void> {
    const { path } = step.activation;
    let key = request.key;
    if (request.child) {
      try {
        key = await this.#startChild(path, request.child);
      } catch (error) {
        return this.#takeError(step, error);
      }
    }
    const { for: what, dueAt, deadline } = request;
    const wait = {
      for: what,
      ...(key ? { key } : {}),
      ...(dueAt ? { dueAt } : {}),
      ...(deadline ? { deadline } : {}),
    };
    const { inputDigest, startedAt, failure, command } = step;
    Object.assign(step, {
      phase: "waiting",
      wait,
      dueAt: dueAt ?? null,
      woken: null,
      command: null,
      attempts: 0,
    });
    this.#run.waits += 1;
    const kind = step.work?.kind.name ?? "";
    const optional = { ...(failure ? { fallbackFor: failure } : {}), ...(command ? { command } : {}) };
    this.#record.add({
      type: "step.waited",
      data: { path, kind, startedAt: startedAt ?? 0, inputDigest, wait, ...optional },
    });
  }

  /** The child's start shares the commit of its parent's wait, so neither is there without the other. */
  async #startChild(path: string, child: { workflow: string; input: Json }): Promise<string> {
    const content = this.#run.release.asset("workflow", child.workflow).content as { release: string };
    const release = await this.#deps.releases.load(content.release);
    checkInput(release, child.input);
    const id = derivedId("child", this.#run.id, path, String(this.#run.seq));
    const data = {
      workflow: release.workflow,
      version: release.version,
      release: release.digest,
      input: child.input,
      parent: this.#run.id,
      parentPath: path,
      ...(this.#run.started.tags ? { tags: this.#run.started.tags } : {}),
      ...(this.#run.started.expected === undefined ? {} : { expected: this.#run.started.expected }),
    };
    this.#record.other(`run/${id}`, 0, "run.started", data);
    this.#record.wakes.add(id);
    return id;
  }

  #takeError(step: ActiveStep, thrown: unknown): Promise<void> | void {
    const error = errorRecord(thrown);
    const retryMs = this.#retryIn(step, thrown);
    if (retryMs !== undefined) return this.#retry(step, error, retryMs);
    const { path } = step.activation;
    if (step.wait) giveUpWait(step.wait, `step ${path} failed`, this.#record, this.#deps.control);
    const fallback = step.work === step.activation.work ? step.work?.fallback : undefined;
    if (fallback) {
      turnToFallback(step, fallback, error);
      // Nothing is recorded of it, so no commit brings the loop round to launch it.
      return this.#mailbox.ring();
    }
    const { startedAt, attempts, command } = step;
    const failed = {
      path,
      kind: step.work?.kind.name ?? "block",
      startedAt: startedAt ?? 0,
      attempts,
      error,
    };
    this.#record.add({ type: "step.failed", data: { ...failed, ...(command ? { command } : {}) } });
    Object.assign(step, { wait: null, command: null });
    return this.#fail(step, error);
  }

  #fail(step: ActiveStep, error: ErrorRecord): Promise<void> | void {
    const { path, onFailure } = step.activation;
    const tolerated = this.#run.program.fail(path, error);
    if (tolerated) {
      this.#run.active.delete(path);
      if (tolerated instanceof Promise)
        return tolerated.then((turn) => this.#recordTurn(this.#run.apply(turn)));
      this.#recordTurn(this.#run.apply(tolerated));
    } else if (onFailure === "fail") this.#end = { status: "failed", path, error };
    else Object.assign(step, { phase: "failed", failure: error });
  }

  /** Milliseconds until the next attempt; undefined when there is none. */
  #retryIn(step: ActiveStep, thrown: unknown): number | undefined {
    const policy = step.work?.retry;
    if (!policy || !(thrown instanceof FlyballError) || !thrown.retry) return undefined;
    if (!policy.on.includes(thrown.retry) || step.attempts >= policy.attempts) return undefined;
    return Math.max(backoffMs(policy, step.attempts, this.#deps.random), thrown.retryAfterMs ?? 0);
  }

  #retry(step: ActiveStep, error: ErrorRecord, inMs: number): void {
    const dueAt = this.#deps.clock.now() + inMs;
    Object.assign(step, { phase: "backoff", dueAt, attempt: null });
    this.#run.waits += 1;
    const { path } = step.activation;
    const fallbackFor = step.failure ? { fallbackFor: step.failure } : {};
    this.#record.add({
      type: "step.retried",
      data: { path, attempt: step.attempts, error, dueAt, ...fallbackFor },
    });
  }

  #finish(ended: NonNullable<Run["ended"]>): void {
    this.#end =
      "output" in ended ? { status: "completed", output: ended.output } : { status: "failed", ...ended };
  }

  commit(): Promise<void> {
    if (this.#end) recordEnd(this.#run, this.#end, this.#record, this.#deps.control);
    const written = this.#deps.journal.append(this.#record.take());
    return this.#record.wakes.size === 0 ? written : this.#wakeAfter(written);
  }

  async #wakeAfter(written: Promise<void>): Promise<void> {
    const wakes = [...this.#record.wakes];
    this.#record.wakes.clear();
    await written;
    for (const run of wakes) this.#deps.wake(run);
  }

  async nextMessage(): Promise<void> {
    const dueAt = this.#nextDueAt();
    const waitMs = dueAt === undefined ? undefined : Math.max(0, dueAt - this.#deps.clock.now());
    await this.#mailbox.wait(this.#deps.clock, waitMs);
  }

  #nextDueAt(): number | undefined {
    if (this.#run.waits === 0) return undefined;
    let nextAt: number | undefined;
    for (const { phase, dueAt } of this.#run.active.values())
      if (dueAt !== null && (phase === "backoff" || phase === "waiting"))
        nextAt = Math.min(nextAt ?? dueAt, dueAt);
    return nextAt;
  }

  /** Leaves the run as a row that says what it waits for, or why it is paused. */
  async park(): Promise<void> {
    if (this.#deps.isDraining()) return;
    const steps = [...this.#run.active.values()];
    const failed = steps.find((step) => step.phase === "failed");
    if (failed) {
      const { path } = failed.activation;
      const error = failed.failure ?? { code: "UNEXPECTED", message: "" };
      if (this.#run.status !== "paused")
        this.#record.add({ type: "run.paused", data: { path, reason: "failed", error } });
      this.#run.status = "paused";
    } else {
      this.#record.add({ type: "run.suspended", data: { waiting: this.#waiting(steps) } });
      this.#run.status = "waiting";
    }
    if (this.hasNews) await this.commit();
  }

  #waiting(steps: readonly ActiveStep[]): Waiting {
    const dueAt = this.#nextDueAt();
    const step =
      steps.find((active) => active.phase === "waiting") ??
      steps.find((active) => active.phase === "backoff");
    const wait = step?.wait ?? { for: "time" as const };
    return {
      for: wait.for,
      path: step?.activation.path ?? "",
      since: this.#deps.clock.now(),
      ...(wait.key ? { key: wait.key } : {}),
      ...(wait.deadline ? { deadline: wait.deadline } : {}),
      ...(dueAt === undefined ? {} : { dueAt }),
    };
  }
}

/** Exponential, bounded, with "equal" jitter: half of it certain, half by chance. */
function backoffMs(policy: RetryPolicy, attempts: number, random: Random): number {
  const full = Math.min(policy.maxMs, policy.backoffMs * policy.factor ** (attempts - 1));
  return Math.round(full / 2 + (full / 2) * random.next());
}
