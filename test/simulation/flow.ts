import { type Json, toJson } from "../../src/core/base/index.ts";
import { type Flow, type FlowContext, type FlowStepOptions, flow } from "../../src/core/executor/index.ts";
import { configOf, kindOf, retryOf } from "./document.ts";
import type { Condition, Plan, PlanStep, Value, Work } from "./plan.ts";

/** A plan as code: the same steps under the same paths, done by promises instead of by the interpreter. */
export function flowOf(plan: Plan): Flow {
  return flow({ name: plan.name, version: "1" }, async (context, input) => {
    const scope = new Scope(null, { input });
    await doBlock(plan.steps, false, { context, prefix: "", scope });
    return scope.lastValue(plan.steps);
  });
}

interface Result {
  readonly value: Json;
  readonly skipped: boolean;
}

class Scope {
  readonly results = new Map<string, Result>();
  readonly #parent: Scope | null;
  readonly #names: Readonly<Record<string, Json>>;

  constructor(parent: Scope | null, names: Readonly<Record<string, Json>>) {
    this.#parent = parent;
    this.#names = names;
  }

  result(id: string): Result {
    return this.results.get(id) ?? this.#parent?.result(id) ?? { value: null, skipped: false };
  }

  name(name: string): Json {
    return this.#names[name] ?? this.#parent?.name(name) ?? null;
  }

  value(value: Value): Json {
    if (value.type === "constant") return value.value;
    if (value.type === "list") return value.values.map((each) => this.value(each));
    return value.type === "step" ? this.result(value.id).value : this.name(value.type);
  }

  holds(condition: Condition): boolean {
    if (condition.type === "always") return condition.holds;
    if (condition.type === "indexFrom") return Number(this.name("index")) >= condition.least;
    return this.result(condition.id).skipped;
  }

  lastValue(steps: readonly PlanStep[]): Json {
    const results = steps.map(({ id }) => this.results.get(id));
    return results.findLast((result) => result && !result.skipped)?.value ?? null;
  }
}

interface Place {
  readonly context: FlowContext;
  readonly prefix: string;
  readonly scope: Scope;
}

/** Each step begins when those that it needs are done. */
async function doBlock(steps: readonly PlanStep[], isParallel: boolean, place: Place): Promise<void> {
  const begun = new Map<string, Promise<void>>();
  steps.forEach((step, index) => {
    const above = steps.slice(Math.max(0, index - 1), index).map(({ id }) => id);
    const needs = isParallel ? [] : (step.needs ?? above);
    const ready = Promise.all(needs.map((id) => begun.get(id)));
    begun.set(
      step.id,
      ready.then(async () => {
        place.scope.results.set(step.id, await doStep(step, place));
      }),
    );
  });
  await Promise.all(begun.values());
}

async function doStep(step: PlanStep, place: Place): Promise<Result> {
  const { scope } = place;
  if (step.if && !scope.holds(step.if)) return skipped;
  const path = place.prefix + step.id;
  const { work } = step;
  switch (work.type) {
    case "parallel": {
      const inner = new Scope(scope, {});
      await doBlock(work.steps, true, { ...place, prefix: `${path}.`, scope: inner });
      return done(Object.fromEntries(work.steps.map(({ id }) => [id, inner.result(id).value])));
    }
    case "branch": {
      const arm = work.arms.find(({ when }) => !when || scope.holds(when));
      return arm ? done(await doInner(arm.steps, { ...place, prefix: `${path}.` }, {})) : skipped;
    }
    case "map":
      return done(await doMap(work, path, place));
    case "loop":
      return done(await doLoop(work, path, place));
    default:
      return done(await doLeaf(step, path, place));
  }
}

const skipped: Result = { value: null, skipped: true };

function done(value: Json): Result {
  return { value, skipped: false };
}

async function doInner(steps: readonly PlanStep[], place: Place, names: Record<string, Json>): Promise<Json> {
  const scope = new Scope(place.scope, names);
  await doBlock(steps, false, { ...place, scope });
  return scope.lastValue(steps);
}

function doMap(work: Extract<Work, { type: "map" }>, path: string, place: Place): Promise<Json[]> {
  const items = place.scope.value(work.over);
  return Promise.all(
    (Array.isArray(items) ? items : []).map((item, index) =>
      doInner(work.steps, { ...place, prefix: `${path}[${index}].` }, { item, index }),
    ),
  );
}

async function doLoop(work: Extract<Work, { type: "loop" }>, path: string, place: Place): Promise<Json> {
  for (let index = 0; ; index++) {
    const scope = new Scope(place.scope, { index });
    await doBlock(work.steps, false, { ...place, prefix: `${path}[${index}].`, scope });
    if (index + 1 >= work.times || (work.until && scope.holds(work.until)))
      return scope.lastValue(work.steps);
  }
}

async function doLeaf({ work, onFailure }: PlanStep, path: string, { context, scope }: Place): Promise<Json> {
  const config = configOf(work, (value) => scope.value(value));
  const { value } = await context.call(path, kindOf(work), config, { onFailure, ...optionsOf(work) });
  return toJson(value, path);
}

function optionsOf(work: Work): FlowStepOptions {
  if (work.type !== "call") return {};
  const once = work.once ? { once: true, onUnknown: work.once } : {};
  return {
    ...once,
    retry: retryOf(work),
    ...(work.timeoutMs === null ? {} : { timeout: `${work.timeoutMs}ms` }),
  };
}
