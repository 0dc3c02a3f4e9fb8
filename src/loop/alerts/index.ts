/**
 * alerts: tells people what they should know, by webhook, and keeps what was told.
 *
 * What: conditions (targets, degraded mode, guards, budgets, paused runs, reviews, breakers) held against the
 * alerts that are open; messages after Standard Webhooks; the section `alerts` of the settings.
 * Owns: the streams `alert/ID`, and what is sent to receivers.
 * Promises: W1 to W4 at the head of `alerts.ts`. Calls go only where `allow.http` lets them; secrets reach
 * the signature and nothing else.
 * Read first: `alerts.ts`, then `state.ts` (what is raised and cleared) and `conditions.ts` (what holds).
 */
export { Alerts, type AlertsDeps } from "./alerts.ts";
export { type ConditionDeps, conditionsOf } from "./conditions.ts";
export * from "./errors.ts";
export { deliverEveryMs, lookEveryMs } from "./limits.ts";
export { alertProblems, alertSettings, type Receiver } from "./settings.ts";
export { alertKinds } from "./state.ts";
