import { canonicalJson, isJsonObject, type Json, type JsonObject, sha256 } from "../base/index.ts";
import { innerBlocks, isBlockName } from "./blocks.ts";
import { uncapturedOf } from "./capture.ts";
import {
  type Block,
  type ConcurrencyLimit,
  defaultRetry,
  type Evaluator,
  type KindDocument,
  type KindWork,
  type Limits,
  noRetry,
  type Once,
  type RateLimit,
  type RetryPolicy,
  type Step,
  type StepDocument,
  type Work,
  type Workflow,
  type WorkflowDocument,
} from "./definition.ts";
import { WorkflowInvalid } from "./errors.ts";
import { compileConfig, compileValue } from "./evaluator.ts";
import { didYouMean } from "./findings.ts";
import { inputChecker } from "./input-check.ts";
import type { StepKind } from "./kind.ts";
import type { KindRegistry } from "./kinds.ts";
import { mapConcurrencyDefault } from "./limits.ts";
import { needsOf } from "./order.ts";

/**
 * Makes a document in normal form ready to run. It needs no file and no asset, and checks neither names
 * nor order again: a pinned document was checked when it was loaded. Throws `WorkflowInvalid` when the
 * document uses a kind that this engine does not have.
 */
export function compileWorkflow(document: WorkflowDocument, kinds: KindRegistry): Workflow {
  const { workflow: name, steps, output, input, capture } = document;
  const workflow: Workflow = {
    name,
    version: documentVersion(document),
    document,
    block: compileBlock(steps, false, { name, kinds }),
    ...(output === undefined ? {} : { output: compileValue(output) }),
    limits: compileLimits(document),
    expiresMs: document.expiresMs ?? null,
    checkInput: inputChecker(input),
  };
  return capture === undefined ? workflow : { ...workflow, uncaptured: uncapturedOf(workflow, capture) };
}

/** SHA-256 of the canonical document. */
export function documentVersion(document: WorkflowDocument): string {
  // A document is JSON, which its interface cannot say of its optional members.
  return sha256(canonicalJson(document as unknown as Json));
}

/** What the result of a step has beside `value`: of its kind, and of the kind that may take its place. */
export function resultFields(step: StepDocument, kinds: KindRegistry): readonly string[] {
  if (step.kind === "loop") return ["iterations"];
  const own = kinds.get(step.kind)?.fields ?? [];
  const other = step.fallback ? (kinds.get(step.fallback.kind)?.fields ?? []) : [];
  return [...new Set([...own, ...other])];
}

interface Context {
  /** The workflow's name, for messages. */
  readonly name: string;
  readonly kinds: KindRegistry;
}

function compileBlock(steps: readonly StepDocument[], isParallel: boolean, context: Context): Block {
  const needs = needsOf(steps, isParallel);
  return {
    steps: steps.map((step, index) => ({
      index,
      id: step.id,
      needs: needs[index] ?? [],
      neededBy: [...needs.keys()].filter((other) => needs[other]?.includes(index)),
      ...(step.if === undefined ? {} : { condition: compileValue(step.if) }),
      onFailure: step.onFailure ?? "pause",
      fields: resultFields(step, context.kinds),
      work: compileWork(step, context),
    })) satisfies Step[],
  };
}

function compileWork(step: StepDocument, context: Context): Work {
  if (isBlockName(step.kind)) return compileBlockWork(step, context);
  const { timeoutMs = null, fallback, undo, retry } = step;
  const work = kindWork({ ...step, retry, timeoutMs }, context);
  const other = (document: KindDocument, use: Partial<KindUse> = {}) =>
    kindWork({ ...document, retry: undefined, timeoutMs, ...use }, context);
  return {
    ...work,
    ...(fallback ? { fallback: other(fallback) } : personFor(step, context)),
    // Taking something back is tried again, whatever kind does it.
    ...(undo ? { undo: other(undo, { retry: defaultRetry }) } : {}),
    ...(step.once ? { once: onceOf(step, context), retry: onceRetry(work.retry) } : {}),
    ...(isLimited(step) ? { limits: compileLimits(step) } : {}),
    ...(step.cache ? { cache: step.cache } : {}),
  };
}

