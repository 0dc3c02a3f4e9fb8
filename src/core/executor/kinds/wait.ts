import { z } from "zod";
import {
  assert,
  InvalidText,
  type Json,
  type JsonObject,
  messageOf,
  parseDuration,
} from "../../base/index.ts";
import type { StepContext, StepKind, StepOutcome } from "../../workflow/index.ts";
import { WaitExpired } from "./errors.ts";
import { eventName, isExpression } from "./names.ts";

const time = z.union([z.string(), z.number()]);

/**
 * `wait: { for: 4h }`, `wait: { until: "2026-03-01T09:00:00Z" }` or `wait: { event: payment, within: 3d }`.
 * A waiting run costs a row. `value` is the event's data, none after a time; `expired` says that the
 * event did not come and `on_timeout: continue` let the run go on.
 */
export const wait: StepKind = {
  name: "wait",
  summary: "Waits for a while, until a moment, or for an event.",
  config: z.strictObject({
    for: time.optional().describe("A duration: 500ms, 2s, 4h, 1h30m; a bare number is seconds."),
    until: time
      .optional()
      .describe("An ISO 8601 time (UTC unless it says otherwise) or milliseconds since 1970."),
    event: z.string().min(1).optional().describe("The name of an event, or of a signal to this run."),
    within: time.optional().describe("How long to wait for the event at most."),
    onTimeout: z.enum(["fail", "continue"]).optional(),
  }),
  fields: ["expired"],
  callsOut: false,
  effect: () => "none",
  check,
  execute,
  resume(config, woken) {
    if (woken.by === "event") return done(woken.data, false);
    assert(woken.by === "time", `a wait was woken by ${woken.by}`);
    if (config.event === undefined) return done(null, false);
    if (config.onTimeout !== "continue") throw new WaitExpired(eventName(config.event));
    return done(null, true);
  },
};

function execute(config: JsonObject, context: StepContext): StepOutcome {
  const nowMs = context.clock.now();
  if (config.event !== undefined) {
    const key = eventName(config.event);
    // Nobody sends an event to a shadow.
    if (context.effects === "simulated") return { result: { value: null, expired: false, simulated: true } };
    if (config.within === undefined) return { wait: { for: "event", key } };
    const dueAt = nowMs + durationMs(config.within);
    return { wait: { for: "event", key, dueAt, deadline: dueAt } };
  }
  const dueAt = config.for !== undefined ? nowMs + durationMs(config.for) : momentMs(config.until);
  return dueAt <= nowMs ? done(null, false) : { wait: { for: "time", dueAt } };
}

function done(value: Json, expired: boolean): StepOutcome {
  return { result: { value, expired } };
}

function durationMs(value: Json | undefined): number {
  if (typeof value === "string" || typeof value === "number") return parseDuration(value);
  throw new InvalidText(String(value), "a duration such as 500ms, 2s, 4h or 1h30m");
}

/**
 * The last moment that a date can hold, in milliseconds; a later one would never come.
 * (ECMA-262, "Time Values and Time Range")
 */
const momentMsMax = 8.64e15;
const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i;

/** Milliseconds since 1970 of an ISO 8601 time. Without a zone it is UTC: the same on every machine. */
function momentMs(value: Json | undefined): number {
  if (typeof value === "number" && Math.abs(value) <= momentMsMax) return value;
  const [, date, clock = "00:00", zone = "Z"] = isoTime.exec(String(value)) ?? [];
  const offset = zone.toUpperCase() === "Z" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const ms = date === undefined ? Number.NaN : Date.parse(`${date}T${clock.replace(",", ".")}${offset}`);
  if (Number.isNaN(ms))
    throw new InvalidText(String(value), "a time such as 2026-03-01T09:00:00Z, or milliseconds since 1970");
  return ms;
}

function check(config: JsonObject): { path: string[]; message: string }[] {
  const problems: { path: string[]; message: string }[] = [];
  const named = ["for", "until", "event"].filter((name) => config[name] !== undefined);
  if (named.length !== 1) {
    const found = named.length === 0 ? "none" : named.join(" and ");
    problems.push({
      path: named.slice(1, 2),
      message: `expected exactly one of for, until, event; found ${found}`,
    });
  }
  for (const name of ["within", "onTimeout"] as const)
    if (config[name] !== undefined && config.event === undefined)
      problems.push({ path: [name], message: "is about an event: there is none here" });
  if (config.onTimeout !== undefined && config.event !== undefined && config.within === undefined)
    problems.push({ path: ["onTimeout"], message: "needs within: without it the wait never times out" });
  const readers = { for: durationMs, until: momentMs, event: eventName, within: durationMs };
  for (const [name, read] of Object.entries(readers)) {
    const message = isExpression(config[name])
      ? undefined
      : problemOf(() => read(config[name]), config[name]);
    if (message !== undefined) problems.push({ path: [name], message });
  }
  return problems;
}

function problemOf(read: () => unknown, value: Json | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    read();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
