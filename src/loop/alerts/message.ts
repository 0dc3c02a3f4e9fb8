import { createHmac } from "node:crypto";
import type { AlertMoment, AlertRow } from "../../core/executor/index.ts";

/** One message as it goes out. */
export interface Message {
  /** The same on every attempt, so that a receiver can leave out what it has had. */
  readonly id: string;
  readonly body: string;
}

export function messageOf(alert: AlertRow, moment: AlertMoment): Message {
  const { id, kind, cause, workflow, message, facts, raisedAt, clearedAt } = alert;
  const at = moment === "cleared" ? (clearedAt ?? raisedAt) : raisedAt;
  const body = {
    type: `alert.${moment}`,
    timestamp: new Date(at).toISOString(),
    data: { id, kind, cause, workflow, message, facts: JSON.parse(facts) },
  };
  return { id: `msg_${id}_${moment}`, body: JSON.stringify(body) };
}

/** The headers of Standard Webhooks; `timestampMs` is the attempt's own. */
export function headersOf(
  { id, body }: Message,
  { secret, timestampMs }: { readonly secret: string | undefined; readonly timestampMs: number },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(timestampMs / 1_000));
  return {
    "content-type": "application/json",
    "user-agent": "Flyball",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    ...(secret === undefined ? {} : { "webhook-signature": signature(secret, `${id}.${timestamp}.${body}`) }),
  };
}

/** `v1,` and the HMAC. A secret that begins with `whsec_` is base64, any other the text itself. */
function signature(secret: string, signed: string): string {
  const key = secret.startsWith("whsec_")
    ? Buffer.from(secret.slice("whsec_".length), "base64")
    : Buffer.from(secret);
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}
