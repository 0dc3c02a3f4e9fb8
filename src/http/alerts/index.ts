import { Hono } from "hono";
import type { AlertRow, DeliveryRow } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import { alertKinds } from "../../loop/alerts/index.ts";
import { serve } from "../operation.ts";
import { iso } from "../runs/present.ts";
import { getAlert, listAlerts, testAlerts } from "./schema.ts";

/** `/v1/alerts`: what was told, what is open, and whether it arrived. */
export function alertRoutes(engine: Engine): Hono {
  const routes = new Hono();
  const { alerts } = engine;
  const present = (row: AlertRow) => presentAlert(row, engine.control.alerts.deliveries(row.id));

  serve(routes, listAlerts, ({ query: { cursor, limit, ...filter } }) => {
    const rows = engine.control.alerts.alerts({ ...filter, before: cursor, limit: limit + 1 });
    const items = rows.slice(0, limit);
    const nextCursor = rows.length > limit ? (items.at(-1)?.id ?? null) : null;
    return { items: items.map(present), nextCursor };
  });

  serve(routes, getAlert, ({ params: { id } }) => present(alerts.row(id)));

  serve(routes, testAlerts, async () => present(alerts.row(await alerts.test())));

  return routes;
}

function presentAlert(row: AlertRow, deliveries: readonly DeliveryRow[]) {
  const { id, cause, workflow, message, facts, status, raisedAt, clearedAt } = row;
  return {
    id,
    kind: alertKinds.find((kind) => kind === row.kind) ?? "test",
    cause,
    workflow,
    message,
    facts: JSON.parse(facts),
    status,
    raisedAt: iso(raisedAt),
    clearedAt: iso(clearedAt),
    deliveries: deliveries.map(presentDelivery),
  };
}

function presentDelivery({ receiver, moment, status, attempts, updatedAt, dueAt, error }: DeliveryRow) {
  const nextAt = status === "pending" ? iso(dueAt) : null;
  return { receiver, of: moment, status, attempts, at: iso(updatedAt), nextAt, error };
}
