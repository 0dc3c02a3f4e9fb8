import { assert, type ErrorRecord, fingerprint, type Json, type JsonObject } from "../base/index.ts";
import type { KindWork, StepResult, Woken } from "../workflow/index.ts";
import { rankOf } from "./admission.ts";
import { isCaptured } from "./capture.ts";
import type { RateMoments } from "./counters.ts";
import {
  type EarlyEnd,
  isFinal,
  type RunStarted,
  type RunStatus,
  type StepWaited,
  type Undone,
} from "./events.ts";
import type { Ticket } from "./gates.ts";
import type { Activation, Ended, Program, Stuck, Turn } from "./program.ts";
import type { Release } from "./release.ts";
import { UndoProgram } from "./undo.ts";

/** A step that has begun and has no result yet. */
export interface ActiveStep {
  readonly activation: Activation;
  /**
   * `ready`: to be executed; `executing`: under way; `backoff`: executed again at `dueAt`; `held`: it
   * stands in line for a place, or for what is switched off.
   */
  phase: "ready" | "executing" | "backoff" | "waiting" | "failed" | "held";
  /** Executions so far. */
  attempts: number;
  startedAt: number | null;
  dueAt: number | null;
  /** What it waits for, until that is answered or given up. */
  wait: StepWaited["wait"] | null;
  failure: ErrorRecord | null;
  /** What is executed: the step's own work, or its fallback. */
  work: KindWork | undefined;
  config: JsonObject | null;
  inputDigest: string;
  /** The attempt under way; a result of any other is late and refused. */
  attempt: Attempt | null;
  /** What ended the wait. */
  woken: Woken | null;
  /** The inbox command or signal that the step is answering; it is recorded with what comes of it. */
  command: string | null;
  /** `step.started` is on disk. */
  announced: boolean;
  /** Begun by a process that has ended since, with no result: only a `once` step minds. */
  lost: boolean;
  /** Processes of users' code that have ended while it was under way. */
  crashes: number;
  /** Some execution may have had its effect although it failed. */
  inDoubt: boolean;
  /** Its way through the limits of its step. */
  ticket: Ticket | null;
  /** What it is held by, and since when: the id of a switch; empty for a limit. */
  held: string;
  heldSince: number;
}

/** One execution of a step, as far as the run must know it. */
export interface Attempt {
  readonly path: string;
  /** The switches that would break it off. */
  readonly uses: readonly string[];
  /** What its kind has told, for the record of a failure. */
  readonly trace: (() => JsonObject) | undefined;
  abort(reason: string): void;
}

export interface Signal {
  readonly command: string;
  readonly event: string;
  readonly data: Json;
}

/** A run in memory: its program at the point that the journal has reached, and the steps under way. */
export class Run {
  readonly id: string;
  readonly started: RunStarted;
  readonly startedAt: number;
  readonly release: Release;
  program: Program;
  readonly active = new Map<string, ActiveStep>();
  /** Signals that no step has received yet, in order. */
  readonly signals: Signal[] = [];
  /** Commands that a step under way is answering; they leave the inbox with its result. */
  readonly inHand = new Set<string>();
  /** Waits of abandoned steps, which nobody will take an answer to any more. */
  readonly abandonedWaits: StepWaited["wait"][] = [];
  /** Steps that were skipped at the very start and are not yet recorded. */
  readonly skippedAtStart: string[] = [];
  /** Steps whose effect must be taken back should the run not complete, in the order in which they began. */
  readonly owed = new Map<string, Activation>();
  /** How it will end, once everything owed is taken back. */
  undoing: EarlyEnd | undefined;
  seq = 0;
  /** It was taken up while it waited for its turn. */
  isQueued = false;
  /** What its admission has moved. */
  rates: RateMoments | undefined;
  /** Above zero once the run has met a wait, a backoff or a signal: until then nobody looks for any. */
  waits = 0;
  status: RunStatus = "running";
  costUsd = 0;
  ended: Ended | undefined;
  /** Its program cannot go on by itself. */
  stuck: Stuck | undefined;
  /** A step has its result, or the run leaves memory: whoever waits for that is told. */
  onProgress: (() => void) | undefined;
  /** It leaves memory. */
  readonly close: () => void;

