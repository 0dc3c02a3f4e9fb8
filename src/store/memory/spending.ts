import {
  type BudgetRow,
  type CostRow,
  type CostTotal,
  costCounts,
  type ReservationRow,
  runBudget,
  type SpendingChange,
  type SpendingStore,
  type UseRow,
} from "../../core/executor/index.ts";

/** Budgets, what is taken of them, and costs by day. */
export class MemorySpending implements SpendingStore {
  readonly #budgets = new Map<string, BudgetRow>();
  readonly #reservations = new Map<string, ReservationRow>();
  readonly #uses = new Map<string, UseRow>();
  readonly #costs = new Map<string, CostRow>();

  apply(change: SpendingChange): void {
    if ("remove" in change) this.#rows(change.table).delete(change.remove);
    else if ("forget" in change) this.#forget(change);
    else if (change.table === "budgets") this.#budgets.set(change.put.id, change.put);
    else if (change.table === "reservations") this.#reservations.set(change.put.id, change.put);
    else if (change.table === "uses") this.#addUse(change.add);
    else this.#addCost(change.add);
  }

  #rows(table: "budgets" | "reservations" | "uses"): Map<string, unknown> {
    return { budgets: this.#budgets, reservations: this.#reservations, uses: this.#uses }[table];
  }

  #forget(change: Extract<SpendingChange, { readonly forget: unknown }>): void {
    if (change.table === "costs") {
      for (const [id, { day }] of this.#costs) if (day === change.forget.day) this.#costs.delete(id);
      return;
    }
    const { budget, period } = change.forget;
    for (const [id, row] of this.#uses)
      if (row.budget === budget && row.period === period) this.#uses.delete(id);
  }

  #addUse(add: UseRow): void {
    const row = this.#uses.get(add.id);
    const sum = row && {
      ...row,
      reserved: row.reserved + add.reserved,
      spent: row.spent + add.spent,
      alerted: Math.max(row.alerted, add.alerted),
      exceeded: Math.max(row.exceeded, add.exceeded),
    };
    this.#uses.set(add.id, sum ?? add);
  }

  #addCost(add: CostRow): void {
    const row = this.#costs.get(add.id);
    this.#costs.set(add.id, row ? { ...row, ...countsOf(row, add) } : add);
  }

  budgets(): readonly BudgetRow[] {
    return sorted(this.#budgets);
  }

  use(id: string): UseRow | undefined {
    return this.#uses.get(id);
  }

  uses({ budget, period, after, limit }: Parameters<SpendingStore["uses"]>[0]): readonly UseRow[] {
    return sorted(this.#uses)
      .filter((row) => row.budget === budget && row.period === period && row.id > after)
      .slice(0, limit);
  }

  taken({ budget, period }: Parameters<SpendingStore["taken"]>[0]) {
    const rows = [...this.#uses.values()].filter((row) => row.budget === budget && row.period === period);
    const sum = (of: "reserved" | "spent") => rows.reduce((total, row) => total + row[of], 0);
    return { reserved: sum("reserved"), spent: sum("spent") };
  }

  settledPeriods(): readonly Pick<UseRow, "budget" | "period">[] {
    const rows = sorted(this.#uses).filter(({ budget }) => budget !== runBudget);
    const groups = Map.groupBy(rows, ({ budget, period }) => `${budget}/${period}`);
    return [...groups.values()].flatMap(([first, ...others]) => {
      if (!first || [first, ...others].some(({ reserved }) => reserved > 0)) return [];
      return [{ budget: first.budget, period: first.period }];
    });
  }

  days(): readonly string[] {
    return [...new Set([...this.#costs.values()].map(({ day }) => day))].sort();
  }

  reservations(): readonly ReservationRow[] {
    return sorted(this.#reservations);
  }

  costs({ by, from, to, limit }: Parameters<SpendingStore["costs"]>[0]): readonly CostTotal[] {
    const totals = new Map<string, CostTotal>();
    for (const row of this.#costs.values()) {
      if (row.day < from || row.day > to) continue;
      const key = row[by];
      const total = totals.get(key);
      totals.set(key, { key, ...countsOf(row, total) });
    }
    return [...totals.values()]
      .sort((a, b) => b.nanoUsd - a.nanoUsd || (a.key < b.key ? -1 : 1))
      .slice(0, limit);
  }

  dump(): Readonly<Record<string, readonly unknown[]>> {
    return {
      budgets: this.budgets(),
      reservations: this.reservations(),
      uses: sorted(this.#uses),
      costs: sorted(this.#costs),
    };
  }
}

type Counts = Pick<CostRow, (typeof costCounts)[number]>;

function countsOf(row: Counts, other: Counts | undefined): Counts {
  const sums = costCounts.map((name) => [name, row[name] + (other?.[name] ?? 0)]);
  return Object.fromEntries(sums);
}

function sorted<Row>(rows: ReadonlyMap<string, Row>): readonly Row[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
