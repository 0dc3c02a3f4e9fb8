import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

export type Row = Record<string, unknown>;

/** Asks the database; the values are in order, or by name. */
export type Query = (sql: string, ...values: (SQLInputValue | Record<string, SQLInputValue>)[]) => Row[];

/** Conditions that all hold, with their values. */
export class Where {
  readonly #conditions: string[] = [];
  readonly values: SQLInputValue[] = [];

  and(condition: string, ...values: SQLInputValue[]): void {
    this.#conditions.push(condition);
    this.values.push(...values);
  }

  get sql(): string {
    return this.#conditions.length > 0 ? `WHERE ${this.#conditions.join(" AND ")}` : "";
  }
}

/** Each statement is prepared once, when it is first asked. */
export function queries(database: DatabaseSync): Query {
  const prepared = new Map<string, StatementSync>();
  return (sql, ...values) => {
    let statement = prepared.get(sql);
    if (!statement) {
      statement = database.prepare(sql);
      prepared.set(sql, statement);
    }
    return statement.all(...(values as SQLInputValue[]));
  };
}
