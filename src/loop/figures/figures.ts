import { LRUCache } from "lru-cache";
import { type Clock, dayMs, dayOf, nextTurn } from "../../core/base/index.ts";
import type { ControlStore, FigureFilter, RunFigure } from "../../core/executor/index.ts";
import type { Journal } from "../../core/journal/index.ts";
import { attentionOf, countRuns, type Facts } from "./facts.ts";
import { dayRunsMax, daysRememberedMax, settledForMs, unsettledForMs } from "./limits.ts";
import { type Day, presentMetrics } from "./present.ts";
import { type SampledFrom, sampleRuns } from "./sample.ts";

export interface FiguresDeps extends SampledFrom {
  readonly journal: Pick<Journal, "read" | "lastPosition">;
  readonly control: Pick<ControlStore, "runFigures" | "decisionTimes">;
  readonly clock: Clock;
}

interface Remembered {
  readonly facts: Promise<Facts>;
  readonly until: number;
  /** Of the journal, when it was counted: while nothing has come since, the count is what it was. */
  readonly position: number;
}

/**
 * How workflows do, by the day (UTC) on which their runs were started. Each day is counted from the rows
 * of its runs and a sample of their streams, within bounds, and remembered: a past day is counted once in a while.
 */
export class WorkflowFigures {
  readonly #deps: FiguresDeps;
  readonly #days = new LRUCache<string, Remembered>({ max: daysRememberedMax });

  constructor(deps: FiguresDeps) {
    this.#deps = deps;
  }

  /** Of the latest days, today among them. */
  async of(workflow: string, dayCount: number) {
    const now = this.#deps.clock.now();
    const today = Math.floor(now / dayMs) * dayMs;
    const days: Day[] = [];
    for (let from = today - (dayCount - 1) * dayMs; from <= today; from += dayMs) {
      const facts = await this.#facts(workflow, from, now);
      days.push({ day: dayOf(from), facts, ms: Math.min(dayMs, now - from) });
    }
    return { from: dayOf(today - (dayCount - 1) * dayMs), to: dayOf(today), ...presentMetrics(days) };
  }

  /** Those who ask at the same time wait for the same count. */
  #facts(workflow: string, fromMs: number, now: number): Promise<Facts> {
    const key = `${fromMs}/${workflow}`;
    const known = this.#days.get(key);
    const position = this.#deps.journal.lastPosition();
    if (known && (now < known.until || known.position === position)) return known.facts;
    const filter = { workflow, fromMs, toMs: fromMs + dayMs, limit: dayRunsMax };
    const runs = this.#deps.control.runFigures(filter);
    const isSettled = now >= fromMs + dayMs && runs.every(({ endedAt }) => endedAt !== null);
    const facts = this.#count(filter, runs);
    this.#days.set(key, { facts, until: now + (isSettled ? settledForMs : unsettledForMs), position });
    // A count that failed is not what everybody should be told for minutes.
    facts.catch(() => this.#days.delete(key));
    return facts;
  }

  async #count(filter: FigureFilter, runs: readonly RunFigure[]): Promise<Facts> {
    await nextTurn();
    const decisions = runs.some(({ isReviewed }) => isReviewed)
      ? this.#deps.control.decisionTimes(filter)
      : [];
    const ended = runs.filter(({ endedAt }) => endedAt !== null).map(({ id }) => id);
    return {
      ...countRuns(runs),
      reviews: decisions.length,
      attentionMs: attentionOf(decisions),
      sample: await sampleRuns(this.#deps, ended),
      isComplete: runs.length < dayRunsMax,
    };
  }
}
