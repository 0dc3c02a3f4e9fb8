import { type Json, type JsonObject, type RetryClass, toJson } from "../base/index.ts";
import type { CaptureDocument, ConcurrencyLimit, OnFailure, OnUnknown } from "./definition.ts";

/** A workflow written in TypeScript: the same format as the files, in its JSON spelling. */
export interface WorkflowDefinition {
  readonly workflow: string;
  readonly description?: string;
  /** A JSON Schema. */
  readonly input?: JsonObject;
  readonly targets?: TargetsDefinition;
  readonly on?: readonly JsonObject[];
  readonly steps: readonly StepDefinition[];
  readonly output?: Json;
  readonly concurrency?: ConcurrencyDefinition;
  readonly rate?: RateDefinition | readonly RateDefinition[];
  /** A number, or an expression that gives one. */
  readonly priority?: number | string;
  /** `24h`, or a number of seconds. */
  readonly expires?: string | number;
  /** What each run may spend on models: `$0.05`. */
  readonly budget?: string | number;
  /** What is not kept once a run has ended. */
  readonly capture?: CaptureDocument;
}

export type ConcurrencyDefinition = number | ConcurrencyLimit | readonly ConcurrencyLimit[];

export interface RateDefinition extends ConcurrencyLimit {
  /** `1s`, or a number of seconds. */
  readonly per: string | number;
}

export interface TargetsDefinition {
  /** `70%` or 0.7. */
  readonly automated?: string | number;
  readonly accuracy?: string | number;
  /** `2s`, or a number of seconds. */
  readonly timeToResultP50?: string | number;
  /** `$0.01`, or a number of dollars. */
  readonly costMean?: string | number;
  readonly reviewMinutesMean?: number;
}

/** One step: the members of every step, and its kind as one more, such as `inference: { prompt: "x" }`. */
export interface StepDefinition {
  readonly id: string;
  /** A condition as one expression: `{{ input.amount > 100 }}`. */
  readonly if?: string | boolean;
  readonly needs?: readonly string[];
  readonly retry?: RetryDefinition;
  /** `30s`, or a number of seconds. */
  readonly timeout?: string | number;
  readonly fallback?: { readonly [kind: string]: unknown };
  readonly onFailure?: OnFailure;
  /** One kind, which takes back what the step did; it sees the step's own result. */
  readonly undo?: { readonly [kind: string]: unknown };
  readonly once?: boolean;
  readonly onUnknown?: OnUnknown;
  readonly concurrency?: ConcurrencyDefinition;
  readonly rate?: RateDefinition | readonly RateDefinition[];
  /** A number, or an expression that gives one. */
  readonly priority?: number | string;
  readonly parallel?: readonly StepDefinition[];
  readonly map?: {
    readonly over: string | readonly Json[];
    readonly concurrency?: number;
    readonly onItemError?: "fail" | "keep";
    readonly steps: readonly StepDefinition[];
  };
  readonly branch?: readonly {
    readonly when?: string | boolean;
    readonly steps: readonly StepDefinition[];
  }[];
  readonly loop?: {
    readonly until?: string | boolean;
    readonly max: number;
    readonly steps: readonly StepDefinition[];
  };
  readonly [kind: string]: unknown;
}

/** What is absent takes its default: four attempts, 500 ms, doubled each time, 30 s at most. */
export interface RetryDefinition {
  readonly attempts?: number;
  readonly backoff?: string | number;
  readonly factor?: number;
  readonly max?: string | number;
  readonly on?: readonly RetryClass[];
}

/**
 * A workflow as a typed value. `loadWorkflow({ definition, … })` checks it like a file, and the same
 * meaning gets the same version. Throws `INVALID_JSON` when it holds what is no plain data.
 */
export function defineWorkflow(definition: WorkflowDefinition): WorkflowDefinition {
  toJson(definition, "definition");
  return definition;
}
