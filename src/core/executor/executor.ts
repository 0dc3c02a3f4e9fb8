import {
  type Clock,
  errorRecord,
  FlyballError,
  type Json,
  type JsonObject,
  messageOf,
  type NewId,
  type Random,
} from "../base/index.ts";
import { type Append, DiskFull, type Journal, StaleAppend } from "../journal/index.ts";
import { type Scope, secretMarker, secretNames, type Workflow } from "../workflow/index.ts";
import { type AdvanceDeps, advance } from "./advance.ts";
import { RunNotFound } from "./errors.ts";
import { type Command, isFinal, type RunStarted, type RunStatus, toData } from "./events.ts";
import { Interpreter } from "./interpreter.ts";
import { diskFullRetryMs, fullBatchPollMs, recoveryPollMs, runsLoadedMax, wakeBatch } from "./limits.ts";
import { Mailbox } from "./mailbox.ts";
import type { Program } from "./program.ts";
import { commandAppend } from "./record.ts";
import { checkInput, type Release, type Releases } from "./release.ts";
import { Run, replay } from "./run.ts";
import { standStill } from "./stand-still.ts";
import type { ControlStore } from "./store.ts";

export interface ExecutorOptions {
  readonly journal: Journal;
  readonly control: ControlStore;
  readonly releases: Releases;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  /** Makes the program of a flow; throws `ReleaseMissing` where the code is not registered. */
  flowProgram(
    name: string,
    version: string,
    run: { id: string; started: RunStarted; startedAt: number },
  ): Program;
  /** Told of what no caller waits for: a run that had to be left alone, a disk that is full. */
  onTrouble(message: string): void;
}

export interface StartRequest {
  readonly release: Release;
  readonly input: Json;
  /** Given: the same id again finds the run that is there. */
  readonly id?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly expected?: Json;
  readonly batch?: string;
  readonly row?: number;
  readonly actor?: string;
}

interface Waiter {
  resolve(status: RunStatus | undefined): void;
  reject(error: unknown): void;
}

