/**
 * registry: one mechanism for every kind of asset.
 *
 * What: the versions of an asset on its line, the labels on them, approvals, rollouts with guards, scores,
 * and the release that a new run gets.
 * Owns: the streams `line/KIND/NAME`, `rollout/ID` and `score/RUN`, and the tables that follow from them.
 * Promises: a run's whole release comes from one snapshot of the labels, at the moment of its start; a
 * label moves only to what every workflow can run with, with the approvals that it asks for; whoever got
 * the new version of a rollout keeps getting it; a broken guard rolls back by itself, and the journal says
 * why. It knows kinds of assets only by what the engine says of them.
 * Read first: `events.ts`, `state.ts` (the tables), `snapshot.ts`, `resolve.ts` and `plans.ts` (what a run
 * gets), then `labels.ts` and `rollouts.ts`.
 */
export type { RegistryOptions } from "./current.ts";
export * from "./errors.ts";
export {
  type RolloutMode,
  rolloutModes,
  type ScoreRecorded,
  type ScoreSource,
  scoreSources,
  type VersionAdded,
  type VersionSource,
} from "./events.ts";
export type { WrittenGuard } from "./guards.ts";
export type { Named, Picked } from "./picks.ts";
export type { Assignment } from "./plans.ts";
export { Registry } from "./registry.ts";
export type { AssetKinds } from "./resolve.ts";
export { rulesLine } from "./rules.ts";
export { forgottenRegistryRows, lineId, registryChanges } from "./state.ts";
export type { ArmFigures } from "./statistics.ts";
export type * from "./store.ts";
export type { Offer, OfferOptions, Taken } from "./versions.ts";
