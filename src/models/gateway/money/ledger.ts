import { type Clock, canonicalJson, dayOf, type Period, periodOf, toJson } from "../../../core/base/index.ts";
import {
  type Charge,
  nanoUsdOf,
  type ReservationRow,
  runBudget,
  type SpendingStore,
  shownAmount,
  useId,
} from "../../../core/executor/index.ts";
import type { Append, Journal, NewEvent } from "../../../core/journal/index.ts";
import { lostAtOnce, unwrittenMax, usesCachedMax } from "../limits.ts";
import { totalTokens } from "../price.ts";
import { type Budget, budgetOf, budgetOfRun, keyOf, limitOf, type Spender } from "./budget.ts";
import { BudgetExceeded, ModelUnpriced } from "./errors.ts";
import type { Most } from "./estimate.ts";
import type { Outcome } from "./outcome.ts";

// Ledger
// ======
// Holds money back before a call and counts it after, for every budget that applies.
//
// Invariants
//   B1. What is reserved and spent together never passes the limit of a budget that blocks: looking and
//       taking are one step, of which no other call sees the middle.
//   B2. A reservation is on disk before the call that it is for.
//   B3. A reservation is settled or released by whatever becomes of the call. Where its process has ended
//       before, nobody knows what the call has cost: it is settled in full.
//   B4. What may have been billed is counted as spent; only what certainly was not is given back.
//   B5. A provider that bills more than the most that was expected is reported, and all of it counted.

export interface LedgerDeps {
  readonly journal: Pick<Journal, "append">;
  readonly spending: SpendingStore;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** A call that is about to be made. */
export interface SpendRequest {
  readonly spender: Spender;
  /** Of the run, in dollars. */
  readonly runLimitUsd: number | undefined;
  readonly most: Most;
  /** Budgets that count the call and refuse it no more. */
  readonly past: readonly string[];
}

/** What is taken of a budget for one key and period, as memory has it: ahead of the disk by what is being written. */
interface Use {
  readonly id: string;
  reserved: number;
  spent: number;
  alerted: number;
  exceeded: boolean;
  /** Writes under way. */
  pending: number;
}

interface Unwritten {
  readonly appends: readonly Append[];
  readonly uses: readonly Use[];
}

interface Part {
  readonly budget: Budget;
  readonly key: string;
  readonly period: Period;
  readonly use: Use;
  readonly amount: number;
}

/** What is held back for one call. */
export interface Hold {
  readonly id: string;
  readonly parts: readonly Part[];
}

export class Ledger {
  readonly #deps: LedgerDeps;
  readonly #uses = new Map<string, Use>();
  #budgets: readonly Budget[];
  /** Reservations of a process that has ended. */
  readonly #lost: ReservationRow[];
  /** What a full disk did not take. */
  readonly #unwritten: Unwritten[] = [];

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
    this.#budgets = deps.spending.budgets().map(budgetOf);
    this.#lost = [...deps.spending.reservations()];
  }

  get budgets(): readonly Budget[] {
    return this.#budgets;
  }

