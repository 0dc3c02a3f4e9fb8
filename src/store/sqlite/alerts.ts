import type { AlertRow, AlertStore, DeliveryRow } from "../../core/executor/index.ts";
import { type Query, type Row, Where } from "./query.ts";

export const alertColumns = {
  alerts: ["id", "kind", "cause", "workflow", "message", "facts", "status", "raisedAt", "clearedAt"],
  deliveries: [
    "id", "alert", "moment", "receiver", "status", "attempts", "dueAt", "updatedAt", "error",
  ], // biome-ignore format: one list
};

export function sqliteAlerts(
  all: Query,
): AlertStore & { dump(): Readonly<Record<string, readonly unknown[]>> } {
  return {
    alert: (id) => all("SELECT * FROM alerts WHERE id = ?", id).map(toAlert)[0],
    alerts({ limit, before, status, kind, workflow }) {
      const where = new Where();
      if (kind !== undefined) where.and("kind = ?", kind);
      if (workflow !== undefined) where.and("workflow = ?", workflow);
      // Written out, so that the few that are open are found by their own index.
      if (status !== undefined) where.and(status === "open" ? "status = 'open'" : "status = 'cleared'");
      if (before !== undefined) where.and("id < ?", before);
      const sql = `SELECT * FROM alerts ${where.sql} ORDER BY id DESC LIMIT ?`;
      return all(sql, ...where.values, limit).map(toAlert);
    },
    raised: (cause, fromMs) =>
      Number(all("SELECT count(*) AS n FROM alerts WHERE cause = ? AND raisedAt >= ?", cause, fromMs)[0]?.n),
    deliveries: (alert) =>
      all("SELECT * FROM deliveries WHERE alert = ? ORDER BY moment DESC, receiver", alert).map(toDelivery),
    dueDeliveries: (nowMs, limit) =>
      all(
        `SELECT * FROM deliveries WHERE status = 'pending' AND dueAt <= ? AND NOT EXISTS (
            SELECT 1 FROM deliveries AS first WHERE deliveries.moment = 'cleared' AND first.status = 'pending'
              AND first.id = deliveries.alert || '/raised/' || deliveries.receiver)
          ORDER BY dueAt, id LIMIT ?`,
        nowMs,
        limit,
      ).map(toDelivery),
    dump: () => ({
      alerts: all("SELECT * FROM alerts ORDER BY id").map(toAlert),
      deliveries: all("SELECT * FROM deliveries ORDER BY id").map(toDelivery),
    }),
  };
}

function toAlert(row: Row): AlertRow {
  return { ...row } as unknown as AlertRow;
}

function toDelivery(row: Row): DeliveryRow {
  return { ...row } as unknown as DeliveryRow;
}
