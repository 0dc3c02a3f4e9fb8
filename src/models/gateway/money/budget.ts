import { z } from "zod";
import { assert, type Json, periods } from "../../../core/base/index.ts";
import {
  type BudgetRow,
  type BudgetUnit,
  baseAmount,
  budgetUnits,
  runBudget,
} from "../../../core/executor/index.ts";
import type { Asset } from "../../../core/workflow/index.ts";

// A budget as it holds: what the event `budget.declared` says of it, so that it holds for a data folder
// whatever settings it is opened with, and who changed it when is in the journal.

export const budgetActions = ["block", "downgrade", "alert"] as const;

const asset: z.ZodType<Asset> = z.object({
  kind: z.string(),
  name: z.string(),
  digest: z.string(),
  content: z.custom<Json>((value) => value !== undefined),
});

/** Who answers instead: a route or model, with what it names; whole, since no run has pinned it. */
const downgrade = z.strictObject({ asset, uses: z.array(asset) });
export type Downgrade = z.output<typeof downgrade>;

export const budgetContent = z.strictObject({
  /** `all`, `workflow`, `route`, `model`, or the name of a tag: each of its values has a limit of its own. */
  by: z.string(),
  unit: z.enum(budgetUnits),
  /** Dollars, tokens or calls. */
  limit: z.number(),
  period: z.enum(periods),
  /** What becomes of a call that does not fit. */
  action: z.enum(budgetActions),
  to: downgrade.exactOptional(),
  /** Shares of the limit at which an event says so, ascending. */
  alertAt: z.array(z.number()),
  /** What becomes of a call of which nobody knows what it may cost. */
  unpriced: z.enum(["block", "allow"]),
});
export type BudgetContent = z.output<typeof budgetContent>;
export type Budget = BudgetContent & { readonly name: string };

export function budgetOf({ id, definition }: Pick<BudgetRow, "id" | "definition">): Budget {
  const parsed = budgetContent.safeParse(JSON.parse(definition));
  assert(parsed.success, `the budget ${id} was declared in a form that is not known`);
  return { name: id, ...parsed.data };
}

/** The limit that a workflow sets for each of its runs. */
export function budgetOfRun(limitUsd: number): Budget {
  return {
    name: runBudget,
    by: "run",
    unit: "usd",
    limit: limitUsd,
    period: "total",
    action: "block",
    alertAt: [],
    unpriced: "block",
  };
}

/** Who is about to spend. */
export interface Spender {
  readonly run: string;
  readonly path: string;
  readonly workflow: string;
  readonly route: string;
  /** `provider/name`. */
  readonly model: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Whose limit it is that a spender draws on. Those without the tag share one, under the empty key. */
export function keyOf({ by }: Pick<Budget, "by">, spender: Spender): string {
  switch (by) {
    case "all":
      return "";
    case "run":
    case "workflow":
    case "route":
    case "model":
      return spender[by];
    default:
      return spender.tags[by] ?? "";
  }
}

export function limitOf({ unit, limit }: Pick<Budget, "unit" | "limit">): number {
  return baseAmount(unit, limit);
}

/** An amount for people: `$0.12`, `1500 tokens`. */
export function amountText(unit: BudgetUnit, shown: number): string {
  return unit === "usd" ? `$${Number(shown.toPrecision(6))}` : `${shown} ${unit}`;
}

export function downgradeOf({ action, to }: Budget): Downgrade | undefined {
  return action === "downgrade" ? to : undefined;
}