  /** These hold from now on, and no others; what was taken of one that stays, stays taken. */
  async declare(budgets: readonly Budget[]): Promise<void> {
    const before = new Map(this.#budgets.map((budget) => [budget.name, textOf(budget)]));
    const appends: Append[] = [];
    for (const budget of budgets) {
      if (before.get(budget.name) !== textOf(budget)) appends.push(declared(budget));
      before.delete(budget.name);
    }
    for (const name of before.keys()) appends.push(append(`budget/${name}`, "budget.withdrawn", {}));
    if (appends.length > 0) await this.#deps.journal.append(appends);
    this.#budgets = budgets;
  }

  /**
   * Holds back the most that a call can cost, in every budget that applies; undefined where none does.
   * Resolves once that is on disk. Throws `BudgetExceeded` and `ModelUnpriced`.
   */
  reserve(request: SpendRequest): Promise<Hold> | undefined {
    if (this.#budgets.length === 0 && request.runLimitUsd === undefined) return undefined;
    const parts = this.#parts(request);
    if (parts.length === 0) return undefined;
    for (const part of parts) this.#check(part, request);
    // B1: nothing has been awaited since the look.
    const hold = { id: this.#deps.newId(), parts };
    for (const { use, amount } of parts) use.reserved += amount;
    return this.#hold(hold, request.spender);
  }

  async #hold(hold: Hold, { run, path }: Spender): Promise<Hold> {
    const appends = hold.parts.map((part) =>
      eventOf(part, "budget.reserved", { ...sums(part, hold), run, path }),
    );
    try {
      await this.#deps.journal.append(appends);
      return hold;
    } catch (error) {
      for (const { use, amount } of hold.parts) use.reserved -= amount;
      throw error;
    }
  }

  #parts({ spender, runLimitUsd, most }: SpendRequest): readonly Part[] {
    const ofRun = runLimitUsd === undefined ? [] : [budgetOfRun(runLimitUsd)];
    return [...this.#budgets, ...ofRun].flatMap((budget) => {
      const amount = askedOf(budget, most, spender.model);
      if (amount === 0) return [];
      const period = periodOf(budget.period, this.#deps.clock.now());
      const key = keyOf(budget, spender);
      return [{ budget, key, period, amount, use: this.#use(budget.name, period.name, key) }];
    });
  }

  #use(budget: string, period: string, key: string): Use {
    const id = useId(budget, period, key);
    const known = this.#uses.get(id);
    if (known) return known;
    if (this.#uses.size >= usesCachedMax) this.#forget();
    const { reserved = 0, spent = 0, alerted = 0, exceeded = 0 } = this.#deps.spending.use(id) ?? {};
    const use = { id, reserved, spent, alerted, exceeded: exceeded === 1, pending: 0 };
    this.#uses.set(id, use);
    return use;
  }

  /** What the store knows as well, and no call under way needs. */
  #forget(): void {
    for (const [id, { reserved, pending }] of this.#uses)
      if (reserved === 0 && pending === 0) this.#uses.delete(id);
  }

  #check(part: Part, { spender, past }: SpendRequest): void {
    const { budget, use, amount, key, period } = part;
    if (use.reserved + use.spent + amount <= limitOf(budget)) return;
    const { unit } = budget;
    const shown = {
      spent: shownAmount(unit, use.spent),
      reserved: shownAmount(unit, use.reserved),
      asked: shownAmount(unit, amount),
    };
    if (!use.exceeded) {
      use.exceeded = true;
      const { limit, action } = budget;
      const data = { unit, limit, ...shown, action, run: spender.run, path: spender.path };
      this.#writeLater([eventOf(part, "budget.exceeded", data)], [use]);
    }
    if (budget.action === "alert" || past.includes(budget.name)) return;
    throw new BudgetExceeded(budget, { key, ...shown }, period.endsAt);
  }

  /**
   * Counts what a call came to, and gives back what it did not need; with what it has cost, for whoever
   * asks about costs. It counts from now on, and is on disk in the commit of this turn of the event loop,
   * in which the answer goes on its way too.
   */
  settle(hold: Hold | undefined, outcome: Outcome, charge: Charge | undefined): void {
    const appends = (hold?.parts ?? []).flatMap((part) => settlement(part, hold?.id ?? "", outcome));
    if (charge) appends.push(append(`cost/${dayOf(this.#deps.clock.now())}`, "cost.charged", charge));
    if (appends.length > 0) this.#writeLater(appends, hold ? usesOf(hold) : []);
  }

  /** B3, and what a full disk did not take: once after the start, and then now and again. */
  async settleLost(): Promise<void> {
    for (const entry of this.#unwritten.splice(0)) this.#tryToWrite(entry);
    while (this.#lost.length > 0) await this.#settleInFull(this.#lost.splice(0, lostAtOnce));
  }

  async #settleInFull(rows: readonly ReservationRow[]): Promise<void> {
    // Looked up before, and kept: whoever asks the store after the commit would hear of it already.
    const lost = rows.map((row) => ({ ...row, use: this.#use(row.budget, row.period, row.key) }));
    for (const { use } of lost) use.pending += 1;
    try {
      await this.#deps.journal.append(rows.map(settledInFull));
      for (const { use, amount } of lost) {
        use.reserved -= amount;
        use.spent += amount;
      }
    } catch (error) {
      this.#lost.push(...rows);
      throw error;
    } finally {
      for (const { use } of lost) use.pending -= 1;
    }
  }

  /** Money that was spent is a fact, whatever becomes of the step: what cannot be written now is kept. */
  #writeLater(appends: readonly Append[], uses: readonly Use[]): void {
    for (const use of uses) use.pending += 1;
    this.#tryToWrite({ appends, uses });
  }

  #tryToWrite(entry: Unwritten): void {
    this.#deps.journal.append(entry.appends).then(
      () => {
        for (const use of entry.uses) use.pending -= 1;
      },
      () => {
        if (this.#unwritten.length >= unwrittenMax) this.#unwritten.shift();
        this.#unwritten.push(entry);
      },
    );
  }
}

/** What a call asks of a budget, in its base unit; 0 where it takes nothing of it. */
function askedOf({ name, unit, unpriced }: Budget, most: Most, model: string): number {
  if (unit === "calls") return 1;
  if (unit === "tokens") return most.tokens;
  if (most.usd !== null) return nanoUsdOf(most.usd);
  if (unpriced === "block") throw new ModelUnpriced(model, name);
  return 0;
}

/** What of a reservation is spent. */
function spentOf({ budget: { unit }, amount }: Part, outcome: Outcome): number {
  if (outcome.type === "free") return 0;
  if (outcome.type === "unknown" || unit === "calls") return amount;
  if (unit === "tokens") return outcome.tokens ? totalTokens(outcome.tokens) : amount;
  return outcome.usd === null ? amount : nanoUsdOf(outcome.usd);
}

/** B4 and B5: moves what was reserved to what is spent, and says so. */
function settlement(part: Part, id: string, outcome: Outcome): Append[] {
  const { budget, use, amount } = part;
  const { unit, limit, alertAt } = budget;
  const spent = spentOf(part, outcome);
  use.reserved -= amount;
  use.spent += spent;
  const reserved = shownAmount(unit, amount);
  if (outcome.type === "free") return [eventOf(part, "budget.released", { id, unit, reserved })];
  const shown = { id, unit, reserved, spent: shownAmount(unit, spent) };
  const isUnknown = outcome.type === "unknown" ? { reason: "nobody knows what it has cost" } : {};
  const events = [eventOf(part, "budget.settled", { ...shown, ...isUnknown })];
  if (spent > amount) events.push(eventOf(part, "budget.overrun", shown));
  const share = alertAt.findLast((at) => use.spent >= at * limitOf(budget));
  if (share !== undefined && share > use.alerted) {
    use.alerted = share;
    events.push(eventOf(part, "budget.alerted", { unit, limit, share, spent: shownAmount(unit, use.spent) }));
  }
  return events;
}

function settledInFull({ id, budget, period, key, unit, amount }: ReservationRow): Append {
  const shown = shownAmount(unit, amount);
  return append(streamOf(budget, period, key), "budget.settled", {
    id: id.slice(budget.length + 1),
    key,
    period,
    unit,
    reserved: shown,
    spent: shown,
    reason: "the process ended before the answer",
  });
}

function usesOf(hold: Hold): readonly Use[] {
  return hold.parts.map(({ use }) => use);
}

function sums({ budget: { unit }, amount }: Part, { id }: Hold) {
  return { id, unit, reserved: shownAmount(unit, amount) };
}

function eventOf({ budget, key, period }: Part, type: string, data: NewEvent["data"]): Append {
  return append(streamOf(budget.name, period.name, key), type, { key, period: period.name, ...data });
}

function declared(budget: Budget): Append {
  const { name, ...definition } = budget;
  return append(`budget/${name}`, "budget.declared", { definition: toJson(definition, `budget ${name}`) });
}

function textOf(budget: Budget): string {
  return canonicalJson(toJson(budget, `budget ${budget.name}`));
}

/** A stream for each period, so that retention can let go of one whole; for a run, its own. */
function streamOf(budget: string, period: string, key: string): string {
  return budget === runBudget ? `budget/${runBudget}/${key}` : `budget/${budget}/${period}`;
}

function append(stream: string, type: string, data: NewEvent["data"]): Append {
  return { stream, expectedSeq: null, actor: "engine", events: [{ type, data }] };
}
