import { z } from "zod";
import { InvalidText, nearestName, parseMoney, periods } from "../../../core/base/index.ts";
import { type BudgetUnit, runBudget } from "../../../core/executor/index.ts";
import { measured } from "../../../core/workflow/index.ts";
import { camelObject } from "../../prompts/index.ts";
import { budgetsMax } from "../limits.ts";
import { share } from "../units.ts";
import { type Budget, budgetActions, type Downgrade } from "./budget.ts";

// The section `budgets` of flyball.yaml.

export interface Limit {
  readonly unit: BudgetUnit;
  readonly amount: number;
}

const multiples: Readonly<Record<string, number>> = { "": 1, k: 1_000, M: 1_000_000 };
/** Nanodollars must stay below 2^53. */
const dollarsMax = 9_000_000;
const countMax = 1e15;

/** `$50`, `1M tokens`, `250k tokens`, `1000 calls`. */
export function parseLimit(text: string | number): Limit {
  const written = String(text).trim();
  if (typeof text === "string" && written.startsWith("$")) {
    const amount = parseMoney(written);
    if (amount <= dollarsMax) return { unit: "usd", amount };
  }
  const match = /^(\d+(?:\.\d+)?)\s*([kM]?)\s*(tokens|calls)$/.exec(written);
  const amount = Number(match?.[1]) * (multiples[match?.[2] ?? ""] ?? 1);
  if (!Number.isInteger(amount) || amount > countMax)
    throw new InvalidText(written, "a limit such as $50, 1M tokens or 1000 calls");
  return { unit: match?.[3] === "tokens" ? "tokens" : "calls", amount };
}

const budget = camelObject({
  name: z
    .string()
    .regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/, "expected a name: letters, digits, - and _, a letter first")
    .refine((name) => name !== runBudget, "`run` is the name of the budgets that workflows set"),
  by: z
    .string()
    .min(1)
    .max(100)
    .default("all")
    .describe("all, workflow, route, model, or the name of a tag."),
  limit: measured(parseLimit),
  period: z.enum(periods),
  // biome-ignore lint/suspicious/noThenProperty: people write what becomes of a call so, and it is no function
  then: z.enum(budgetActions).default("block"),
  to: z
    .string()
    .min(1)
    .exactOptional()
    .describe("With `downgrade`: the route or model that answers instead."),
  alertAt: z.array(share).default([]),
  unpriced: z.enum(["block", "allow"]).exactOptional(),
});

export const budgetSettings = z.array(budget).max(budgetsMax).default([]);
export type BudgetSettings = z.output<typeof budgetSettings>;
type Entry = BudgetSettings[number];

/** What the schema cannot see; `known`: whether a route or model has this name. */
export function budgetProblems(
  entries: BudgetSettings,
  targets: { readonly names: readonly string[]; isKnown(name: string): boolean },
): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] {
  return entries.flatMap((entry, index) =>
    entryProblems(entry, entries.slice(0, index), targets).map(([field, message]) => ({
      path: ["budgets", index, field],
      message,
    })),
  );
}

function entryProblems(
  { name, by, then, to }: Entry,
  before: BudgetSettings,
  { names, isKnown }: { names: readonly string[]; isKnown(name: string): boolean },
): [string, string][] {
  const problems: [string, string][] = [];
  if (before.some((other) => other.name === name)) problems.push(["name", "another budget has this name"]);
  if (by === "run") problems.push(["by", "for each run, a workflow sets `budget: $0.05` itself"]);
  if (then === "downgrade" && to === undefined)
    problems.push(["then", "a downgrade needs `to`: the route or model that answers instead"]);
  if (then !== "downgrade" && to !== undefined) problems.push(["to", "only `then: downgrade` has this"]);
  if (to !== undefined && !isKnown(to)) {
    const hint = nearestName(to, names);
    problems.push(["to", `leads to no route and no model${hint ? `; did you mean ${hint}?` : ""}`]);
  }
  return problems;
}

/** A budget as it will hold; `find`: the route or model of a name. */
export function budgetFrom(entry: Entry, find: (name: string) => Downgrade | undefined): Budget {
  const { name, by, limit, period, then, to, alertAt, unpriced } = entry;
  const target = to === undefined ? undefined : find(to);
  return {
    name,
    by,
    unit: limit.unit,
    limit: limit.amount,
    period,
    action: then,
    ...(target ? { to: target } : {}),
    alertAt: [...alertAt].sort((a, b) => a - b),
    unpriced: unpriced ?? (then === "alert" ? "allow" : "block"),
  };
}