  constructor(options: {
    id: string;
    started: RunStarted;
    startedAt: number;
    release: Release;
    program: Program;
  }) {
    this.id = options.id;
    this.started = options.started;
    this.startedAt = options.startedAt;
    this.release = options.release;
    this.program = options.program;
    this.close = () => {
      this.onProgress?.();
      options.program.close?.();
    };
  }

  /** Its place in any line: lower goes first. */
  get rank(): number {
    return rankOf(this.startedAt, this.started.priority ?? 0);
  }

  /** Whether what a step sees and answers is kept after the end. */
  isCaptured(path: string): boolean {
    return isCaptured(this.started, this.release, path);
  }

  /** Asks the program for its first steps. */
  async begin(): Promise<void> {
    const turn = this.program.start();
    this.skippedAtStart.push(...this.apply(turn instanceof Promise ? await turn : turn));
  }

  /** Takes in what a settlement made ready; returns the paths that were skipped. */
  apply(turn: Turn): readonly string[] {
    for (const path of turn.abandoned) {
      const step = this.active.get(path);
      step?.attempt?.abort("abandoned");
      if (step) releaseTicket(step);
      if (step?.wait) this.abandonedWaits.push(step.wait);
      this.active.delete(path);
    }
    for (const activation of turn.ready) this.active.set(activation.path, activeStep(activation));
    if (turn.ended) this.ended = turn.ended;
    if (turn.stuck) this.stuck = turn.stuck;
    return turn.skipped;
  }

  /** The step has its result: the only way forward. */
  settle(path: string, result: StepResult, isPaid = false): readonly string[] | Promise<readonly string[]> {
    this.active.delete(path);
    this.onProgress?.();
    if (typeof result.cost === "number" && !isPaid) this.costUsd += result.cost;
    const turn = this.program.settle(path, result);
    return turn instanceof Promise ? turn.then((later) => this.apply(later)) : this.apply(turn);
  }

  /** Gives up what is under way and turns to taking back; the waits that nobody will answer any more. */
  beginUndo(end: EarlyEnd): readonly StepWaited["wait"][] {
    const waits: StepWaited["wait"][] = [];
    for (const step of this.active.values()) {
      step.attempt?.abort(end.status);
      releaseTicket(step);
      if (step.wait) waits.push(step.wait);
    }
    this.active.clear();
    this.undoing = end;
    this.ended = undefined;
    this.status = "undoing";
    const program = new UndoProgram([...this.owed.values()]);
    this.program = program;
    this.apply(program.start());
    return waits;
  }

  /** What the undoing has come to so far. */
  get undone(): Undone | undefined {
    return this.program instanceof UndoProgram ? this.program.undone : undefined;
  }

  /** The oldest signal of a name that no step has received. */
  signalFor(event: string | undefined): Signal | undefined {
    return this.signals.find((signal) => signal.event === event);
  }

  consume(command: string): void {
    const index = this.signals.findIndex((signal) => signal.command === command);
    if (index >= 0) this.signals.splice(index, 1);
  }
}

function activeStep(activation: Activation): ActiveStep {
  return {
    activation,
    phase: "ready",
    attempts: 0,
    startedAt: null,
    dueAt: null,
    wait: null,
    failure: null,
    work: activation.work,
    config: null,
    inputDigest: "",
    attempt: null,
    woken: null,
    command: null,
    announced: false,
    lost: false,
    crashes: 0,
    inDoubt: false,
    ticket: null,
    held: "",
    heldSince: 0,
  };
}

/** Evaluates the config of what the step does now, once; throws what an expression throws. */
export function prepare(step: ActiveStep): JsonObject {
  if (step.config) return step.config;
  assert(step.work || step.activation.work === undefined, "a step without work cannot begin");
  step.config = step.activation.config(step.work ?? unworkable);
  step.inputDigest = fingerprint(step.config);
  return step.config;
}

