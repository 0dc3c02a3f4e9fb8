import { type Clock, messageOf } from "../../core/base/index.ts";
import type { ControlStore } from "../../core/executor/index.ts";
import type { Every } from "./keeping.ts";
import { scheduleTickMs } from "./limits.ts";

interface ScheduleParts {
  readonly clock: Clock;
  readonly control: ControlStore;
  workflows(): readonly string[];
  /** When the last cycle of a workflow ended, as the journal has it. */
  lastCycleAt(workflow: string): Promise<number | undefined>;
  cycle(workflow: string): Promise<unknown>;
  onTrouble(message: string): void;
}

/**
 * Begins cycles by itself: so long, or so many runs, after the one before. Both follow from the journal, so that a
 * restart neither skips a cycle nor repeats one.
 */
export class Schedule {
  readonly #parts: ScheduleParts;
  #every: Every | null = null;
  #stop = () => {};
  /** Cycles come one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #due = new Set<string>();
  /** By workflow: when its last cycle was, and how many runs have ended since. */
  readonly #since = new Map<string, { readonly at: number; runs: number }>();

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
  }

  /** From now on cycles begin by themselves; with null, none does. */
  keep(every: Every | null): void {
    this.#stop();
    this.#every = every;
    this.#since.clear();
    if (every) this.#arm("ms" in every ? Math.min(every.ms, scheduleTickMs) : 0, every);
  }

  /** What was missed while nobody was there is made up for at once; what falls due by the clock, at a tick. */
  #arm(inMs: number, every: Every): void {
    this.#stop = this.#parts.clock.after(inMs, () => {
      for (const workflow of this.#parts.workflows()) this.#consider(workflow, 0);
      if ("ms" in every) this.#arm(Math.min(every.ms, scheduleTickMs), every);
    });
  }

  /** A run has ended; shadows do not count. */
  stopped(run: string, workflow: string): void {
    if (!this.#every || !("runs" in this.#every)) return;
    if (!this.#parts.control.run(run)?.shadowOf) this.#consider(workflow, 1);
  }

  /** There was a cycle, whoever began it. */
  looked(workflow: string): void {
    this.#since.set(workflow, { at: this.#parts.clock.now(), runs: 0 });
  }

  /** Resolves when no cycle is under way that began by itself. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  #consider(workflow: string, ended: number): void {
    if (this.#due.has(workflow)) return;
    const known = this.#since.get(workflow);
    if (known) known.runs += ended;
    if (known && !this.#isDue(known)) return;
    this.#due.add(workflow);
    this.#turn = this.#turn.then(async () => {
      try {
        if (!known) this.#since.set(workflow, await this.#sinceOf(workflow));
        const since = this.#since.get(workflow);
        if (since && this.#isDue(since)) await this.#parts.cycle(workflow);
      } catch (error) {
        if (!this.#every) return;
        // It is tried again when the next cycle is due.
        this.looked(workflow);
        this.#parts.onTrouble(`${workflow} was not looked at: ${messageOf(error)}`);
      } finally {
        this.#due.delete(workflow);
      }
    });
  }

  #isDue({ at, runs }: { readonly at: number; readonly runs: number }): boolean {
    const every = this.#every;
    if (!every) return false;
    return "runs" in every ? runs >= every.runs : this.#parts.clock.now() - at >= every.ms;
  }

  /** Where there has been no cycle yet, time begins now; runs count from the first one. */
  async #sinceOf(workflow: string): Promise<{ at: number; runs: number }> {
    const { clock, control } = this.#parts;
    const last = await this.#parts.lastCycleAt(workflow);
    const limit = this.#every && "runs" in this.#every ? this.#every.runs : 0;
    const rows = limit === 0 ? [] : control.runs({ workflow, limit, ...(last ? { fromMs: last } : {}) });
    return { at: last ?? clock.now(), runs: rows.length };
  }
}
