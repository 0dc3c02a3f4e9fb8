import type { Json, JsonObject, RetryClass } from "../base/index.ts";
import type { Scope } from "./expressions/index.ts";
import type { StepKind } from "./kind.ts";

/** The normal form of a workflow: what is hashed, pinned and shown. Plain JSON, camelCase, no positions. */
export interface WorkflowDocument {
  readonly workflow: string;
  readonly description?: string;
  /** A JSON Schema for the input. */
  readonly input?: JsonObject;
  readonly targets?: Targets;
  readonly on?: readonly JsonObject[];
  readonly steps: readonly StepDocument[];
  readonly output?: Json;
  readonly concurrency?: readonly ConcurrencyLimit[];
  readonly rate?: readonly RateLimit[];
  /** A number, or an expression that gives one. */
  readonly priority?: number | string;
  readonly expiresMs?: number;
  readonly degraded?: Degraded;
  /** What each run may spend on models. */
  readonly budgetUsd?: number;
  readonly capture?: CaptureDocument;
}

/** What is not kept once a run has ended: nothing at all, or `input`, `input.NAME`, `steps.ID` and `output`. */
export type CaptureDocument = "off" | { readonly off: readonly string[] };

/** So many at once: of all, or of those for which the key has the same value. */
export interface ConcurrencyLimit {
  readonly limit: number;
  /** An expression. */
  readonly key?: string;
}

/** So many may begin within a period: of all, or of those for which the key has the same value. */
export interface RateLimit extends ConcurrencyLimit {
  readonly perMs: number;
}

/** Set-points, in base units. */
export interface Targets {
  /** Share of runs that end without a person, 0 to 1. */
  readonly automated?: number;
  /** Share right, 0 to 1. */
  readonly accuracy?: number;
  readonly timeToResultP50Ms?: number;
  readonly costMeanUsd?: number;
  readonly reviewMinutesMean?: number;
}

/** What takes the place of what, for as long as the workflow is beyond its bounds. */
export interface Degraded {
  /** A run of the latest `over` beyond one of these; absent: what the targets say. */
  readonly when?: DegradedBounds;
  readonly over: number;
  /** One route in the place of another, by name; or the same for every route: the last answer, or a person. */
  readonly use: "cached" | "person" | { readonly routes: Readonly<Record<string, string>> };
  /** After this time a few runs try whether all is well again. */
  readonly probeMs: number;
}

export interface DegradedBounds {
  /** Share of runs that fail, 0 to 1. */
  readonly errorRate?: number;
  readonly timeToResultP50Ms?: number;
  readonly costMeanUsd?: number;
}

export interface StepDocument {
  readonly id: string;
  /** The name of a step kind or of a block: `parallel`, `map`, `branch`, `loop`. */
  readonly kind: string;
  readonly config: JsonObject;
  readonly if?: string | boolean;
  readonly needs?: readonly string[];
  readonly retry?: RetryPolicy;
  readonly timeoutMs?: number;
  readonly fallback?: KindDocument;
  readonly onFailure?: OnFailure;
  /** Takes back what the step did, when the run does not come to its end. */
  readonly undo?: KindDocument;
  /** Never done a second time, although that may leave it not done at all. */
  readonly once?: boolean;
  readonly onUnknown?: OnUnknown;
  readonly concurrency?: readonly ConcurrencyLimit[];
  readonly rate?: readonly RateLimit[];
  readonly priority?: number | string;
  readonly cache?: CachePolicy;
}

/** How long what a step was told may be told again. */
export interface CachePolicy {
  readonly forMs: number;
  /** Whether tenants see each other's answers. */
  readonly share: boolean;
}

/** One kind with its config, outside the list of steps. */
export interface KindDocument {
  readonly kind: string;
  readonly config: JsonObject;
}

export type OnFailure = "pause" | "fail";

/** What becomes of a `once` step that was begun and of which nobody knows whether it happened. */
export type OnUnknown = "pause" | "fail" | "review";

export interface RetryPolicy {
  /** Executions in all, the first included. */
  readonly attempts: number;
  readonly backoffMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly on: readonly RetryClass[];
}

