import { type Clock, errorRecord, type NewId, type Random } from "../base/index.ts";
import { type Append, DiskFull, StaleAppend } from "../journal/index.ts";
import { Admission, type Demand, demandOf, type Place, type RunLimits } from "./admission.ts";
import { type AdvanceDeps, advance, type Standing, type TakenUp } from "./advance.ts";
import { Alarm } from "./alarm.ts";
import { Counters } from "./counters.ts";
import { RunNotFound } from "./errors.ts";
import { type Command, isFinal, type RunStarted, type RunStatus } from "./events.ts";
import { forkedStart, takenOver } from "./fork.ts";
import { Gates } from "./gates.ts";
import {
  diskFullRetryMs,
  fullBatchPollMs,
  recoveryPollMs,
  runsAtOnceDefault,
  runsQueuedDefault,
  wakeBatch,
} from "./limits.ts";
import { Mailbox } from "./mailbox.ts";
import { type Beginning, Opening, type OpeningOptions } from "./opening.ts";
import type { ChildDemand, NewRun } from "./outcomes.ts";
import { commandAppend } from "./record.ts";
import { checkInput, type Release } from "./release.ts";
import { hasStopped, type Run, type StoppedRun } from "./run.ts";
import { noSecrets, rootScope } from "./scope.ts";
import { type StartRequest, startAppend, startedData } from "./start.ts";
import type { RunRow, WakeExceptions } from "./store.ts";
import { recordSuspicion } from "./suspects.ts";
import { recordSwitch, Switches, type SwitchRow, type SwitchTurn } from "./switches.ts";
import { Waiters } from "./waiters.ts";

export interface ExecutorOptions extends OpeningOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly limits?: Partial<RunLimits>;
  /** Told of each run that has ended, or stands still because it failed. */
  onStopped?(stopped: StoppedRun): void;
  /** Told of what no caller waits for: a run that had to be left alone, a disk that is full. */
  onTrouble(message: string): void;
}

/** A run that should be looked at. */
interface Call {
  /** Once its commands have been heard although it had no place: the lane in which it waits for one. */
  lane: string | undefined;
}

