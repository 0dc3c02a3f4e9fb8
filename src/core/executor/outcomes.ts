import {
  type Clock,
  derivedId,
  type ErrorRecord,
  errorRecord,
  FlyballError,
  type Json,
  type JsonObject,
  type Random,
} from "../base/index.ts";
import type { RetryPolicy, StepOutcome, WaitRequest } from "../workflow/index.ts";
import type { StepAttempt } from "./attempt.ts";
import { giveUpWait, type RunEnd } from "./end.ts";
import { OutcomeUnknown, ProcessCrashed, Quarantined, SwitchedOff } from "./errors.ts";
import type { RunStarted } from "./events.ts";
import { crashesMax } from "./limits.ts";
import type { Mailbox, Message } from "./mailbox.ts";
import type { Record } from "./record.ts";
import { checkInput, type Release, type Releases } from "./release.ts";
import {
  type ActiveStep,
  begin,
  insteadOf,
  isQuarantine,
  isUnknown,
  leavesDoubt,
  noteFailure,
  prepare,
  type Run,
  releaseTicket,
  toleratedTurn,
  turnToFallback,
} from "./run.ts";
import type { ControlStore } from "./store.ts";

export interface NewRun {
  readonly id: string;
  readonly release: Release;
  readonly input: Json;
  readonly tags: RunStarted["tags"] | undefined;
}

export type ChildDemand = Pick<RunStarted, "lane" | "priority" | "expiresAt" | "queued" | "capture">;

export interface OutcomesDeps {
  readonly control: ControlStore;
  readonly releases: Releases;
  readonly clock: Clock;
  /** For the jitter of retries; what was drawn is recorded. */
  readonly random: Random;
  /** What a child asks for beside its work, and whether it must wait for its turn. */
  demandOfChild(child: NewRun): ChildDemand;
}

/** Turns what is said of the steps of a run into its events, and knows the end when one follows. */
export class Outcomes {
  end: RunEnd | undefined;
  readonly #run: Run;
  readonly #mailbox: Mailbox;
  readonly #record: Record;
  readonly #deps: OutcomesDeps;

  constructor(run: Run, mailbox: Mailbox, record: Record, deps: OutcomesDeps) {
    this.#run = run;
    this.#mailbox = mailbox;
    this.#record = record;
    this.#deps = deps;
  }

  /** In order. A promise only when one of them needs one, so that a document's step goes on in the same turn. */
  takeAll(): Promise<void> | void {
    return this.#takeFrom(this.#mailbox.takeAll(), 0);
  }

