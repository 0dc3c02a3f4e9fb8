import { z } from "zod";
import { alertKinds } from "../../loop/alerts/index.ts";
import { operation } from "../operation.ts";
import { limit, list, moment, once, page } from "../schema.ts";

const delivery = once(() =>
  z
    .object({
      receiver: z.string(),
      of: z.enum(["raised", "cleared"]),
      status: z.enum(["pending", "delivered", "given_up"]),
      attempts: z.int(),
      at: moment.describe(
        "When it was tried last; before the first attempt, when it was put down to be sent.",
      ),
      nextAt: moment.nullable().describe("When it is tried again."),
      error: z.string().nullable().describe("Why the last attempt failed."),
    })
    .meta({ id: "Delivery" }),
);

const alert = once(() =>
  z
    .object({
      id: z.string(),
      kind: z.enum(alertKinds),
      cause: z.string().describe("What it is about; a cause has one open alert."),
      workflow: z.string().nullable(),
      message: z.string(),
      facts: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
      status: z.enum(["open", "cleared"]),
      raisedAt: moment,
      clearedAt: moment.nullable(),
      deliveries: list(delivery()),
    })
    .meta({ id: "Alert" }),
);

export const listAlerts = operation({
  id: "listAlerts",
  method: "get",
  path: "/v1/alerts",
  summary: "Alerts, newest first, with who was told of each.",
  query: z.object({
    status: z.enum(["open", "cleared"]).optional(),
    kind: z.enum(alertKinds).optional(),
    workflow: z.string().optional(),
    cursor: z.string().optional(),
    limit: limit(50, 200),
  }),
  answer: () => page(alert()),
});

export const getAlert = operation({
  id: "getAlert",
  method: "get",
  path: "/v1/alerts/{id}",
  summary: "An alert, with who was told of it.",
  answer: alert,
});

export const testAlerts = operation({
  id: "testAlerts",
  method: "post",
  path: "/v1/alerts/test",
  summary: "Sends a test to every receiver that the settings name.",
  body: z.strictObject({}),
  answer: alert,
  statuses: [202],
  takesKey: "recorded",
});
