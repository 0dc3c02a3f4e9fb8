import {
  type AlertChange,
  type AlertFilter,
  type AlertRow,
  type AlertStore,
  type DeliveryRow,
  deliveryId,
} from "../../core/executor/index.ts";

export class MemoryAlerts implements AlertStore {
  readonly #alerts = new Map<string, AlertRow>();
  readonly #deliveries = new Map<string, DeliveryRow>();

  apply(change: AlertChange): void {
    if (change.table === "alerts") {
      const row = "put" in change ? change.put : this.#alerts.get(change.update);
      if (row) this.#alerts.set(row.id, "put" in change ? row : { ...row, ...change.set });
    } else {
      const row = "put" in change ? change.put : this.#deliveries.get(change.update);
      if (row) this.#deliveries.set(row.id, "put" in change ? row : { ...row, ...change.set });
    }
  }

  alert(id: string): AlertRow | undefined {
    return this.#alerts.get(id);
  }

  alerts({ status, kind, workflow, before, limit }: AlertFilter): readonly AlertRow[] {
    return sorted(this.#alerts)
      .toReversed()
      .filter((row) => status === undefined || row.status === status)
      .filter((row) => kind === undefined || row.kind === kind)
      .filter((row) => workflow === undefined || row.workflow === workflow)
      .filter(({ id }) => before === undefined || id < before)
      .slice(0, limit);
  }

  raised(cause: string, fromMs: number): number {
    return sorted(this.#alerts).filter((row) => row.cause === cause && row.raisedAt >= fromMs).length;
  }

  deliveries(alert: string): readonly DeliveryRow[] {
    const rows = sorted(this.#deliveries).filter((row) => row.alert === alert);
    return [
      ...rows.filter(({ moment }) => moment === "raised"),
      ...rows.filter(({ moment }) => moment === "cleared"),
    ];
  }

  dueDeliveries(nowMs: number, limit: number): readonly DeliveryRow[] {
    const isPending = (id: string) => this.#deliveries.get(id)?.status === "pending";
    return sorted(this.#deliveries)
      .filter(({ status, dueAt }) => status === "pending" && dueAt <= nowMs)
      .filter(
        ({ moment, alert, receiver }) =>
          moment === "raised" || !isPending(deliveryId(alert, "raised", receiver)),
      )
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, limit);
  }

  dump(): Readonly<Record<string, readonly unknown[]>> {
    return { alerts: sorted(this.#alerts), deliveries: sorted(this.#deliveries) };
  }
}

function sorted<Row>(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
