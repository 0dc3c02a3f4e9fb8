import { FlyballError } from "../base/index.ts";
import type { Journal, JournalEvent } from "../journal/index.ts";
import type { RateMoments } from "./counters.ts";
import { RunNotFound } from "./errors.ts";
import { isFinal, type RunStarted } from "./events.ts";
import { dismissAll } from "./inbox.ts";
import { Interpreter } from "./interpreter.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Program } from "./program.ts";
import type { FlowDefinition, Release, Releases } from "./release.ts";
import { replay } from "./replay.ts";
import { Run } from "./run.ts";
import { rootScope, secretsOf } from "./scope.ts";
import { standStill } from "./stand-still.ts";
import type { ControlStore, RunRow } from "./store.ts";
import { Suspects } from "./suspects.ts";

/** How a run began: what its journal says first. */
export interface Beginning {
  readonly id: string;
  readonly started: RunStarted;
  readonly startedAt: number;
}

export interface OpeningOptions {
  readonly journal: Journal;
  readonly control: ControlStore;
  readonly releases: Releases;
  /** Makes the program of a flow; throws `ReleaseMissing` where the code is not registered. */
  flowProgram(definition: FlowDefinition, run: Beginning): Program;
}

/** Brings runs into memory: a new one as it begins, another to where its journal ends. */
export class Opening {
  readonly #options: OpeningOptions;
  readonly #wake: (run: string) => void;
  readonly #suspects: Suspects;

  constructor(options: OpeningOptions, wake: (run: string) => void) {
    this.#options = options;
    this.#wake = wake;
    this.#suspects = new Suspects(options.journal);
  }

  /** What walks through a run's definition: the interpreter of its document, or its code. */
  programOf(release: Release, run: Beginning): Program {
    const { flowProgram, control } = this.#options;
    const { definition } = release;
    if (definition.type === "flow") return flowProgram(definition, run);
    const { id, started, startedAt } = run;
    const recordedAt = () => control.run(id)?.startedAt ?? startedAt;
    const { workflow } = definition;
    return new Interpreter(workflow, rootScope(id, started, recordedAt, secretsOf(workflow)));
  }

  /** A run of which nothing has happened yet. */
  run(beginning: Beginning, release: Release): Run {
    return new Run({ ...beginning, release, program: this.programOf(release, beginning) });
  }

  /**
   * A run whose start has just been recorded. Undefined when its program cannot be made; then it is loaded
   * like any other, and parked.
   */
  begun(beginning: Beginning, release: Release): Promise<Run> | undefined {
    try {
      const run = this.run(beginning, release);
      run.seq = 1;
      return run.begin().then(() => run);
    } catch (error) {
      if (error instanceof FlyballError) return undefined;
      throw error;
    }
  }

  /**
   * A run at the end of its journal; undefined when it is over, or has to stand still. Then nobody else
   * takes anything from its inbox, so the bell is answered here, or it would ring for ever.
   */
  async load(id: string, mailbox: Mailbox, rates?: RateMoments): Promise<Run | undefined> {
    const row = this.#options.control.run(id);
    if (!row || isFinal(row.status)) {
      mailbox.takeBell();
      return void (await dismissAll(id, this.#options));
    }
    let events: readonly JournalEvent[] | null = null;
    try {
      events = await this.#options.journal.read(`run/${id}`);
      return await this.#replayed(row, events, rates);
    } catch (error) {
      if (!(error instanceof FlyballError)) throw error;
      mailbox.takeBell();
      for (const other of await standStill({ row, events, error }, this.#options)) this.#wake(other);
      return undefined;
    }
  }

  async #replayed(row: RunRow, events: readonly JournalEvent[], rates?: RateMoments): Promise<Run> {
    const [first] = events;
    if (!first?.data) throw new RunNotFound(row.id);
    const started = first.data as unknown as RunStarted;
    const release = await this.#options.releases.load(started.release);
    const run = this.run({ id: row.id, started, startedAt: first.at }, release);
    await replay(run, events);
    await this.#suspects.admit(run, row, events);
    run.status = row.status;
    run.isQueued = row.status === "queued";
    run.rates = rates;
    return run;
  }
}
