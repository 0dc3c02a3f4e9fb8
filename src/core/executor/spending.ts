import { isJsonObject, type Json, type JsonObject } from "../base/index.ts";
import type { PendingEvent } from "../journal/index.ts";

// The fold of what was spent: streams `budget/NAME/PERIOD`, `budget/run/RUN` and `cost/DAY`. Whoever calls
// models writes them; sums are kept here, in the transaction of the events. All sums are of whole numbers,
// so that no order of adding makes a difference.

/** A budget that holds: its name, and its definition as JSON text. */
export interface BudgetRow {
  readonly id: string;
  readonly definition: string;
  readonly declaredAt: number;
}

/** What of a budget is taken, for one key and period: in nanodollars, tokens or calls. */
export interface UseRow {
  readonly id: string;
  readonly budget: string;
  readonly period: string;
  readonly key: string;
  /** For calls under way. */
  readonly reserved: number;
  readonly spent: number;
  /** The highest share of the limit at which somebody was told. */
  readonly alerted: number;
  /** 1 once a call was refused, or let through although it did not fit. */
  readonly exceeded: number;
}

/** What is held back for one call until its cost is known. */
export interface ReservationRow {
  readonly id: string;
  readonly budget: string;
  readonly period: string;
  readonly key: string;
  readonly amount: number;
  readonly unit: BudgetUnit;
  readonly run: string;
  readonly path: string;
  readonly at: number;
}

