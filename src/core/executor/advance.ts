import { type Clock, FlyballError, type Random } from "../base/index.ts";
import type { Journal } from "../journal/index.ts";
import { type Place, priorityOf, rankOf } from "./admission.ts";
import { type AttemptOptions, beginAttempt } from "./attempt.ts";
import { countersOf } from "./counters.ts";
import { giveUpWait, recordEnd } from "./end.ts";
import type { EarlyEnd, RunPaused, Waiting } from "./events.ts";
import type { Gates } from "./gates.ts";
import { type Taken, takeCommands } from "./inbox.ts";
import { gateInMemoryMsMax, gateRetryMs, waitInMemoryMsMax } from "./limits.ts";
import type { Mailbox } from "./mailbox.ts";
import { Outcomes, type OutcomesDeps } from "./outcomes.ts";
import { Record } from "./record.ts";
import type { Releases } from "./release.ts";
import { type ActiveStep, isQuarantine, mustBeAnnounced, type Run, releaseTicket } from "./run.ts";
import type { ControlStore } from "./store.ts";
import type { Switches, SwitchRow } from "./switches.ts";

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
//   X7. A step that must not repeat, or is owed an undo, is on disk before it begins.
//   X8. A run that stands still (paused, queued, switched off) starts nothing, whatever comes in.

export interface AdvanceDeps {
  readonly journal: Journal;
  readonly control: ControlStore;
  readonly releases: Releases;
  readonly clock: Clock;
  readonly random: Random;
  readonly gates: Gates;
  readonly switches: Switches;
  demandOfChild: OutcomesDeps["demandOfChild"];
  /** True while the engine shuts down: nothing new starts, what is under way may end. */
  isDraining(): boolean;
  wake(run: string): void;
  /** A child has joined the queue, and that is on disk. */
  queued(run: string): void;
}

/** How a run is taken up: with a place to work, fresh from the queue with one, or only to hear its commands. */
export type Standing = "placed" | "admitted" | "unplaced";

/** How a run is taken up, with its place where it has one. */
export type TakenUp =
  | { readonly standing: "placed" | "admitted"; readonly place: Place }
  | { readonly standing: "unplaced" };

/** Resolves when the run is final, waiting or paused, or when the engine drains. */
export async function advance(
  run: Run,
  mailbox: Mailbox,
  standing: Standing,
  deps: AdvanceDeps,
): Promise<void> {
  const course = new Course(run, mailbox, standing, deps);
  try {
    await goAlong(course);
  } finally {
    course.leave();
  }
}

