import type { ControlChange } from "../executor/index.ts";
import type { RolloutMode, ScoreSource, VersionSource } from "./events.ts";

/** Rows of the registry's control tables. Each has an id of its own; times are wall-clock milliseconds. */
export interface LineRow {
  /** `KIND/NAME`. */
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  /** The version that the served files had last; null when they never had one. */
  readonly filesDigest: string | null;
  readonly updatedAt: number;
}

export interface VersionRow {
  readonly id: string;
  readonly line: string;
  readonly digest: string;
  readonly source: VersionSource;
  readonly author: string;
  readonly message: string | null;
  readonly addedAt: number;
}

export interface LabelRow {
  readonly id: string;
  readonly line: string;
  readonly label: string;
  readonly digest: string;
  readonly movedBy: string;
  readonly movedAt: number;
  /** The rollout that set it. */
  readonly rollout: string | null;
}

/** An approval that no move has used yet. */
export interface ApprovalRow {
  readonly id: string;
  readonly line: string;
  readonly label: string;
  readonly digest: string;
  readonly approver: string;
  readonly verified: boolean;
  readonly approvedAt: number;
}

export type RolloutStatus = "running" | "promoted" | "rolled_back";

export interface RolloutRow {
  readonly id: string;
  readonly line: string;
  readonly fromDigest: string;
  readonly toDigest: string;
  readonly mode: RolloutMode;
  readonly share: number;
  readonly key: string | null;
  /** JSON text of the guards. */
  readonly guards: string;
  readonly status: RolloutStatus;
  readonly startedBy: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Why it ended. */
  readonly reason: string | null;
}

export type Arm = "from" | "to";

/** A run in a rollout. */
export interface ArmRow {
  /** `RUN/ROLLOUT`. */
  readonly id: string;
  readonly run: string;
  readonly rollout: string;
  readonly arm: Arm;
  readonly startedAt: number;
  /** How it ended, or `paused` where it failed and waits for a person; null while it is under way. */
  readonly status: string | null;
  readonly endedAt: number | null;
  readonly costUsd: number | null;
}

export interface ScoreRow {
  /** `RUN/SEQ`. */
  readonly id: string;
  readonly run: string;
  readonly step: string | null;
  readonly name: string;
  readonly value: number;
  readonly source: ScoreSource;
  readonly scoredBy: string;
  readonly comment: string | null;
  readonly scoredAt: number;
}

export interface RegistryTables {
  readonly lines: LineRow;
  readonly versions: VersionRow;
  readonly labels: LabelRow;
  readonly approvals: ApprovalRow;
  readonly rollouts: RolloutRow;
  readonly arms: ArmRow;
  readonly scores: ScoreRow;
}
export type RegistryTable = keyof RegistryTables;

export type RegistryChange = {
  readonly [Table in RegistryTable]:
    | { readonly table: Table; readonly put: RegistryTables[Table] }
    | { readonly table: Table; readonly update: string; readonly set: Partial<RegistryTables[Table]> }
    | { readonly table: Table; readonly remove: string }
    /** Every row of a run. */
    | { readonly table: Table; readonly removeRun: string };
}[RegistryTable];

/** Everything that a commit may change in the control tables. */
export type StoredChange = ControlChange | RegistryChange;

/** What has been counted of one arm of a rollout. */
export interface ArmTotals {
  readonly arm: Arm;
  /** Ended runs, and those that stand still because they failed. */
  readonly runs: number;
  readonly failed: number;
  readonly costUsd: number;
}

export interface ScoreTotals {
  readonly arm: Arm;
  readonly name: string;
  readonly n: number;
  readonly sum: number;
}

/** What the registry asks of its tables. */
export interface RegistryStore {
  line(id: string): LineRow | undefined;
  /** In order of their ids. */
  lines(): readonly LineRow[];
  /** The oldest first. */
  versions(line: string): readonly VersionRow[];
  version(line: string, digest: string): VersionRow | undefined;
  labels(): readonly LabelRow[];
  approvals(line: string): readonly ApprovalRow[];
  rollout(id: string): RolloutRow | undefined;
  /** The newest first. */
  rollouts(filter: { readonly status?: RolloutStatus; readonly line?: string }): readonly RolloutRow[];
  armsOf(run: string): readonly ArmRow[];
  armTotals(rollout: string): readonly ArmTotals[];
  /** How long the runs of an arm took that ended last, in milliseconds. */
  armLatencies(rollout: string, arm: Arm, limit: number): readonly number[];
  /** Runs of an arm that stand still because they failed. */
  armPaused(rollout: string): readonly ArmRow[];
  armScores(rollout: string): readonly ScoreTotals[];
  scores(run: string): readonly ScoreRow[];
}