/** Takes runs from their journal to their next stop, many at once, for as long as the process owns the store. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #advance: AdvanceDeps;
  readonly #admission: Admission;
  /** What is off now; others that do work ask it too. */
  readonly switchboard: Switches;
  readonly #opening: Opening;
  readonly #loaded = new Map<string, Mailbox>();
  /** Runs that are to be looked at as soon as there is a place for them. */
  readonly #calls = new Map<string, Call>();
  readonly #waiters = new Waiters();
  /** Runs that met a full disk, and when they are taken up again. */
  readonly #stalled = new Set<string>();
  /** Taken from the queue, and met a failure: unless that was on disk before, there they still stand. */
  readonly #unadmitted = new Set<string>();
  #stalledUntil = 0;
  #draining = false;
  readonly #alarm: Alarm;
  #onDrained: (() => void) | undefined;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    const { control, clock, limits } = options;
    this.#opening = new Opening(options, (run) => this.wake(run));
    this.#alarm = new Alarm(clock, () => this.#look());
    const counters = new Counters(control.rates().map(({ name, moment }) => [name, moment] as const));
    this.switchboard = new Switches(control.switches());
    this.#admission = new Admission({
      control,
      clock,
      counters,
      switches: this.switchboard,
      isLoaded: (id) => this.#loaded.has(id),
      limits: { running: runsAtOnceDefault, queued: runsQueuedDefault, ...limits },
    });
    this.#advance = {
      ...options,
      switches: this.switchboard,
      gates: new Gates({ counters, clock, onFree: (counter) => this.#wakeHeld("limit", counter, 1) }),
      isDraining: () => this.#draining,
      wake: (run) => this.wake(run),
      queued: (run) => this.#join(run),
      demandOfChild: (child) => this.#demandOfChild(child),
    };
  }

  /** The same as `recover`, after the process before this one has crashed by itself. */
  async recoverFromCrash(): Promise<void> {
    await recordSuspicion(this.#options.journal, this.#options.control.runningRuns());
    this.recover();
  }

  /** Takes up every run that was under way, and keeps looking for runs that fall due. */
  recover(): void {
    this.#admission.recover();
    for (const id of this.#options.control.runningRuns()) this.wake(id);
    this.#fill();
    this.#look();
  }

  /**
   * Records a new run and sets it going, or puts it into the queue. Resolves with its id when the run is
   * on disk. Throws `InputInvalid`, and `QueueFull` when too many wait already.
   */
  async start(request: StartRequest): Promise<string> {
    const { release, input, tags, priority } = request;
    checkInput(release, input);
    const id = request.id ?? this.#options.newId();
    if (request.id && this.#options.control.run(id)) return id;
    const startedAt = this.#options.clock.now();
    const demand = this.#demandOf({ id, release, input, tags }, startedAt, priority);
    const place = this.#draining ? undefined : this.#admission.takeNew(demand.lane ?? release.workflow);
    if (!place) this.#admission.refuseWhenFull();
    const started = startedData(request, demand, place);
    const append = startAppend(id, started, request.actor ?? "local");
    const isNew = await this.#appendFirst(append, () => place && this.#admission.leave(id, place));
    if (!isNew) return id;
    if (!place) this.#join(id);
    else this.#beginNew(id, place, { started, startedAt, release });
    return id;
  }

  /** False when the run was there before; `giveBack` is called unless it is new. */
  async #appendFirst(append: Append, giveBack: () => void): Promise<boolean> {
    let isNew = false;
    try {
      isNew = await this.#appendOnce(append);
      return isNew;
    } finally {
      if (!isNew) giveBack();
    }
  }

  #beginNew(
    id: string,
    place: Place,
    { started, startedAt, release }: { started: RunStarted; startedAt: number; release: Release },
  ): void {
    const mailbox = new Mailbox(true);
    const open = () =>
      this.#opening.begun({ id, started, startedAt }, release) ?? this.#opening.load(id, mailbox);
    this.#begin(id, mailbox, { standing: "placed", place }, open);
  }

  /** A run whose start is on disk waits for its turn. */
  #join(id: string): void {
    const row = this.#options.control.run(id);
    if (row?.status === "queued") this.#admission.join(row.lane, { id, rank: row.rank });
    this.#fill();
  }

  /** What the workflow asks for this input: its lane, priority and deadline. */
  #demandOf({ id, release, input, tags }: NewRun, nowMs: number, priority?: number): Demand {
    const scope = rootScope(id, { workflow: release.workflow, input, tags }, () => nowMs, noSecrets);
    return demandOf(release, { scope, nowMs, ...(priority ? { priority } : {}) });
  }

  #demandOfChild(child: NewRun): ChildDemand {
    const demand = this.#demandOf(child, this.#options.clock.now());
    const mustWait = demand.lane !== undefined || this.switchboard.ofWorkflow(child.release.workflow);
    return mustWait ? { ...demand, queued: true } : demand;
  }

  /** Puts a command into a run's durable inbox; the same id again is the same command. */
  async send(run: string, commandId: string, command: Command): Promise<void> {
    if (!this.#options.control.run(run)) throw new RunNotFound(run);
    await this.#appendOnce(commandAppend(run, commandId, command));
    this.wake(run);
  }

  /** False when the stream was there before: the same request, taken in already. */
  async #appendOnce(append: Append): Promise<boolean> {
    try {
      await this.#options.journal.append([append]);
      return true;
    } catch (error) {
      if (error instanceof StaleAppend) return false;
      throw error;
    }
  }

  /** Something may have changed for a run. Cheap, and harmless when nothing has. */
  wake(id: string): void {
    const mailbox = this.#loaded.get(id);
    if (mailbox) return mailbox.ring();
    if (this.#draining) return;
    this.#calls.set(id, { lane: undefined });
    this.#fill();
  }

  /**
   * A new run that goes on from a step of one that has ended, with the results of what came before;
   * in a new release, if one is given. Its id.
   */
  async restart(request: {
    readonly of: string;
    readonly from: string;
    readonly release?: Release;
    readonly id?: string;
    readonly actor?: string;
  }): Promise<string> {
    const { of, from, id = this.#options.newId(), actor = "local" } = request;
    const row = this.#options.control.run(of);
    if (!row) throw new RunNotFound(of);
    if (this.#options.control.run(id)) return id;
    const source = { row, from, events: await this.#options.journal.read(`run/${of}`) };
    const before = forkedStart(source);
    const release = request.release ?? (await this.#options.releases.load(before.release));
    const { input, tags } = before;
    const startedAt = this.#options.clock.now();
    const demand = this.#demandOf({ id, release, input, tags }, startedAt);
    const { capture = demand.capture } = before;
    const own = { release: release.digest, version: release.version, ...(capture ? { capture } : {}) };
    const started = { ...before, ...demand, ...own };
    this.#admission.refuseWhenFull();
    const run = this.#opening.run({ id, started, startedAt }, release);
    await run.begin();
    const taken = await takenOver(run, source, release.digest === before.release).finally(run.close);
    const append = startAppend(id, started, actor);
    if (await this.#appendOnce({ ...append, events: [...append.events, ...taken] })) this.#join(id);
    return id;
  }

  get switches(): readonly SwitchRow[] {
    return this.#options.control.switches();
  }

  /** Switches something off or on again; resolves when that is on disk, and holds from then on. */
  async turn(id: string, to: SwitchTurn): Promise<void> {
    await recordSwitch(this.#options.journal, id, to);
    const row = this.#options.control.switches().find((each) => each.id === id);
    if (row) this.switchboard.set(row);
    else this.switchboard.clear(id);
    for (const mailbox of this.#loaded.values()) mailbox.ring();
    if (!row) this.#wakeHeld("switch", id, wakeBatch);
    else for (const run of this.#waiters.runs) this.#tellQueued(run);
    this.#fill();
  }

  #tellQueued(id: string): void {
    const status = this.#options.control.run(id)?.status;
    if (status === "queued" && !this.#hasTurn(id)) this.#waiters.tell(id, status);
  }

  /** Runs that wait as rows for what is free, or on, again. */
  #wakeHeld(what: "limit" | "switch", key: string, limit: number): void {
    for (const id of this.#options.control.waitingFor(what, key, limit)) this.wake(id);
  }

  /**
   * Resolves with the run's status once it is final, waiting or paused, or queued behind a switch that is
   * off. Rejects when the store refuses to go on.
   */
  async settled(id: string): Promise<RunStatus> {
    if (this.#loaded.has(id) || this.#calls.has(id) || this.#hasTurn(id)) {
      const status = await this.#waiters.wait(id);
      if (status) return status;
    }
    const row = this.#options.control.run(id);
    if (!row) throw new RunNotFound(id);
    return row.status;
  }

  /** It waits in the queue, and its turn will come by itself. */
  #hasTurn(id: string): boolean {
    const row = this.#options.control.run(id);
    return row?.status === "queued" && !this.switchboard.ofWorkflow(row.workflow);
  }

  /** Starts nothing more; resolves when what is under way has ended, or the time is over. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#alarm.stop();
    this.#calls.clear();
    for (const mailbox of this.#loaded.values()) mailbox.ring();
    if (this.#loaded.size === 0) return;
    await new Promise<void>((resolve) => {
      const stop = this.#options.clock.after(graceMs, resolve);
      this.#onDrained = () => {
        stop();
        resolve();
      };
    });
  }

  /** What walks through a release for a run, whether that is to be recorded or was. */
  programOf = (release: Release, run: Beginning) => this.#opening.programOf(release, run);

  get isIdle(): boolean {
    return this.#loaded.size === 0 && this.#calls.size === 0;
  }

  /** Whether new work begins: not while it drains, nor right after it met a full disk. */
  get takesWork(): boolean {
    return !this.#draining && this.#options.clock.now() >= this.#stalledUntil;
  }

  get loadedCount(): number {
    return this.#loaded.size;
  }

  get queuedCount(): number {
    return this.#admission.queued;
  }

  /** Gives places: first to runs that have begun, then to those whose turn it is in the queue. */
  #fill(): void {
    if (this.#draining) return;
    for (const [id, call] of this.#calls) if (!this.#loaded.has(id)) this.#answer(id, call);
    for (let next = this.#admission.next(); next; next = this.#admission.next())
      this.#takeUp(next.id, { standing: "admitted", place: next.place });
    this.#alarm.set(this.#admission.nextAt());
  }

  /** A run that can have no place is heard all the same: it may have to be cancelled. */
  #answer(id: string, call: Call): void {
    const row = call.lane === undefined ? this.#options.control.run(id) : undefined;
    const wants = row && this.#wantsPlace(row) ? row.lane : call.lane;
    const place = wants === undefined ? undefined : this.#admission.take(wants);
    if (!place && call.lane !== undefined) return;
    if (place || wants === undefined) this.#calls.delete(id);
    else call.lane = wants;
    this.#takeUp(id, place ? { standing: "placed", place } : { standing: "unplaced" });
  }

  #wantsPlace({ id, status }: RunRow): boolean {
    if (status !== "paused") return status !== "queued" && !isFinal(status);
    return this.#options.control.inbox(id).some(({ command }) => command.kind === "resume");
  }

  #takeUp(id: string, as: TakenUp): void {
    const mailbox = new Mailbox(false);
    const rates = as.standing === "admitted" ? as.place.rates : undefined;
    this.#begin(id, mailbox, as, () => this.#opening.load(id, mailbox, rates));
  }

  #begin(
    id: string,
    mailbox: Mailbox,
    as: TakenUp,
    open: () => Run | undefined | Promise<Run | undefined>,
  ): void {
    const { standing } = as;
    this.#loaded.set(id, mailbox);
    const leave = () => standing !== "unplaced" && this.#admission.leave(id, as.place);
    this.#work(mailbox, standing, open).then(
      (run) => {
        leave();
        this.#leaveQueue(run, standing);
        if (run && hasStopped(run)) this.#options.onStopped?.(run);
        if (standing === "unplaced" && run?.status === "paused") this.#resumeLate(id);
        this.#end(id, run?.status);
        if (run?.status === "waiting")
          this.#alarm.set(this.#options.control.nextDueAt(this.#options.clock.now()));
      },
      (error) => {
        leave();
        if (standing === "admitted") this.#unadmitted.add(id);
        this.#end(id, undefined, error);
      },
    );
  }

  /** A resume that came while the run was only being heard, and so could not take it up. */
  #resumeLate(id: string): void {
    const row = this.#options.control.run(id);
    if (row && !this.#calls.has(id) && this.#wantsPlace(row)) this.#calls.set(id, { lane: undefined });
  }

  /** A queued run that ended, or was paused, without its turn. */
  #leaveQueue(run: Run | undefined, standing: Standing): void {
    if (!run?.isQueued || standing === "admitted" || run.status === "queued") return;
    this.#admission.drop(run.started.lane ?? run.started.workflow, run.id);
  }

  /** claim → read → replay → run → record → park */
  async #work(
    mailbox: Mailbox,
    standing: Standing,
    open: () => Run | undefined | Promise<Run | undefined>,
  ): Promise<Run | undefined> {
    const run = await open();
    if (run) await advance(run, mailbox, standing, this.#advance).finally(run.close);
    return run;
  }

  #end(id: string, status?: RunStatus, error?: unknown): void {
    const mailbox = this.#loaded.get(id);
    this.#loaded.delete(id);
    if (error) this.#trouble(id, error);
    else if (mailbox?.takeBell()) this.wake(id);
    // It was heard without a place, and is to be undone: it waits for one, and is not heard again for that.
    else if (status === "undoing" && !this.#draining)
      this.#calls.set(id, { lane: this.#options.control.run(id)?.lane });
    if (status && isFinal(status)) this.#calls.delete(id);
    const goesOn = this.#calls.has(id) || this.#loaded.has(id) || status === "queued";
    if (error || !goesOn) this.#waiters.tell(id, status, error);
    this.#fill();
    if (this.#draining && this.#loaded.size === 0) this.#onDrained?.();
  }

  #trouble(id: string, error: unknown): void {
    if (error instanceof DiskFull) {
      this.#options.onTrouble(error.message);
      this.#stalled.add(id);
      this.#stalledUntil = this.#options.clock.now() + diskFullRetryMs;
      return;
    }
    const { code, message } = errorRecord(error);
    this.#options.onTrouble(`run ${id} was left alone after an error of the engine (${code}): ${message}`);
  }

  /** What has no place to give to a run that falls due. */
  get exceptions(): WakeExceptions {
    return {
      lanes: this.#admission.closed(this.#lanesCalled()),
      workflows: this.switchboard.workflowsOff(),
    };
  }

  /** Looks for runs that fall due or were told something; the permanent loop of recovery. */
  #look(): void {
    if (this.#draining) return;
    const { control, clock } = this.#options;
    const now = clock.now();
    if (now >= this.#stalledUntil) this.#takeUpStalled();
    const due = control.wakeable(now, wakeBatch, this.exceptions);
    for (const id of due) if (!this.#loaded.has(id)) this.wake(id);
    this.#alarm.set(now + (due.length < wakeBatch ? recoveryPollMs : fullBatchPollMs));
    this.#alarm.set(control.nextDueAt(now));
    this.#fill();
  }

  /** The lanes of runs that should go on and have no place yet. */
  #lanesCalled(): readonly string[] {
    return [...this.#calls.values()].flatMap(({ lane }) => lane ?? []);
  }

  #takeUpStalled(): void {
    for (const id of this.#stalled) {
      this.#stalled.delete(id);
      const isQueued = this.#unadmitted.delete(id) && this.#options.control.run(id)?.status === "queued";
      isQueued ? this.#join(id) : this.wake(id);
    }
  }
}