/** Stands in for work where there is none: the activation's own config throws before it is read. */
const unworkable = { config: () => ({}) } as unknown as KindWork;

/** Turns to the fallback, after the work itself has failed for good. It begins afresh, whatever the work waited for. */
export function turnToFallback(step: ActiveStep, fallback: KindWork, failure: ErrorRecord): void {
  if (leavesDoubt(failure)) step.inDoubt = true;
  Object.assign(step, { ...afresh, work: fallback, failure });
}

/** Ready to be executed, as if nothing had been tried; the command in hand stays in hand. */
const afresh = {
  phase: "ready",
  attempts: 0,
  failure: null,
  config: null,
  wait: null,
  dueAt: null,
  woken: null,
  announced: false,
  lost: false,
  crashes: 0,
} as const;

/** The step needs its place no more, or will not get it. */
export function releaseTicket(step: ActiveStep): void {
  if (!step.ticket) return;
  step.ticket.release();
  step.ticket = null;
}

/** What of a step is committed before it is done: its start, so that nobody loses sight of it. */
export function mustBeAnnounced({ work, activation, announced }: ActiveStep): boolean {
  if (announced || !work) return false;
  const isRated = work.limits !== undefined && work.limits.rate.length > 0;
  return (
    work.kind.runsUserCode === true || work.once !== undefined || activation.undo !== undefined || isRated
  );
}

/** Failures after which nobody knows whether the effect came about. */
export function leavesDoubt({ code, retry }: ErrorRecord): boolean {
  if (code === "UNEXPECTED" || code === "PROCESS_CRASHED") return true;
  return retry === "timeout" || retry === "network" || retry === "server";
}

/** Whether something in the program takes the failure; a `once` step that must wait for a person is never passed over. */
export function toleratedTurn(
  run: Run,
  step: ActiveStep,
  error: ErrorRecord,
): Turn | undefined | Promise<Turn> {
  if (isUnknown(error) && step.activation.work?.once?.onUnknown === "pause") return undefined;
  if (isQuarantine(error)) return undefined;
  return run.program.fail(step.activation.path, error);
}

/** Nothing in a program takes this: the run pauses, whatever the step says. */
export function isQuarantine({ code }: ErrorRecord): boolean {
  return code === "QUARANTINED";
}

export function isUnknown({ code }: ErrorRecord): boolean {
  return code === "OUTCOME_UNKNOWN";
}

/** The step's start is on disk: from now on it is owed to take it back. */
export function begin(run: Run, step: ActiveStep): void {
  const { path, undo } = step.activation;
  step.announced = true;
  if (undo) run.owed.set(path, step.activation);
}

/** An attempt has failed: the next one of a `once` step is announced anew. */
export function noteFailure(step: ActiveStep, error: ErrorRecord): void {
  if (leavesDoubt(error)) step.inDoubt = true;
  step.lost = false;
  if (step.work?.once) step.announced = false;
}

/** What is done in place of work that has failed for good: its fallback, or asking a person what happened. */
export function insteadOf(step: ActiveStep, failure: ErrorRecord): KindWork | undefined {
  const { work } = step.activation;
  if (isUnknown(failure)) return work?.once?.review;
  return work?.fallback ?? (needsPerson(failure) ? work?.person : undefined);
}

function needsPerson({ code }: ErrorRecord): boolean {
  return code === "PERSON_NEEDED";
}

/** A run that has come to a stop, for whoever counts them. */
export type StoppedRun = Pick<Run, "id" | "release" | "status" | "startedAt" | "costUsd">;

/** It has ended, or stands still because a step of it failed; not where somebody has only paused it. */
export function hasStopped({ status, active }: Run): boolean {
  return (
    isFinal(status) || (status === "paused" && [...active.values()].some(({ phase }) => phase === "failed"))
  );
}

/** After a pause, what had failed begins anew. */
export function resumeFailed(run: Run): void {
  run.status = "running";
  for (const step of run.active.values()) {
    if (step.phase !== "failed") continue;
    Object.assign(step, { ...afresh, work: step.activation.work, startedAt: null });
  }
}