/** Takes runs from their journal to their next stop, many at once, for as long as the process owns the store. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #advance: AdvanceDeps;
  readonly #loaded = new Map<string, Mailbox>();
  readonly #queue = new Set<string>();
  readonly #waiters = new Map<string, Waiter[]>();
  /** Runs that met a full disk, and when they are taken up again. */
  readonly #stalled = new Set<string>();
  #stalledUntil = 0;
  #draining = false;
  #stopTimer: (() => void) | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #onDrained: (() => void) | undefined;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#advance = { ...options, isDraining: () => this.#draining, wake: (run) => this.wake(run) };
  }

  /** Takes up every run that was under way, and keeps looking for runs that fall due. */
  recover(): void {
    for (const id of this.#options.control.runningRuns()) this.wake(id);
    this.#look();
  }

  /** Records a new run and sets it going. Resolves with its id when the run is on disk. */
  async start(request: StartRequest): Promise<string> {
    const { release, input } = request;
    checkInput(release, input);
    const id = request.id ?? this.#options.newId();
    const started = startedData(request);
    const startedAt = this.#options.clock.now();
    const events = [{ type: "run.started", data: toData(started) }];
    const append = { stream: `run/${id}`, expectedSeq: 0, actor: request.actor ?? "local", events };
    if (!(await this.#appendOnce(append))) return id;
    if (this.#draining || this.#loaded.size >= runsLoadedMax) this.wake(id);
    else {
      const mailbox = new Mailbox(true);
      this.#begin(
        id,
        mailbox,
        () => this.#newRun(id, started, startedAt, release) ?? this.#load(id, mailbox),
      );
    }
    return id;
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
    this.#queue.add(id);
    this.#fill();
  }

  /** Resolves with the run's status once it is final, waiting or paused. Rejects when the store refuses to go on. */
  async settled(id: string): Promise<RunStatus> {
    if (this.#loaded.has(id) || this.#queue.has(id)) {
      const status = await new Promise<RunStatus | undefined>((resolve, reject) => {
        const waiter = { resolve, reject };
        const waiters = this.#waiters.get(id);
        if (waiters) waiters.push(waiter);
        else this.#waiters.set(id, [waiter]);
      });
      if (status) return status;
    }
    const row = this.#options.control.run(id);
    if (!row) throw new RunNotFound(id);
    return row.status;
  }

  /** Starts nothing more; resolves when what is under way has ended, or the time is over. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#stopTimer?.();
    this.#queue.clear();
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

  get isIdle(): boolean {
    return this.#loaded.size === 0 && this.#queue.size === 0;
  }

  get loadedCount(): number {
    return this.#loaded.size;
  }

  #fill(): void {
    for (const id of this.#queue) {
      if (this.#loaded.size >= runsLoadedMax) return;
      this.#queue.delete(id);
      const mailbox = new Mailbox(false);
      this.#begin(id, mailbox, () => this.#load(id, mailbox));
    }
  }

  #begin(id: string, mailbox: Mailbox, open: () => Run | undefined | Promise<Run | undefined>): void {
    this.#loaded.set(id, mailbox);
    this.#work(mailbox, open).then(
      (run) => {
        this.#end(id, run?.status);
        if (run?.status === "waiting") this.#arm(this.#options.control.nextDueAt(this.#options.clock.now()));
      },
      (error) => this.#end(id, undefined, error),
    );
  }

  /** claim → read → replay → run → record → park */
  async #work(
    mailbox: Mailbox,
    open: () => Run | undefined | Promise<Run | undefined>,
  ): Promise<Run | undefined> {
    const run = await open();
    if (run) await advance(run, mailbox, this.#advance);
    return run;
  }

  /** Undefined when its program cannot be made; then it is taken up like any other run, and parked. */
  #newRun(id: string, started: RunStarted, startedAt: number, release: Release): Promise<Run> | undefined {
    try {
      const run = new Run({
        id,
        started,
        startedAt,
        release,
        program: this.#program(id, started, startedAt, release),
      });
      run.seq = 1;
      return run.begin().then(() => run);
    } catch (error) {
      if (error instanceof FlyballError) return undefined;
      throw error;
    }
  }

  /** Where the run itself takes nothing from its inbox, the bell is answered here, or it would ring for ever. */
  async #load(id: string, mailbox: Mailbox): Promise<Run | undefined> {
    const row = this.#options.control.run(id);
    if (!row || isFinal(row.status)) {
      mailbox.takeBell();
      return void (await this.#dismissAll(id));
    }
    const events = await this.#options.journal.read(`run/${id}`);
    const [first] = events;
    if (!first?.data) throw new RunNotFound(id);
    const started = first.data as unknown as RunStarted;
    try {
      const release = await this.#options.releases.load(started.release);
      const program = this.#program(id, started, first.at, release);
      const run = new Run({ id, started, startedAt: first.at, release, program });
      await replay(run, events);
      run.status = row.status;
      return run;
    } catch (error) {
      if (!(error instanceof FlyballError)) throw error;
      mailbox.takeBell();
      for (const other of await standStill({ row, events, error }, this.#options)) this.wake(other);
      return undefined;
    }
  }

  /** Commands for a run that has ended come too late; they must not stay in the inbox. */
  async #dismissAll(id: string): Promise<void> {
    const late = this.#options.control.inbox(id).map((row) => ({
      stream: `command/${row.id}`,
      expectedSeq: null,
      actor: "engine",
      events: [{ type: "command.dismissed", data: { reason: "the run has ended" } }],
    }));
    if (late.length > 0) await this.#options.journal.append(late);
  }

  #program(id: string, started: RunStarted, startedAt: number, release: Release): Program {
    const { definition } = release;
    if (definition.type === "flow")
      return this.#options.flowProgram(definition.name, definition.version, { id, started, startedAt });
    const recordedAt = () => this.#options.control.run(id)?.startedAt ?? startedAt;
    return new Interpreter(
      definition.workflow,
      rootScope(id, started, recordedAt, secretsOf(definition.workflow)),
    );
  }

  #end(id: string, status?: RunStatus, error?: unknown): void {
    const mailbox = this.#loaded.get(id);
    this.#loaded.delete(id);
    if (error) this.#trouble(id, error);
    else if (mailbox?.takeBell()) this.wake(id);
    const goesOn = this.#queue.has(id) || this.#loaded.has(id);
    if (error || !goesOn) this.#tell(id, status, error);
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
    const { code } = errorRecord(error);
    this.#options.onTrouble(
      `run ${id} was left alone after an error of the engine (${code}): ${messageOf(error)}`,
    );
  }

  #tell(id: string, status: RunStatus | undefined, error: unknown): void {
    const waiters = this.#waiters.get(id);
    if (!waiters) return;
    this.#waiters.delete(id);
    for (const waiter of waiters) error ? waiter.reject(error) : waiter.resolve(status);
  }

  /** Looks for runs that fall due or were told something; the permanent loop of recovery. */
  #look(): void {
    if (this.#draining) return;
    const { control, clock } = this.#options;
    const now = clock.now();
    if (now >= this.#stalledUntil) for (const id of this.#takeStalled()) this.wake(id);
    const due = control.wakeable(now, wakeBatch);
    for (const id of due) if (!this.#loaded.has(id)) this.wake(id);
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#arm(now + (due.length < wakeBatch ? recoveryPollMs : fullBatchPollMs));
    this.#arm(control.nextDueAt(now));
  }

  #takeStalled(): readonly string[] {
    const ids = [...this.#stalled];
    this.#stalled.clear();
    return ids;
  }

  #arm(atMs: number | undefined): void {
    if (atMs === undefined || atMs >= this.#timerAt || this.#draining) return;
    this.#stopTimer?.();
    this.#timerAt = atMs;
    const inMs = Math.max(0, atMs - this.#options.clock.now());
    this.#stopTimer = this.#options.clock.after(inMs, () => this.#look());
  }
}

function startedData(request: StartRequest): RunStarted {
  const { release, input, tags, expected, batch, row } = request;
  return {
    workflow: release.workflow,
    version: release.version,
    release: release.digest,
    input,
    ...(tags ? { tags } : {}),
    ...(expected === undefined ? {} : { expected }),
    ...(batch ? { batch } : {}),
    ...(row === undefined ? {} : { row }),
  };
}

const secretsByWorkflow = new WeakMap<Workflow, JsonObject>();

/** A marker for each secret that the document names: values take their place only at the moment of a call. */
function secretsOf(workflow: Workflow): JsonObject {
  let secrets = secretsByWorkflow.get(workflow);
  if (!secrets) {
    const text = JSON.stringify(workflow.document).replaceAll('\\"', '"');
    secrets = Object.fromEntries([...secretNames(text)].map((name) => [name, secretMarker(name)]));
    secretsByWorkflow.set(workflow, secrets);
  }
  return secrets;
}

/** What every expression of a run can see beside its steps. */
function rootScope(id: string, started: RunStarted, recordedAt: () => number, secrets: JsonObject): Scope {
  let run: JsonObject | undefined;
  return {
    get(name) {
      if (name === "input") return started.input;
      // Only the recorded time is the same after a restart; few expressions ask for it, so it is read when one does.
      if (name === "run")
        run ??= { id, workflow: started.workflow, started_at: recordedAt(), tags: started.tags ?? {} };
      if (name === "run") return run;
      return name === "secrets" ? secrets : undefined;
    },
  };
}
