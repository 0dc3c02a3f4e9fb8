import type { z } from "zod";
import type { Clock, ErrorRecord, Json, JsonObject, Random } from "../base/index.ts";
import type { Asset, AssetReference, AssetSource } from "./assets.ts";
import type { CachePolicy } from "./definition.ts";

/** What a step may do to the world outside the engine. */
export type Effect = "none" | "read" | "write" | "irreversible";

/** How outside effects are treated: dry runs, replay and shadow use nothing else. */
export type EffectMode = "live" | "recorded" | "simulated" | "denied";

/**
 * One kind of step. The executor knows kinds, not models: everything that a step does to the world is
 * behind `execute`, and everything that the loader can know before a run is in the other members.
 */
export interface StepKind {
  /** The key that users write: `inference`, `human_review`. */
  readonly name: string;
  /** One line, shown in editors and in the reference. */
  readonly summary: string;
  /**
   * The shape of what stands under the key, in camelCase; the loader accepts snake_case in YAML. Any
   * string may be an expression, so a field that is no string takes `expression()` beside its own type.
   */
  readonly config: z.ZodType;
  /** What a result has beside `value`; a skipped step has each as none. */
  readonly fields: readonly string[];
  /** Calls out get the default retry policy; other kinds do not retry. */
  readonly callsOut: boolean;
  /** Keeps to `cache` of its step. */
  readonly caches?: boolean;
  /** Runs users' code: its start is recorded before it runs. */
  readonly runsUserCode?: boolean;
  /** Top-level config fields that are never read as expressions, such as a script's source. */
  readonly raw?: readonly string[];
  /** Top-level config fields whose expressions the kind evaluates itself, with these names added to the scope. */
  readonly lazy?: Readonly<Record<string, readonly string[]>>;
  /** What it does to the world, as far as the unevaluated config tells; `run --dry-run` shows it. */
  effect(config: JsonObject): Effect;
  /**
   * The assets that the config names: each is checked at load and pinned into the release. `assets` gives
   * their contents, where what one asset says decides about another.
   */
  references?(config: JsonObject, assets?: Pick<AssetSource, "find">): readonly AssetReference[];
  /** Problems that the schema cannot express, found at load: path within the config and what was expected. */
  check?(
    config: JsonObject,
  ): readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
  /** What speaks against the assets that the config names, as far as that is known before a run: a prompt that wants more than it is given. */
  fit?(config: JsonObject, find: (kind: string, name: string) => Asset | undefined): readonly string[];
  /** Does the step. Returning without a promise keeps the hot path free of one. May run more than once. */
  execute(config: JsonObject, context: StepContext): StepOutcome | Promise<StepOutcome>;
  /** Goes on after a wait that `execute` (or an earlier `resume`) asked for. */
  resume?(config: JsonObject, woken: Woken, context: StepContext): StepOutcome | Promise<StepOutcome>;
}

export type StepOutcome =
  /** It is done. `result.value` is what expressions see as `ID.value`. */
  | {
      readonly result: StepResult;
      readonly facts?: readonly Fact[];
      /** How it came about, for people: recorded beside the result, and seen by no expression. */
      readonly trace?: JsonObject;
    }
  /** It waits, for as long as it takes; a waiting run costs a row. */
  | { readonly wait: WaitRequest; readonly facts?: readonly Fact[] }
  /** A person said no: the run ends as `rejected`. */
  | {
      readonly rejected: { readonly by: string; readonly comment: string | null };
      readonly facts?: readonly Fact[];
    };

export type StepResult = { readonly value: Json; readonly [field: string]: Json };

/** An event of another stream, committed in the same transaction as what the step records. */
export interface Fact {
  readonly stream: string;
  readonly type: string;
  readonly data: JsonObject;
  /** Refuses the whole step record unless the stream has this many events; absent: appends at its end. */
  readonly expectedSeq?: number;
}

export type WaitRequest = {
  readonly for: "time" | "event" | "review" | "child";
  /** What satisfies it: the name of the event, the id of the review or of the child run. */
  readonly key?: string;
  /** Wall-clock milliseconds; then `resume` is called with `{ by: "time" }`. */
  readonly dueAt?: number;
  /** Wall-clock milliseconds, for people: until when an answer is expected. */
  readonly deadline?: number;
  /** The run to start as a child (`for: "child"`). */
  readonly child?: { readonly workflow: string; readonly input: Json };
};

export type Woken =
  | { readonly by: "time" }
  | { readonly by: "event"; readonly data: Json }
  | { readonly by: "review"; readonly decision: ReviewDecision }
  | { readonly by: "child"; readonly status: string; readonly output: Json; readonly error?: ErrorRecord };

export type ReviewDecision = {
  readonly decision: "approve" | "correct" | "reject" | "escalate";
  readonly value?: Json;
  readonly reviewer: string;
  readonly comment?: string;
};

/** What a step is given beside its config. */
export interface StepContext {
  readonly runId: string;
  readonly workflow: string;
  readonly path: string;
  /** The idempotency key `<run>/<path>`: the same on every attempt and after a resume. */
  readonly key: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Dollars that the run may spend in all, where its workflow says so. */
  readonly budgetUsd?: number | undefined;
  readonly effects: EffectMode;
  /** How old an answer to the same question may be; absent: the step says nothing of it. */
  readonly cache?: CachePolicy | undefined;
  /** False: what the step sees and answers is not to be kept, in a trace or anywhere else. Absent: it may be. */
  readonly capture?: boolean;
  /** In `resume`: the key of the wait that has ended. */
  readonly waitKey: string | null;
  /** Aborts at the step's timeout, at cancel and at shutdown; a result that comes later is refused. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Seeded from the run, path and attempt. */
  readonly random: Random;
  /** The known right answer, where there is one: for `sim/` models and scorers only. */
  readonly expected: Json | undefined;
  /**
   * Says what the step is about to use, so that it can be switched off. Throws when it is; the step then
   * waits until it is on again. Called before the effect, each time.
   */
  use(scope: "model" | "tool" | "agent", name: string): void;
  /** Says how the step goes about it; asked for only when it fails, because a result has a trace of its own. */
  tell?(trace: () => JsonObject): void;
  /** A pinned asset of this run's release. */
  asset(kind: string, name: string): Asset;
  /** Evaluates an expression from a lazy field, with names added to the step's scope. */
  evaluate(expression: string, locals: JsonObject): Json;
}