export const defaultRetry: RetryPolicy = {
  attempts: 4,
  backoffMs: 500,
  factor: 2,
  maxMs: 30_000,
  on: ["rate_limit", "server", "network", "timeout"],
};

export const noRetry: RetryPolicy = { ...defaultRetry, attempts: 1, on: [] };

/** A value with expressions in it, compiled: evaluating it against a scope gives plain data. */
export type Evaluator = (scope: Scope) => Json;

/** A document ready to run: names resolved, expressions parsed, order known. Made once per version. */
export interface Workflow {
  readonly name: string;
  /** SHA-256 of the canonical document. */
  readonly version: string;
  readonly document: WorkflowDocument;
  readonly block: Block;
  /** Absent: the value of the last step that was not skipped. */
  readonly output?: Evaluator;
  readonly limits: Limits;
  /** Counted from the start of the run; null: never. */
  readonly expiresMs: number | null;
  /** Absent: everything is kept. */
  readonly uncaptured?: Uncaptured;
  /** Problems of an input, none when it is right; each names the member and what was expected. */
  checkInput(input: Json): readonly string[];
}

/** Whose bodies go when a run has ended. */
export interface Uncaptured {
  /** What the run was started with. */
  readonly input: boolean;
  readonly output: boolean;
  /** The step at a path of a run. */
  has(path: string): boolean;
  /** Whether an expression with this path reads something that is not kept. */
  isRead(path: readonly (string | number)[]): boolean;
}

/** Steps that see each other: the workflow's own, or those of one block. */
export interface Block {
  readonly steps: readonly Step[];
}

export interface Step {
  /** Its place in the block. */
  readonly index: number;
  readonly id: string;
  /** The steps of its block that must be done (or skipped) before it. */
  readonly needs: readonly number[];
  /** The steps of its block that need it. */
  readonly neededBy: readonly number[];
  readonly condition?: Evaluator;
  readonly onFailure: OnFailure;
  /** What its result has beside `value`. */
  readonly fields: readonly string[];
  readonly work: Work;
}

/** What a step is: one execution of a kind, or a block of further steps. */
export type Work =
  | KindWork
  /** All at once; its value is an object by id. */
  | { readonly type: "parallel"; readonly block: Block }
  /** The block once for each item, `item` and `index` in scope; its value is the list in input order. */
  | {
      readonly type: "map";
      readonly over: Evaluator;
      readonly concurrency: number;
      readonly onItemError: "fail" | "keep";
      readonly block: Block;
    }
  /** The first arm whose condition holds (an arm without one always does); its value is that arm's last value. */
  | {
      readonly type: "branch";
      readonly arms: readonly { readonly when?: Evaluator; readonly block: Block }[];
    }
  /** Again and again, `index` in scope, until the condition holds or the bound is reached. */
  | { readonly type: "loop"; readonly until?: Evaluator; readonly timesMax: number; readonly block: Block };

export interface KindWork {
  readonly type: "kind";
  readonly kind: StepKind;
  /** The config with its expressions evaluated; raw and lazy fields stay as written. */
  readonly config: Evaluator;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | null;
  /** Done in its place when it has failed for good. */
  readonly fallback?: KindWork;
  /** Asks a person in its place, where it says that one is needed and it has no fallback. */
  readonly person?: KindWork;
  readonly undo?: KindWork;
  readonly once?: Once;
  /** Absent: it may begin at any time. */
  readonly limits?: Limits;
  readonly cache?: CachePolicy;
}

export interface Once {
  readonly onUnknown: OnUnknown;
  /** Asks a person what happened (`on_unknown: review`). */
  readonly review?: KindWork;
}

/** What must hold before a run, or a step, may begin. */
export interface Limits {
  readonly concurrency: readonly CompiledLimit[];
  readonly rate: readonly (CompiledLimit & { readonly perMs: number })[];
  readonly priority?: Evaluator;
}

export interface CompiledLimit {
  readonly limit: number;
  readonly key?: Evaluator;
}
