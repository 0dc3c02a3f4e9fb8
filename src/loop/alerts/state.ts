import type { AlertRow } from "../../core/executor/index.ts";
import { holdMs, holdMsMax, openAlertsMax } from "./limits.ts";

export const alertKinds = [
  "target",
  "degraded",
  "rollout",
  "budget",
  "paused",
  "review",
  "breaker",
  "test",
] as const;
export type AlertKind = (typeof alertKinds)[number];

/** Something that holds now and that a person should know. */
export interface Condition {
  readonly kind: AlertKind;
  /** The same cause is the same alert, for as long as it holds. */
  readonly cause: string;
  readonly workflow: string | null;
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number | null>>;
}

/** Since when open alerts have had no condition, by their causes. */
export type Absences = ReadonlyMap<string, number>;

export interface Situation {
  readonly open: readonly AlertRow[];
  readonly conditions: readonly Condition[];
  readonly absences: Absences;
  /** How often a cause was raised lately, the open alert among them. */
  readonly raisedLately: (cause: string) => number;
  readonly nowMs: number;
}

/**
 * What is to be raised and what is to be cleared, by what holds now alone: after a crash, the next look comes
 * to the same. One that comes and goes is held open longer each time.
 */
export function decide({ open, conditions, absences, raisedLately, nowMs }: Situation): {
  readonly raise: readonly Condition[];
  readonly clear: readonly AlertRow[];
  readonly absences: Absences;
} {
  const holding = new Set(conditions.map(({ cause }) => cause));
  const known = new Set(open.map(({ cause }) => cause));
  const absent = open.filter(({ cause, kind }) => kind !== "test" && !holding.has(cause));
  const since = new Map(absent.map(({ cause }) => [cause, absences.get(cause) ?? nowMs]));
  const clear = absent.filter(
    ({ cause }) => nowMs - (since.get(cause) ?? nowMs) >= holdOf(raisedLately(cause)),
  );
  for (const { cause } of clear) since.delete(cause);
  const room = Math.max(0, openAlertsMax - open.length);
  const raise = conditions.filter(({ cause }) => !known.has(cause)).slice(0, room);
  return { raise, clear, absences: since };
}

function holdOf(raisedLately: number): number {
  return Math.min(holdMsMax, holdMs * 2 ** Math.max(0, raisedLately - 1));
}
