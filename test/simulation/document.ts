import type { Json, JsonObject } from "../../src/core/base/index.ts";
import type { RetryPolicy, StepDocument, WorkflowDocument } from "../../src/core/workflow/index.ts";
import type { Call, Condition, Plan, PlanStep, Value, Work } from "./plan.ts";

/** A plan as a workflow document in normal form. */
export function documentOf(plan: Plan): WorkflowDocument {
  return {
    workflow: plan.name,
    steps: plan.steps.map(stepOf),
    ...(plan.expiresMs === null ? {} : { expiresMs: plan.expiresMs }),
    ...limitOf(plan),
  };
}

function limitOf({ atOnce }: Pick<Plan, "atOnce">): Pick<WorkflowDocument, "concurrency"> {
  return atOnce === null ? {} : { concurrency: [{ limit: atOnce }] };
}

export function retryOf(call: Call): RetryPolicy {
  return { attempts: call.attempts, backoffMs: call.backoffMs, factor: 2, maxMs: 30_000, on: call.retryOn };
}

/** The config of a step that is no block, with its values written by `write`: as expressions, or as they are. */
export function configOf(work: Work, write: (value: Value) => Json): JsonObject {
  switch (work.type) {
    case "call":
      return { do: work.name, with: write(work.with) };
    case "value":
      return { value: write(work.value) };
    case "sleep":
      return { for: `${work.forMs}ms` };
    case "receive": {
      const within =
        work.withinMs === null ? {} : { within: `${work.withinMs}ms`, onTimeout: work.onTimeout };
      return { event: work.event, ...within };
    }
    case "ask": {
      const within = work.withinMs === null ? {} : { within: `${work.withinMs}ms` };
      return { draft: write(work.draft), onReject: work.onReject, onTimeout: work.onTimeout, ...within };
    }
    case "child":
      return { name: work.plan, input: write(work.input) };
    default:
      return {};
  }
}

export function kindOf(work: Work): string {
  const names = {
    value: "transform",
    sleep: "wait",
    receive: "wait",
    ask: "human_review",
    child: "workflow",
  };
  if (work.type === "call") return work.kind;
  return Object.hasOwn(names, work.type) ? names[work.type as keyof typeof names] : work.type;
}

function stepOf({ id, if: condition, needs, onFailure, work }: PlanStep): StepDocument {
  return {
    id,
    kind: kindOf(work),
    config: blockConfigOf(work) ?? configOf(work, written),
    onFailure,
    ...(condition ? { if: conditionText(condition) } : {}),
    ...(needs ? { needs } : {}),
    ...(work.type === "call" ? callParts(work) : {}),
  };
}

function callParts(call: Call): Partial<StepDocument> {
  const { timeoutMs, fallback, undo, once } = call;
  const self = `{{ ${call.name.replace("world-", "")}.value }}`;
  return {
    retry: retryOf(call),
    ...limitOf(call),
    ...(undo ? { undo: { kind: "call", config: { do: undo.name, with: self } } } : {}),
    ...(once ? { once: true, onUnknown: once } : {}),
    ...(timeoutMs === null ? {} : { timeoutMs }),
    ...(fallback
      ? { fallback: { kind: "call", config: { do: fallback.name, with: written(fallback.with) } } }
      : {}),
  };
}

function blockConfigOf(work: Work): JsonObject | undefined {
  switch (work.type) {
    case "parallel":
      return { steps: plain(work.steps) };
    case "map": {
      const { over, concurrency, onItemError, steps } = work;
      return { over: written(over), concurrency, onItemError, steps: plain(steps) };
    }
    case "branch":
      return {
        arms: work.arms.map(({ when, steps }) => ({
          ...(when ? { when: conditionText(when) } : {}),
          steps: plain(steps),
        })),
      };
    case "loop": {
      const until = work.until ? { until: conditionText(work.until) } : {};
      return { ...until, max: work.times, steps: plain(work.steps) };
    }
    default:
      return undefined;
  }
}

/** Step documents are JSON, which their interface cannot say of its optional members. */
function plain(steps: readonly PlanStep[]): Json {
  return steps.map(stepOf) as unknown as Json;
}

function written(value: Value): Json {
  switch (value.type) {
    case "constant":
      return value.value;
    case "step":
      return `{{ ${value.id}.value }}`;
    case "list":
      return value.values.map(written);
    default:
      return `{{ ${value.type} }}`;
  }
}

function conditionText(condition: Condition): string {
  switch (condition.type) {
    case "always":
      return `{{ ${condition.holds ? "true" : "false"} }}`;
    case "indexFrom":
      return `{{ index >= ${condition.least} }}`;
    case "skipped":
      return `{{ ${condition.id}.skipped }}`;
  }
}
