import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import {
  type BudgetRow,
  type CostTotal,
  costCounts,
  type ReservationRow,
  runBudget,
  type SpendingChange,
  type SpendingStore,
  type UseRow,
} from "../../core/executor/index.ts";

type Addition = Extract<SpendingChange, { readonly add: unknown }>;
type Oblivion = Extract<SpendingChange, { readonly forget: unknown }>;
export type SpendingStatements = Readonly<
  Record<Addition["table"] | "forgetUses" | "forgetCosts", StatementSync>
>;

const useColumns = ["id", "budget", "period", "key", "reserved", "spent", "alerted", "exceeded"] as const;
const costColumns = ["id", "day", "workflow", "tenant", "feature", "model", ...costCounts] as const;

/** Each adds a row to the one of its id. */
export function spendingStatements(database: DatabaseSync): SpendingStatements {
  const insert = (table: string, columns: readonly string[], sums: readonly string[]) =>
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
      ON CONFLICT (id) DO UPDATE SET ${sums.join(", ")}`;
  const sum = (name: string) => `${name} = ${name} + excluded.${name}`;
  const highest = (name: string) => `${name} = max(${name}, excluded.${name})`;
  const useSums = [...["reserved", "spent"].map(sum), ...["alerted", "exceeded"].map(highest)];
  return {
    uses: database.prepare(insert("uses", useColumns, useSums)),
    costs: database.prepare(insert("costs", costColumns, costCounts.map(sum))),
    forgetUses: database.prepare("DELETE FROM uses WHERE budget = ? AND period = ?"),
    forgetCosts: database.prepare("DELETE FROM costs WHERE day = ?"),
  };
}

export function addSpending(statements: SpendingStatements, change: Addition): void {
  if (change.table === "uses") statements.uses.run(...useColumns.map((name) => change.add[name]));
  else statements.costs.run(...costColumns.map((name) => change.add[name]));
}

export function forgetSpending(statements: SpendingStatements, change: Oblivion): void {
  if (change.table === "costs") statements.forgetCosts.run(change.forget.day);
  else statements.forgetUses.run(change.forget.budget, change.forget.period);
}

type Query = (sql: string, ...values: SQLInputValue[]) => Record<string, unknown>[];

export function sqliteSpending(
  query: Query,
): SpendingStore & { dump(): Readonly<Record<string, readonly unknown[]>> } {
  const rows = <Row>(sql: string, ...values: SQLInputValue[]) =>
    query(sql, ...values).map((row) => ({ ...row }) as Row);
  const sums = costCounts.map((name) => `sum(${name}) AS ${name}`).join(", ");
  return {
    budgets: () => rows<BudgetRow>("SELECT * FROM budgets ORDER BY id"),
    use: (id) => rows<UseRow>("SELECT * FROM uses WHERE id = ?", id)[0],
    uses: ({ budget, period, after, limit }) =>
      rows<UseRow>(
        "SELECT * FROM uses WHERE budget = ? AND period = ? AND id > ? ORDER BY id LIMIT ?",
        budget,
        period,
        after,
        limit,
      ),
    taken: ({ budget, period }) =>
      rows<Pick<UseRow, "reserved" | "spent">>(
        `SELECT coalesce(sum(reserved), 0) AS reserved, coalesce(sum(spent), 0) AS spent FROM uses
          WHERE budget = ? AND period = ?`,
        budget,
        period,
      )[0] ?? { reserved: 0, spent: 0 },
    settledPeriods: () =>
      rows<Pick<UseRow, "budget" | "period">>(
        `SELECT budget, period FROM uses WHERE budget <> ? GROUP BY budget, period
          HAVING max(reserved) <= 0 ORDER BY budget, period`,
        runBudget,
      ),
    days: () => query("SELECT DISTINCT day FROM costs ORDER BY day").map(({ day }) => String(day)),
    reservations: () => rows<ReservationRow>("SELECT * FROM reservations ORDER BY id"),
    costs: ({ by, from, to, limit }) =>
      rows<CostTotal>(
        `SELECT ${by} AS key, ${sums} FROM costs WHERE day BETWEEN ? AND ?
          GROUP BY ${by} ORDER BY sum(nanoUsd) DESC, ${by} LIMIT ?`,
        from,
        to,
        limit,
      ),
    dump: () => ({
      budgets: query("SELECT * FROM budgets ORDER BY id"),
      reservations: query("SELECT * FROM reservations ORDER BY id"),
      uses: query("SELECT * FROM uses ORDER BY id"),
      costs: query("SELECT * FROM costs ORDER BY id"),
    }),
  };
}