  #takeFrom(messages: readonly Message[], first: number): Promise<void> | void {
    for (let index = first; index < messages.length && !this.end; index++) {
      const message = messages[index];
      const pending = message && this.#take(message);
      if (pending) return this.#takeRest(pending, messages, index + 1);
      this.takeEnd();
    }
  }

  async #takeRest(pending: Promise<void>, messages: readonly Message[], next: number): Promise<void> {
    await pending;
    this.takeEnd();
    await this.#takeFrom(messages, next);
  }

  /** The program has come to its end, or everything is taken back. */
  takeEnd(): void {
    const { undoing, stuck } = this.#run;
    const givenUp = stuck && this.#answersNobody ? { path: null, error: stuck.error } : undefined;
    const ended = this.#run.ended ?? givenUp;
    if (!ended || this.end) return;
    if (undoing) this.end = undoing;
    else if ("output" in ended) this.end = { status: "completed", output: ended.output };
    else this.end = { status: "failed", ...ended };
  }

  /** A shadow, or another run whose effects are simulated: nobody would resume it, so it never pauses by itself. */
  get #answersNobody(): boolean {
    const { started, undoing } = this.#run;
    return started.effects === "simulated" && !undoing;
  }

  #take(message: Message): Promise<void> | void {
    // What was asked of a step that has been abandoned since must not be recorded any more.
    if ("step" in message && this.#run.active.get(message.step.activation.path) !== message.step) return;
    switch (message.type) {
      case "outcome":
        if (!this.#isCurrent(message.attempt)) return;
        releaseTicket(message.attempt.step);
        return this.#takeOutcome(message.attempt.step, message.outcome);
      case "error":
        if (!this.#isCurrent(message.attempt)) return;
        releaseTicket(message.attempt.step);
        return this.#takeError(message.attempt.step, message.error);
      case "announce":
        return this.#announce(message.step);
      case "refused":
        return this.#takeError(message.step, message.error);
      case "lost":
        message.step.inDoubt = true;
        return this.#takeError(
          message.step,
          new OutcomeUnknown(message.step.activation.path, message.reason),
        );
      case "skip":
        return this.#takeSkip(message);
    }
  }

  /** X5: the step still waits for this very attempt. */
  #isCurrent(attempt: StepAttempt): boolean {
    return attempt.step.attempt === attempt && this.#run.active.get(attempt.path) === attempt.step;
  }

  #announce(step: ActiveStep): void {
    const { activation, work, attempts } = step;
    begin(this.#run, step);
    try {
      const input = prepare(step);
      this.#record.add({
        type: "step.started",
        data: {
          path: activation.path,
          kind: work?.kind.name ?? "",
          inputDigest: step.inputDigest,
          input,
          attempt: attempts + 1,
          ...(step.ticket?.rates ? { rates: step.ticket.rates } : {}),
          ...(activation.undo ? { undo: true } : {}),
        },
      });
    } catch {
      // Its inputs cannot be made: nothing begins, and the attempt fails with the reason.
      this.#run.owed.delete(activation.path);
      this.#mailbox.ring();
    }
  }

  #takeOutcome(step: ActiveStep, outcome: StepOutcome): Promise<void> | void {
    this.#record.facts(outcome.facts);
    if ("result" in outcome) return this.#complete(step, outcome.result, outcome.trace);
    if ("wait" in outcome) return this.#beginWait(step, outcome.wait);
    const { by, comment } = outcome.rejected;
    const { command } = step;
    step.wait = null;
    const { path } = step.activation;
    this.end = { status: "rejected", path, by, comment, ...(command ? { command } : {}) };
  }

  #complete(step: ActiveStep, result: { readonly value: Json }, trace?: JsonObject): Promise<void> | void {
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
    const traced = trace ? { trace } : undefined;
    this.#record.add({
      type: "step.completed",
      data: fallback || taken || traced ? { ...data, ...traced, ...fallback, ...taken } : data,
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
    const { tags, expected, effects, shadowOf } = this.#run.started;
    const demand = this.#deps.demandOfChild({ id, release, input: child.input, tags });
    const data = {
      workflow: release.workflow,
      version: release.version,
      release: release.digest,
      input: child.input,
      parent: this.#run.id,
      parentPath: path,
      ...(tags ? { tags } : {}),
      ...(expected === undefined ? {} : { expected }),
      ...(effects ? { effects } : {}),
      ...(shadowOf ? { shadowOf } : {}),
      ...demand,
      // What its parent does not keep, nobody below keeps either.
      ...(this.#run.isCaptured(path) ? {} : { capture: "off" }),
    };
    this.#record.other(`run/${id}`, 0, "run.started", data);
    if (demand.queued) this.#record.queued.push(id);
    else this.#record.wakes.add(id);
    return id;
  }

  #takeError(step: ActiveStep, thrown: unknown): Promise<void> | void {
    if (thrown instanceof SwitchedOff) return this.#holdBack(step, thrown);
    const failure = errorRecord(thrown);
    const inDoubt = step.work?.once !== undefined && leavesDoubt(failure);
    const known = inDoubt
      ? new OutcomeUnknown(step.activation.path, failure.message)
      : (quarantined(step, thrown) ?? thrown);
    const error = known === thrown ? failure : { ...errorRecord(known), ...costOf(failure) };
    this.#run.costUsd += error.costUsd ?? 0;
    // An execution that was lost with its process may have had its effect, whatever this one says.
    if (step.lost) step.inDoubt = true;
    const retryMs = this.#retryIn(step, known);
    noteFailure(step, failure);
    if (retryMs !== undefined) return this.#retry(step, error, retryMs);
    const { path } = step.activation;
    if (step.wait) giveUpWait(step.wait, `step ${path} failed`, this.#record, this.#deps.control);
    const instead = step.work === step.activation.work ? insteadOf(step, error) : undefined;
    if (instead) {
      turnToFallback(step, instead, error);
      // Nothing is recorded of it, so no commit brings the loop round to launch it.
      return this.#mailbox.ring();
    }
    this.#recordFailure(step, error);
    return this.#fail(step, error);
  }

  /** It uses what is switched off, and has done nothing: it waits for that. */
  #holdBack(step: ActiveStep, { switchId }: SwitchedOff): void {
    Object.assign(step, { phase: "held", held: switchId, attempt: null, attempts: step.attempts - 1 });
    this.#mailbox.ring();
  }

  #recordFailure(step: ActiveStep, error: ErrorRecord): void {
    const { startedAt, attempts, command, inDoubt, failure } = step;
    const { path } = step.activation;
    const trace = step.attempt?.trace?.();
    const optional = {
      ...(failure ? { fallbackFor: failure } : {}),
      ...(trace ? { trace } : {}),
      ...(command ? { command } : {}),
      ...(inDoubt ? { inDoubt } : {}),
    };
    this.#record.add({
      type: "step.failed",
      data: {
        path,
        kind: step.work?.kind.name ?? "block",
        startedAt: startedAt ?? 0,
        attempts,
        error,
        ...optional,
      },
    });
    if (!inDoubt) this.#run.owed.delete(path);
    Object.assign(step, { wait: null, command: null });
  }

  #fail(step: ActiveStep, error: ErrorRecord): Promise<void> | void {
    const { path, onFailure, work } = step.activation;
    const tolerated = toleratedTurn(this.#run, step, error);
    const decides = isUnknown(error) ? work?.once?.onUnknown : onFailure;
    if (tolerated) {
      this.#run.active.delete(path);
      if (tolerated instanceof Promise)
        return tolerated.then((turn) => this.#recordTurn(this.#run.apply(turn)));
      this.#recordTurn(this.#run.apply(tolerated));
    } else if (this.#answersNobody || (decides === "fail" && !isQuarantine(error)))
      this.end = { status: "failed", path, error };
    else Object.assign(step, { phase: "failed", failure: error });
  }

  /** Milliseconds until the next attempt; undefined when there is none. */
  #retryIn(step: ActiveStep, thrown: unknown): number | undefined {
    const policy = step.work?.retry;
    if (thrown instanceof ProcessCrashed) return 0;
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
      data: {
        path,
        attempt: step.attempts,
        error,
        dueAt,
        ...(step.startedAt === null ? {} : { startedAt: step.startedAt }),
        ...fallbackFor,
      },
    });
  }
}

function costOf({ costUsd }: ErrorRecord): Pick<ErrorRecord, "costUsd"> {
  return costUsd === undefined ? {} : { costUsd };
}

/** The end of trying again, for a step that has so often ended the process it ran in. */
function quarantined(step: ActiveStep, thrown: unknown): Quarantined | undefined {
  if (!(thrown instanceof ProcessCrashed) || !thrown.isBlamed) return undefined;
  step.crashes += 1;
  if (step.crashes < crashesMax) return undefined;
  return new Quarantined(`Step ${step.activation.path}`, step.crashes, thrown.reason);
}

/** Exponential, bounded, with "equal" jitter: half of it certain, half by chance. */
function backoffMs(policy: RetryPolicy, attempts: number, random: Random): number {
  const full = Math.min(policy.maxMs, policy.backoffMs * policy.factor ** (attempts - 1));
  return Math.round(full / 2 + (full / 2) * random.next());
}
