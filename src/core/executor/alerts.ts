import { isJsonObject } from "../base/index.ts";
import type { PendingEvent } from "../journal/index.ts";

// The fold of alerts and of who was told of them: streams `alert/ID`. Whoever watches writes them.

/** Something that a person should know. While it is open, nothing else is raised for the same cause. */
export interface AlertRow {
  readonly id: string;
  readonly kind: string;
  /** What it is about, such as `target/triage/automated`. */
  readonly cause: string;
  readonly workflow: string | null;
  readonly message: string;
  /** JSON text of an object. */
  readonly facts: string;
  readonly status: "open" | "cleared";
  readonly raisedAt: number;
  readonly clearedAt: number | null;
}

export type AlertMoment = "raised" | "cleared";

/** One message to one receiver. */
export interface DeliveryRow {
  /** `ALERT/MOMENT/RECEIVER`. */
  readonly id: string;
  readonly alert: string;
  readonly moment: AlertMoment;
  readonly receiver: string;
  readonly status: "pending" | "delivered" | "given_up";
  readonly attempts: number;
  /** When it is sent, or sent again: wall-clock milliseconds. */
  readonly dueAt: number;
  readonly updatedAt: number;
  /** Why the last attempt failed. */
  readonly error: string | null;
}

export type AlertChange =
  | { readonly table: "alerts"; readonly put: AlertRow }
  | { readonly table: "alerts"; readonly update: string; readonly set: Partial<AlertRow> }
  | { readonly table: "deliveries"; readonly put: DeliveryRow }
  | { readonly table: "deliveries"; readonly update: string; readonly set: Partial<DeliveryRow> };

export interface AlertFilter {
  readonly status?: AlertRow["status"] | undefined;
  readonly kind?: string | undefined;
  readonly workflow?: string | undefined;
  /** Only alerts older than this one: the cursor of the next page. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** What is asked of the tables of alerts. */
export interface AlertStore {
  alert(id: string): AlertRow | undefined;
  /** Newest first. */
  alerts(filter: AlertFilter): readonly AlertRow[];
  /** How often one was raised for a cause, from a moment on. */
  raised(cause: string, fromMs: number): number;
  /** Of an alert, in the order in which they are sent. */
  deliveries(alert: string): readonly DeliveryRow[];
  /** Pending ones that are due, the longest due first; of an end, only once its beginning is no longer pending. */
  dueDeliveries(nowMs: number, limit: number): readonly DeliveryRow[];
}

export function deliveryId(alert: string, moment: AlertMoment, receiver: string): string {
  return `${alert}/${moment}/${receiver}`;
}

export function alertChanges(id: string, event: PendingEvent): readonly AlertChange[] {
  const { type, at, data } = event;
  switch (type) {
    case "alert.raised": {
      const put: AlertRow = {
        id,
        kind: String(data.kind),
        cause: String(data.cause),
        workflow: typeof data.workflow === "string" ? data.workflow : null,
        message: String(data.message),
        facts: JSON.stringify(isJsonObject(data.facts) ? data.facts : {}),
        status: "open",
        raisedAt: at,
        clearedAt: null,
      };
      return [{ table: "alerts", put }, ...addressed(id, "raised", event)];
    }
    case "alert.cleared": {
      const set = { status: "cleared", clearedAt: at } as const;
      return [{ table: "alerts", update: id, set }, ...addressed(id, "cleared", event)];
    }
    case "alert.delivered":
      return [attempted(id, event, { status: "delivered", error: null })];
    case "alert.undelivered": {
      const { dueAt } = data;
      const next =
        typeof dueAt === "number"
          ? ({ status: "pending", dueAt } as const)
          : ({ status: "given_up" } as const);
      return [attempted(id, event, { ...next, error: String(data.error) })];
    }
    default:
      return [];
  }
}

function addressed(alert: string, moment: AlertMoment, { at, data }: PendingEvent): readonly AlertChange[] {
  const receivers = Array.isArray(data.to) ? data.to.map(String) : [];
  return receivers.map((receiver) => ({
    table: "deliveries",
    put: {
      id: deliveryId(alert, moment, receiver),
      alert,
      moment,
      receiver,
      status: "pending",
      attempts: 0,
      dueAt: at,
      updatedAt: at,
      error: null,
    },
  }));
}

function attempted(alert: string, { at, data }: PendingEvent, set: Partial<DeliveryRow>): AlertChange {
  const moment = data.moment === "cleared" ? "cleared" : "raised";
  return {
    table: "deliveries",
    update: deliveryId(alert, moment, String(data.receiver)),
    set: { ...set, attempts: Number(data.attempts), updatedAt: at },
  };
}