/** What calls have cost within a day (UTC), for each combination of what costs are asked by. */
export interface CostRow {
  readonly id: string;
  readonly day: string;
  readonly workflow: string;
  readonly tenant: string;
  readonly feature: string;
  readonly model: string;
  readonly calls: number;
  /** Of the calls: those whose cost nobody knows. */
  readonly unpriced: number;
  readonly nanoUsd: number;
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

export const costDimensions = ["workflow", "tenant", "feature", "model", "day"] as const;
export type CostDimension = (typeof costDimensions)[number];

/** The members of a row that add up. */
export const costCounts = [
  "calls",
  "unpriced",
  "nanoUsd",
  "input",
  "cached",
  "cacheWrite",
  "output",
  "reasoning",
] as const satisfies readonly (keyof CostRow)[];

/** Costs of all rows with the same value in one dimension. */
export type CostTotal = Pick<CostRow, (typeof costCounts)[number]> & { readonly key: string };

/** Changes of the tables of spending; in what is added, counts add up, and of shares the highest stays. */
export type SpendingChange =
  | { readonly table: "budgets"; readonly put: BudgetRow }
  | { readonly table: "reservations"; readonly put: ReservationRow }
  | { readonly table: "budgets" | "reservations" | "uses"; readonly remove: string }
  | { readonly table: "uses"; readonly add: UseRow }
  | { readonly table: "costs"; readonly add: CostRow }
  /** All rows of a budget and period, or of a day. */
  | { readonly table: "uses"; readonly forget: { readonly budget: string; readonly period: string } }
  | { readonly table: "costs"; readonly forget: { readonly day: string } };

/** What is asked of the tables of spending. */
export interface SpendingStore {
  budgets(): readonly BudgetRow[];
  use(id: string): UseRow | undefined;
  /** What is taken of a budget in a period, in order of id, after one of them. */
  uses(filter: { budget: string; period: string; after: string; limit: number }): readonly UseRow[];
  /** What is taken of a budget in a period, by all keys together. */
  taken(filter: { budget: string; period: string }): Pick<UseRow, "reserved" | "spent">;
  /** Budgets and periods of which something was taken and nothing is reserved; not those of runs. */
  settledPeriods(): readonly Pick<UseRow, "budget" | "period">[];
  reservations(): readonly ReservationRow[];
  /** The days that have costs. */
  days(): readonly string[];
  /** Costs from one day to another, both included, the dearest first. */
  costs(filter: { by: CostDimension; from: string; to: string; limit: number }): readonly CostTotal[];
}

export const budgetUnits = ["usd", "tokens", "calls"] as const;
export type BudgetUnit = (typeof budgetUnits)[number];

/** The name of the budgets that workflows set for each of their runs. */
export const runBudget = "run";

/** Which use of a budget an event or a call belongs to. A run's own is called as its stream is. */
export function useId(budget: string, period: string, key: string): string {
  return budget === runBudget ? `${runBudget}/${key}` : `${budget}/${period}/${key}`;
}

const nanoPerDollar = 1_000_000_000;

/** Whole nanodollars, rounded up: what is held against a limit is never less than what was spent. */
export function nanoUsdOf(usd: number): number {
  // A float's last bits are no cost: 0.1 + 0.2 is 300,000,000 and not one more.
  return Math.ceil(Number((usd * nanoPerDollar).toFixed(3)));
}

/** An amount as people and events write it (dollars, tokens, calls), in whole units as tables keep it. */
export function baseAmount(unit: BudgetUnit, shown: number): number {
  return unit === "usd" ? Math.round(shown * nanoPerDollar) : shown;
}

export function shownAmount(unit: BudgetUnit, base: number): number {
  return unit === "usd" ? base / nanoPerDollar : base;
}

export function budgetChanges(id: string, event: PendingEvent): readonly SpendingChange[] {
  const { type, data, at } = event;
  const [budget = ""] = id.split("/", 1);
  if (type === "budget.declared")
    return [{ table: "budgets", put: { id, definition: JSON.stringify(data.definition), declaredAt: at } }];
  if (type === "budget.withdrawn") return [{ table: "budgets", remove: id }];
  const [period, key] = [String(data.period), String(data.key)];
  const use: UseRow = {
    id: useId(budget, period, key),
    budget,
    period,
    key,
    reserved: 0,
    spent: 0,
    alerted: 0,
    exceeded: 0,
  };
  const unit = unitOf(data.unit);
  const reservation = `${budget}/${String(data.id)}`;
  const reserved = baseAmount(unit, Number(data.reserved ?? 0));
  switch (type) {
    case "budget.reserved": {
      const { run, path } = data;
      const row = { id: reservation, budget, period, key, amount: reserved, unit };
      return [
        { table: "reservations", put: { ...row, run: String(run), path: String(path), at } },
        { table: "uses", add: { ...use, reserved } },
      ];
    }
    case "budget.settled":
    case "budget.released": {
      const spent = baseAmount(unit, Number(data.spent ?? 0));
      return [
        { table: "reservations", remove: reservation },
        { table: "uses", add: { ...use, reserved: -reserved, spent } },
      ];
    }
    case "budget.alerted":
      return [{ table: "uses", add: { ...use, alerted: Number(data.share) } }];
    case "budget.exceeded":
      return [{ table: "uses", add: { ...use, exceeded: 1 } }];
    default:
      return [];
  }
}

/** What goes with a pruned stream: the rows that its events have made. */
export function forgottenSpending(owner: "budget" | "cost", id: string): readonly SpendingChange[] {
  if (owner === "cost") return [{ table: "costs", forget: { day: id } }];
  const [budget = "", period = ""] = id.split("/");
  return [
    budget === runBudget ? { table: "uses", remove: id } : { table: "uses", forget: { budget, period } },
  ];
}

function unitOf(value: Json | undefined): BudgetUnit {
  return budgetUnits.find((unit) => unit === value) ?? "usd";
}

/** A request to a model that cost something, or of which nobody knows what it cost: the data of `cost.charged`. */
export type Charge = {
  readonly run: string;
  readonly path: string;
  readonly workflow: string;
  readonly tenant: string;
  readonly feature: string;
  readonly model: string;
  /** Null when the model has no price. */
  readonly usd: number | null;
  readonly tokens: JsonObject | null;
  readonly price?: string;
  /** The code of the error with which the attempt failed. */
  readonly failed?: string;
};

export function costChanges(day: string, { type, data }: PendingEvent): readonly SpendingChange[] {
  if (type !== "cost.charged") return [];
  const text = (name: string) => String(data[name] ?? "");
  const [workflow, tenant, feature, model] = [
    text("workflow"),
    text("tenant"),
    text("feature"),
    text("model"),
  ];
  const tokens = isJsonObject(data.tokens) ? data.tokens : {};
  const count = (name: string) => Number(tokens[name] ?? 0);
  const add: CostRow = {
    id: JSON.stringify([day, workflow, tenant, feature, model]),
    day,
    workflow,
    tenant,
    feature,
    model,
    calls: 1,
    unpriced: data.usd === null ? 1 : 0,
    nanoUsd: typeof data.usd === "number" ? nanoUsdOf(data.usd) : 0,
    input: count("input"),
    cached: count("cached"),
    cacheWrite: count("cacheWrite"),
    output: count("output"),
    reasoning: count("reasoning"),
  };
  return [{ table: "costs", add }];
}
