/**
 * targets: acts when a workflow is beyond its bounds.
 *
 * What: degraded mode. While a workflow fails too often, is too slow or too dear, new runs get the routes
 * that it names for that case; a few runs try now and then whether all is well again.
 * Owns: the events `workflow.degraded` and `workflow.restored` in the stream `workflow/NAME`.
 * Promises: what is decided follows from ended runs alone, by a pure fold; a run keeps the release that it
 * began with; both moments are in the journal, with the figures, before the first run is treated so.
 * Read first: `state.ts` (the fold), then `degradation.ts`.
 */
export { Degradation, type DegradationOptions } from "./degradation.ts";
export type * from "./events.ts";
