import type { Command } from "commander";
import { formatMoney } from "../core/base/index.ts";
import { type CostDimension, costDimensions } from "../core/executor/index.ts";
import { json, onFolder, queryOf } from "./connect.ts";
import { type CommonOptions, type ExitCode, exit, print, printJson, table } from "./io.ts";

interface ShownBudget {
  readonly name: string;
  readonly by: string;
  readonly key: string;
  readonly period: string;
  readonly unit: "usd" | "tokens" | "calls";
  readonly limit: number;
  readonly reserved: number;
  readonly spent: number;
  readonly status: string;
  readonly resetsAt: string | null;
}

interface ShownCost {
  readonly key: string;
  readonly calls: number;
  readonly cost: number | null;
  readonly unpriced: number;
  readonly tokens: Readonly<Record<string, number>>;
}

interface BudgetOptions extends CommonOptions {
  readonly name?: string;
}

interface CostOptions extends CommonOptions {
  readonly by: CostDimension;
  readonly from?: string;
  readonly to?: string;
}

/** Most rows that one page of the API has. */
const pageRows = 1_000;

export function registerBudgets(program: Command, done: (code: ExitCode) => void): void {
  const common = (command: Command) =>
    command.option("--home <dir>", "the data folder (default .flyball)").option("--json", "JSON Lines");

  common(program.command("budgets"))
    .summary("what is left of each budget")
    .description("Of each budget that holds: what is reserved and spent in the present period, by key.")
    .option("--name <name>", "only this one")
    .action(async (options: BudgetOptions) => done(await showBudgets(options)));

  common(program.command("costs"))
    .summary("what calls to models have cost")
    .description("The dearest first. Days are UTC; without --from and --to, this month so far.")
    .option("--by <what>", costDimensions.join(", "), "workflow")
    .option("--from <day>", "such as 2026-01-31")
    .option("--to <day>")
    .action(async (options: CostOptions) => done(await showCosts(options)));
}

function showBudgets(options: BudgetOptions): Promise<ExitCode> {
  return onFolder(options, async (api) => {
    const items: ShownBudget[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query = queryOf({ name: options.name, cursor: cursor || undefined, limit: String(pageRows) });
      const response = await api.request("GET", `/v1/budgets?${query}`);
      const page: { items: ShownBudget[]; nextCursor: string | null } = await json(response);
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    if (options.json) for (const item of items) printJson(item);
    else if (items.length === 0) print("There are no budgets.");
    else print(table([budgetHead, ...items.map(budgetRow)], 3));
    return exit.done;
  });
}

const budgetHead = ["budget", "of", "period", "limit", "spent", "reserved", "status"];

function budgetRow({ name, by, key, period, unit, limit, spent, reserved, status }: ShownBudget): string[] {
  const amount = (value: number) => (unit === "usd" ? formatMoney(value) : `${value} ${unit}`);
  const of = by === "all" ? "all" : `${by} ${key === "" ? "(none)" : key}`;
  return [name, of, period, amount(limit), amount(spent), amount(reserved), status];
}

function showCosts(options: CostOptions): Promise<ExitCode> {
  return onFolder(options, async (api) => {
    const { by, from, to } = options;
    const response = await api.request("GET", `/v1/costs?${queryOf({ by, from, to })}`);
    const { items }: { items: ShownCost[] } = await json(response);
    if (options.json) for (const item of items) printJson(item);
    else if (items.length === 0) print("Nothing was spent.");
    else print(table([[by, "calls", "cost", "without price", ...tokenParts], ...items.map(costRow)], 1));
    return exit.done;
  });
}

const tokenParts = ["input", "cached", "cacheWrite", "output", "reasoning"] as const;

function costRow({ key, calls, cost, unpriced, tokens }: ShownCost): string[] {
  const money = cost === null ? "unknown" : formatMoney(cost);
  const counts = tokenParts.map((part) => String(tokens[part] ?? 0));
  return [key === "" ? "(none)" : key, String(calls), money, String(unpriced), ...counts];
}
