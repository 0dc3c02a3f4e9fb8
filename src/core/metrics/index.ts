/**
 * metrics: what has become durable, counted as it is committed.
 *
 * What: counters and histograms of this process, by workflow, status, kind of wait, code of error, provider
 * and model, fed by every commit of the journal.
 * Owns: nothing on disk. They begin at zero with the process, as Prometheus expects of counters.
 * Promises: what is counted is on disk; a run is counted once, by the process in which it ends, and its times
 * are whole though it began before a restart; labels hold no ids and no tags, and are bounded.
 * Read first: `metrics.ts`, then `times.ts`.
 */
export { fallbackReasons } from "./fallbacks.ts";
export type { Family, Sample } from "./instruments.ts";
export { Metrics } from "./metrics.ts";
