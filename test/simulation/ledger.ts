import assert from "node:assert/strict";
import type { JsonObject } from "../../src/core/base/index.ts";
import type { EventRow } from "../../src/core/journal/index.ts";
import { textOf } from "./history.ts";
import { innerSteps, type Plan, type PlanStep } from "./plan.ts";

interface Written {
  readonly type: string;
  readonly at: number;
  readonly path: string;
  readonly data: JsonObject;
}

/** A call, as the world is asked for it. */
export interface Effect {
  readonly run: string;
  readonly path: string;
  readonly name: string;
}

/** What is on disk at each moment, run by run; for what must hold while a program is under way. */
export class Ledger {
  readonly runs = new Map<string, Written[]>();
  readonly #sent = new Map<string, Set<string>>();

  write(rows: readonly EventRow[]): void {
    for (const { stream, type, at, body } of rows) {
      if (!stream.startsWith("run/")) continue;
      assert.ok(body !== null, "the events of these programs are small");
      const data: JsonObject = JSON.parse(body);
      const id = stream.slice("run/".length);
      const written = { type, at, path: textOf(data.path), data };
      const events = this.runs.get(id);
      if (events) events.push(written);
      else this.runs.set(id, [written]);
    }
  }

  events(run: string): readonly Written[] {
    return this.runs.get(run) ?? [];
  }

  /** Why a step must not be executed now; undefined when it may. */
  send({ run, path, name }: Effect, plan: Plan, nowMs: number): string | undefined {
    const sent = this.#sent.get(run) ?? new Set();
    this.#sent.set(run, sent.add(path));
    const early = predecessorsOf(plan, path).find((needed) => !this.#isSettled(run, needed));
    if (early) return `${run}/${path} is executed, and nothing on disk says that ${early.path} is done`;
    const last = this.events(run).findLast((event) => event.path === path);
    // A fallback that begins is not the attempt that was put off.
    const isPutOff =
      last?.type === "step.retried" && name.startsWith(last.data.fallbackFor ? "other" : "world");
    const dueAt = isPutOff ? Number(last.data.dueAt) : 0;
    return nowMs < dueAt ? `${run}/${path} is tried again ${dueAt - nowMs} ms too early` : undefined;
  }

  #isSettled(run: string, { path, step }: Needed): boolean {
    const isResult = ({ type }: Written) => type === "step.completed" || type === "step.skipped";
    const events = this.events(run);
    if (events.some((event) => event.path === path && isResult(event))) return true;
    const isInside = (other: string) =>
      other === path || other.startsWith(`${path}.`) || other.startsWith(`${path}[`);
    // A skip follows from what is on disk, so it may be recorded later; so do the values of a block.
    if (!step.if && innerSteps(step.work).length === 0) return false;
    // A kept item that failed gives up its other steps.
    if (events.some((event) => event.type === "step.failed" && isInside(event.path))) return true;
    const done = new Set(events.filter(isResult).map((event) => event.path));
    return [...(this.#sent.get(run) ?? [])].every((other) => !isInside(other) || done.has(other));
  }
}

interface Needed {
  readonly path: string;
  readonly step: PlanStep;
}

/** What must be done before a step begins, by the plan alone. */
function predecessorsOf(plan: Plan, path: string): readonly Needed[] {
  const needed: Needed[] = [];
  let [steps, isParallel, prefix] = [plan.steps, false, ""];
  for (const segment of path.split(".")) {
    const id = segment.replace(/\[\d+\]$/, "");
    const place = steps.findIndex((each) => each.id === id);
    const step = steps[place];
    assert.ok(step, `${path} is a path of ${plan.name}`);
    const needs = isParallel
      ? []
      : (step.needs ?? steps.slice(Math.max(0, place - 1), place).map((each) => each.id));
    for (const before of steps.filter((each) => needs.includes(each.id)))
      needed.push({ path: prefix + before.id, step: before });
    const index = Number(/\[(\d+)\]$/.exec(segment)?.[1] ?? 0);
    const { work } = step;
    if (work.type === "loop" && index > 0)
      for (const before of work.steps)
        needed.push({ path: `${prefix}${id}[${index - 1}].${before.id}`, step: before });
    isParallel = work.type === "parallel";
    const inner = path.slice(prefix.length + segment.length + 1).split(/[.[]/)[0];
    steps =
      work.type === "branch"
        ? (work.arms.find((arm) => arm.steps.some((each) => each.id === inner))?.steps ?? [])
        : innerSteps(work);
    prefix = `${prefix}${segment}.`;
  }
  return needed;
}