/** Being turned away is the one failure of which it is known that nothing happened. */
function onceRetry(retry: RetryPolicy): RetryPolicy {
  return { ...retry, on: retry.on.filter((failure) => failure === "rate_limit") };
}

function onceOf({ id, onUnknown = "pause" }: StepDocument, context: Context): Once {
  if (onUnknown !== "review") return { onUnknown };
  const instructions =
    `Step \`${id}\` was begun and nobody knows whether it happened. ` +
    "If it did, correct with its result or approve none; reject ends the run.";
  const config = { draft: null, instructions };
  return {
    onUnknown,
    review: kindWork({ kind: "human_review", config, retry: undefined, timeoutMs: null }, context),
  };
}

/** What calls out may say that a person is to answer in its place. */
function personFor({ id, kind, config }: StepDocument, context: Context): { readonly person?: KindWork } {
  if (!context.kinds.get(kind)?.callsOut || !context.kinds.has("human_review")) return {};
  const instructions = `Step \`${id}\` is left to you: correct with the value that it should have.`;
  const review = { draft: null, evidence: config.input ?? null, instructions };
  const person = kindWork(
    { kind: "human_review", config: review, retry: undefined, timeoutMs: null },
    context,
  );
  return { person };
}

interface LimitsDocument {
  readonly concurrency?: readonly ConcurrencyLimit[];
  readonly rate?: readonly RateLimit[];
  readonly priority?: number | string;
}

function isLimited({ concurrency, rate, priority }: LimitsDocument): boolean {
  return concurrency !== undefined || rate !== undefined || priority !== undefined;
}

function compileLimits({ concurrency = [], rate = [], priority }: LimitsDocument): Limits {
  const withKey = <L extends ConcurrencyLimit>({ key, ...limit }: L) => ({
    ...limit,
    ...(key === undefined ? {} : { key: compileValue(key) }),
  });
  return {
    concurrency: concurrency.map(withKey),
    rate: rate.map(withKey),
    ...(priority === undefined ? {} : { priority: compileValue(priority) }),
  };
}

interface KindUse {
  readonly kind: string;
  readonly config: JsonObject;
  readonly retry: RetryPolicy | undefined;
  readonly timeoutMs: number | null;
}

function kindWork({ kind: name, config, retry, timeoutMs }: KindUse, context: Context): KindWork {
  const kind = kindNamed(name, context);
  return {
    type: "kind",
    kind,
    config: compileConfig(config, kind),
    retry: retry ?? (kind.callsOut ? defaultRetry : noRetry),
    timeoutMs,
  };
}

function kindNamed(name: string, { name: file, kinds }: Context): StepKind {
  const kind = kinds.get(name);
  if (kind) return kind;
  const message = `this engine has no kind of step called \`${name}\`${didYouMean(name, kinds.keys())}`;
  throw new WorkflowInvalid([{ file, line: 1, column: 1, message }]);
}

function compileBlockWork(step: StepDocument, context: Context): Work {
  const { config } = step;
  const blocks = innerBlocks(step).map((inner) => compileBlock(inner.steps, inner.isParallel, context));
  const block = blocks[0] ?? { steps: [] };
  switch (step.kind) {
    case "parallel":
      return { type: "parallel", block };
    case "map":
      return {
        type: "map",
        over: compileValue(config.over ?? []),
        concurrency: Number(config.concurrency ?? mapConcurrencyDefault),
        onItemError: config.onItemError === "keep" ? "keep" : "fail",
        block,
      };
    case "branch":
      return {
        type: "branch",
        arms: blocks.map((inner, index) => ({ ...armCondition(config, index), block: inner })),
      };
    default:
      return { type: "loop", ...condition("until", config.until), timesMax: Number(config.max ?? 1), block };
  }
}

function armCondition(config: JsonObject, index: number) {
  const arm: Json | undefined = Array.isArray(config.arms) ? config.arms[index] : undefined;
  return condition("when", isJsonObject(arm) ? arm.when : undefined);
}

function condition<Name extends string>(
  name: Name,
  written: Json | undefined,
): { readonly [K in Name]?: Evaluator } {
  if (written === undefined) return {};
  return { [name]: compileValue(written) } as { readonly [K in Name]?: Evaluator };
}