async function goAlong(course: Course): Promise<void> {
  for (;;) {
    course.takeCommands();
    course.expire();
    course.breakOff();
    course.wakeSteps();
    course.launchReady();
    const taking = course.hasMessages ? course.takeMessages() : undefined;
    if (taking) await taking;
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
  readonly #standing: Standing;
  readonly #deps: AdvanceDeps;
  readonly #record: Record;
  readonly #outcomes: Outcomes;
  readonly #attempts: AttemptOptions;
  #pause: Taken["pause"];

  constructor(run: Run, mailbox: Mailbox, standing: Standing, deps: AdvanceDeps) {
    this.#run = run;
    this.#mailbox = mailbox;
    this.#standing = standing;
    this.#deps = deps;
    this.#record = new Record(run);
    this.#outcomes = new Outcomes(run, mailbox, this.#record, deps);
    this.#attempts = {
      clock: deps.clock,
      effects: run.started.effects ?? "live",
      switches: deps.switches,
      onOutcome: (attempt, outcome) => mailbox.put({ type: "outcome", attempt, outcome }),
      onError: (attempt, error) => mailbox.put({ type: "error", attempt, error }),
    };
    this.#takeUp();
  }

  /** What the run owes from where its journal ends. */
  #takeUp(): void {
    const run = this.#run;
    for (const path of run.skippedAtStart.splice(0))
      this.#record.add({ type: "step.skipped", data: { path } });
    this.#outcomes.takeEnd();
    const next = run.undoing ? "undoing" : "running";
    if (this.#standing === "admitted") {
      run.status = next;
      this.#record.add({ type: "run.admitted", data: run.rates ? { rates: run.rates } : {} });
    } else if (run.status === "waiting" && this.#standing === "placed") {
      run.status = next;
      this.#record.add({
        type: "run.woken",
        data: { by: "engine", ...(run.undoing ? { undoing: true } : {}) },
      });
    }
    for (const step of run.active.values())
      if (step.phase === "ready" && step.lost && step.work?.once)
        this.#lose(step, "the process ended while it was under way");
  }

  #lose(step: ActiveStep, reason: string): void {
    step.phase = "executing";
    step.attempt = null;
    this.#mailbox.put({ type: "lost", step, reason });
  }

  get hasMessages(): boolean {
    return this.#mailbox.hasMessages;
  }

  get hasNews(): boolean {
    return this.#outcomes.end !== undefined || !this.#record.isEmpty;
  }

  get isOver(): boolean {
    return this.#outcomes.end !== undefined;
  }

  /** X8: nothing may start. */
  get #standsStill(): boolean {
    return (
      this.#deps.isDraining() ||
      this.#standing === "unplaced" ||
      this.#pause !== undefined ||
      this.#run.status === "paused" ||
      this.#run.stuck !== undefined ||
      this.#switchedOff !== undefined
    );
  }

  get #switchedOff(): SwitchRow | undefined {
    return this.#deps.switches.ofWorkflow(this.#run.started.workflow);
  }

  /** Nothing is under way, and nothing falls due so soon that it is worth staying in memory. */
  get isIdle(): boolean {
    const phases = new Set([...this.#run.active.values()].map((step) => step.phase));
    if (phases.has("executing")) return false;
    if (this.#standsStill) return true;
    if (phases.has("ready")) return false;
    const wakeAt = this.#nextWakeAt();
    return (
      phases.has("failed") || wakeAt === undefined || wakeAt - this.#deps.clock.now() > waitInMemoryMsMax
    );
  }

  takeCommands(): void {
    if (!this.#mailbox.takeBell()) return;
    const taken = takeCommands(this.#run, this.#deps.control, this.#record, {
      mailbox: this.#mailbox,
      isPlaced: this.#standing !== "unplaced",
      ...(this.#pause ? { pause: this.#pause } : {}),
    });
    if (taken.end) this.#outcomes.end = taken.end;
    this.#pause = taken.pause;
  }

  expire(): void {
    const deadline = this.#deadline;
    if (deadline !== undefined && !this.isOver && this.#deps.clock.now() >= deadline)
      this.#outcomes.end = { status: "expired", deadline };
  }

  /** Whatever ends otherwise, or is being undone, does not expire any more. */
  get #deadline(): number | undefined {
    return this.#run.undoing ? undefined : this.#run.started.expiresAt;
  }

  /** What uses something that a switch stops is broken off: its result is refused, and it is done again later. */
  breakOff(): void {
    const { switches } = this.#deps;
    if (switches.isEmpty || this.#outcomes.end) return;
    const whole = this.#switchedOff;
    for (const step of this.#run.active.values()) {
      if (step.phase !== "executing" || !step.attempt) continue;
      const uses = step.attempt.uses.map((id) => switches.get(id)).find((row) => row?.mode === "stop");
      const off = whole?.mode === "stop" ? whole : uses;
      if (!off) continue;
      step.attempt.abort("switched off");
      releaseTicket(step);
      if (step.work?.once) this.#lose(step, `it was broken off, as ${off.id} was switched off`);
      else Object.assign(step, { phase: "held", held: off.id, attempt: null });
    }
  }

  /** Steps whose time has come, whose signal is there, or for which nothing is in the way any more. */
  wakeSteps(): void {
    if (this.#standsStill) return;
    for (const step of this.#run.active.values())
      if (step.phase === "held" && this.#isFree(step)) step.phase = "ready";
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

  #isFree(step: ActiveStep): boolean {
    return step.held === "" ? step.ticket?.granted === true : !this.#deps.switches.get(step.held);
  }

  launchReady(): void {
    if (this.#outcomes.end) return;
    const standsStill = this.#standsStill;
    for (const step of this.#run.active.values()) {
      if (step.phase !== "ready" || (standsStill && !this.#isBegun(step)) || !this.#enter(step)) continue;
      if (mustBeAnnounced(step)) this.#mailbox.put({ type: "announce", step });
      else beginAttempt(this.#run, step, this.#attempts);
    }
  }

  /** Its start is on disk, from which it could not be told later that it did not happen. */
  #isBegun({ work, announced, lost }: ActiveStep): boolean {
    const isUnderWay = this.#standing !== "unplaced" && this.#run.status !== "paused" && !this.#switchedOff;
    return isUnderWay && work?.once !== undefined && announced && !lost;
  }

  /** Through the limits of the step, or into the line for them. */
  #enter(step: ActiveStep): boolean {
    const limits = step.work?.limits;
    if (!limits || step.woken || step.ticket?.granted) return true;
    const { path, scope } = step.activation;
    const place = `step:${this.#run.started.workflow}/${path.replaceAll(/\[\d+\]/g, "")}`;
    try {
      const rank = rankOf(this.#run.rank, priorityOf(limits.priority?.(scope)));
      const counters = countersOf(limits, scope, place);
      step.ticket ??= this.#deps.gates.ask(counters, rank, () => this.#mailbox.ring());
    } catch (error) {
      if (!(error instanceof FlyballError)) throw error;
      this.#mailbox.put({ type: "refused", step, error });
      step.phase = "executing";
      return false;
    }
    if (step.ticket.granted) return true;
    Object.assign(step, { phase: "held", held: "", heldSince: this.#deps.clock.now() });
    this.#run.waits += 1;
    return false;
  }

  takeMessages(): Promise<void> | void {
    return this.#outcomes.takeAll();
  }

  commit(): Promise<void> {
    if (this.#outcomes.end) this.#end();
    const written = this.#deps.journal.append(this.#record.take());
    return this.#record.wakes.size === 0 && this.#record.queued.length === 0
      ? written
      : this.#tellAfter(written);
  }

  /** The end; or the turn to taking back, when something is owed. */
  #end(): void {
    const { end } = this.#outcomes;
    if (!end) return;
    if (end.status === "completed" || this.#run.undoing || this.#run.owed.size === 0)
      return recordEnd(this.#run, end, this.#record, this.#deps.control);
    this.#beginUndo(end);
  }

  #beginUndo(end: EarlyEnd): void {
    this.#outcomes.end = undefined;
    const command = "command" in end && end.command ? { command: end.command } : {};
    for (const wait of this.#run.beginUndo(end))
      giveUpWait(wait, `the run is ${end.status}`, this.#record, this.#deps.control);
    this.#record.add({ type: "run.undoing", data: { end, ...command } });
    this.#pause = undefined;
    this.#mailbox.ring();
  }

  async #tellAfter(written: Promise<void>): Promise<void> {
    const wakes = [...this.#record.wakes];
    const queued = this.#record.queued.splice(0);
    this.#record.wakes.clear();
    await written;
    for (const run of queued) this.#deps.queued(run);
    for (const run of wakes) this.#deps.wake(run);
  }

  async nextMessage(): Promise<void> {
    const wakeAt = this.#nextWakeAt();
    const waitMs = wakeAt === undefined ? undefined : Math.max(0, wakeAt - this.#deps.clock.now());
    await this.#mailbox.wait(this.#deps.clock, waitMs);
  }

  #nextWakeAt(): number | undefined {
    const moments = [this.#nextDueAt(), this.#deadline].filter((at) => at !== undefined);
    return moments.length > 0 ? Math.min(...moments) : undefined;
  }

  #nextDueAt(): number | undefined {
    if (this.#run.waits === 0) return undefined;
    const now = this.#deps.clock.now();
    let nextAt: number | undefined;
    for (const { phase, dueAt, ticket, heldSince } of this.#run.active.values()) {
      const patientUntil = heldSince + gateInMemoryMsMax;
      const at =
        phase === "held" ? (ticket && patientUntil > now ? patientUntil : null) : this.#timed(phase) && dueAt;
      if (typeof at === "number") nextAt = Math.min(nextAt ?? at, at);
    }
    return nextAt;
  }

  #timed(phase: ActiveStep["phase"]): boolean {
    return phase === "backoff" || phase === "waiting";
  }

  /** Leaves the run as a row that says what it waits for, or why it is paused. */
  async park(): Promise<void> {
    const run = this.#run;
    if (this.#deps.isDraining()) return;
    const steps = [...run.active.values()];
    const failed = steps.find((step) => step.phase === "failed");
    if (this.#pause) this.#recordPause({ path: "", reason: "asked", error: null, ...this.#pause });
    else if (run.status === "paused" || this.#standing === "unplaced") return;
    else if (run.stuck) this.#recordPause({ path: "", ...run.stuck });
    else if (failed && !this.#switchedOff) {
      const error = failed.failure ?? { code: "UNEXPECTED", message: "" };
      const reason = isQuarantine(error) ? "quarantined" : "failed";
      this.#recordPause({ path: failed.activation.path, reason, error });
    } else {
      this.#record.add({ type: "run.suspended", data: { waiting: this.#waiting(steps) } });
      run.status = "waiting";
    }
    await this.commit();
  }

  #recordPause(data: RunPaused): void {
    const { arms } = this.#run.started;
    // Whoever asks for a pause says nothing of the version that the run has.
    const isFailure = arms !== undefined && data.reason !== "asked";
    this.#record.add({ type: "run.paused", data: isFailure ? { ...data, arms } : data });
    this.#run.status = "paused";
  }

  /** What is held comes first: nobody would tell the run otherwise that it may go on. */
  #waiting(steps: readonly ActiveStep[]): Waiting {
    const since = this.#deps.clock.now();
    const off = this.#switchedOff;
    if (off) return { for: "switch", key: off.id, path: "", since };
    const dueAt = this.#nextDueAt();
    const first = (phase: ActiveStep["phase"]) => steps.find((step) => step.phase === phase);
    const step = first("held") ?? first("waiting") ?? first("backoff");
    const path = step?.activation.path ?? "";
    if (step?.phase === "held" && step.held !== "")
      return { for: "switch", key: step.held, path, since, ...(dueAt === undefined ? {} : { dueAt }) };
    if (step?.phase === "held") {
      const key = step.ticket ? this.#deps.gates.blocking(step.ticket)?.name : undefined;
      return { for: "limit", ...(key ? { key } : {}), path, since, dueAt: since + gateRetryMs };
    }
    const wait = step?.wait ?? { for: "time" as const };
    return {
      for: wait.for,
      path,
      since,
      ...(wait.key ? { key: wait.key } : {}),
      ...(wait.deadline ? { deadline: wait.deadline } : {}),
      ...(dueAt === undefined ? {} : { dueAt }),
    };
  }

  /** Gives back what the run holds, however it was left. */
  leave(): void {
    for (const step of this.#run.active.values()) releaseTicket(step);
  }
}
