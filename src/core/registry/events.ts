import type { NewEvent } from "../journal/index.ts";

/** Where a version came from: files that are served, a file that was run, or a request. */
export type VersionSource = "files" | "run" | "api";

export interface VersionAdded {
  readonly digest: string;
  readonly source: VersionSource;
  readonly by: string;
  readonly message?: string;
  /** As it was written, so that it can be written again with its comments; absent for what has no text. */
  readonly text?: string;
  /** The file that it stands in, from the project's folder. */
  readonly file?: string;
}

export interface LabelMoved {
  readonly label: string;
  readonly to: string;
  /** Null when the label was nowhere. */
  readonly from: string | null;
  readonly by: string;
  readonly reason: string | null;
  /** Who has approved the move; each approval counts once. */
  readonly approvals: readonly string[];
  readonly rollout?: string;
}

/** What happens on the line of an asset, `line/KIND/NAME`. */
export type LineEvent =
  | { readonly type: "version.added"; readonly data: VersionAdded }
  /** The files that are served have this version now, which was there before. */
  | { readonly type: "version.synced"; readonly data: { readonly digest: string; readonly by: string } }
  | { readonly type: "label.moved"; readonly data: LabelMoved }
  | { readonly type: "label.approved"; readonly data: LabelApproved }
  | { readonly type: "label.removed"; readonly data: LabelRemoved };

export interface LabelApproved {
  readonly label: string;
  readonly digest: string;
  readonly by: string;
  readonly comment: string | null;
  /** Whether it is known that `by` is who approved; false until there is access control. */
  readonly verified: boolean;
}

export interface LabelRemoved {
  readonly label: string;
  readonly from: string;
  readonly by: string;
  readonly reason: string | null;
  readonly rollout?: string;
}

export const rolloutModes = ["canary", "ab", "shadow"] as const;
export type RolloutMode = (typeof rolloutModes)[number];

/** A bound on one metric of the new version, in base units, that a rollout must keep to. */
export interface Guard {
  /** `error_rate`, `latency_p50`, `latency_p95`, `cost_mean` or `score.NAME`. */
  readonly metric: string;
  readonly max?: number;
  readonly min?: number;
  /** It is silent until so many runs, or scores, have been counted. */
  readonly minRuns: number;
}

export interface RolloutStarted {
  readonly kind: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly mode: RolloutMode;
  /** Of the runs, 0 to 1: those that get the new version, or a shadow. */
  readonly share: number;
  /** An expression: the same value always gets the same version. Absent: each run for itself. */
  readonly key?: string;
  readonly guards: readonly Guard[];
  readonly by: string;
}

/** A bound that was broken, with what it was held against. */
export interface Breach {
  readonly metric: string;
  readonly value: number;
  readonly bound: { readonly max: number } | { readonly min: number };
  /** How many runs, or scores, the value is of. */
  readonly runs: number;
}

export interface RolloutRolledBack extends Partial<Breach> {
  /** `guard`, or whoever asked. */
  readonly by: string;
  readonly reason: string;
}

/** What happens to a rollout, `rollout/ID`. */
export type RolloutEvent =
  | { readonly type: "rollout.started"; readonly data: RolloutStarted }
  | {
      readonly type: "rollout.resized";
      readonly data: { readonly share: number; readonly from: number; readonly by: string };
    }
  | {
      readonly type: "rollout.promoted";
      readonly data: { readonly by: string; readonly reason: string | null };
    }
  | { readonly type: "rollout.rolled_back"; readonly data: RolloutRolledBack };

export const scoreSources = ["user", "reviewer", "judge", "system"] as const;
export type ScoreSource = (typeof scoreSources)[number];

export interface ScoreRecorded {
  readonly name: string;
  /** A yes counts as 1, a no as 0. */
  readonly value: number | boolean;
  readonly source: ScoreSource;
  readonly by: string;
  readonly step?: string;
  readonly comment?: string;
  /** Of whoever judged: the same id again is the same judgement. */
  readonly id?: string;
}

/** A judgement of a run, `score/RUN`; it may come late, and more than once. */
export type ScoreEvent = { readonly type: "score.recorded"; readonly data: ScoreRecorded };

/** Plain data, so they are the journal's events as they are. */
export function toNewEvent(event: LineEvent | RolloutEvent | ScoreEvent): NewEvent {
  return event as unknown as NewEvent;
}
