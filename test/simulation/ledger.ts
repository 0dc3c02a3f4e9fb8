import assert from "node:assert/strict";
import type { JsonObject } from "../../src/core/base/index.ts";
import type { EventRow } from "../../src/core/journal/index.ts";
import { textOf } from "./history.ts";
import { allSteps, idOf, innerSteps, isUndo, type Plan, type PlanStep } from "./plan.ts";
import type { Effect } from "./world.ts";

interface Written {
  readonly type: string;
  readonly at: number;
  readonly path: string;
  readonly data: JsonObject;
}

export interface Execution extends Effect {
  /** By the process that owns the store, as far as that is known outside. */
  readonly isOwner: boolean;
}

/** What is on disk at each moment, run by run; for what must hold while a program is under way. */
export class Ledger {
  readonly runs = new Map<string, Written[]>();
  readonly #sent = new Map<string, Map<string, number>>();

  write(rows: readonly EventRow[]): void {
    for (const { stream, type, at, body } of rows) {
      if (!stream.startsWith("run/") && type !== "command.received") continue;
      assert.ok(body !== null, "the events of these programs are small");
      const data: JsonObject = JSON.parse(body);
      const id = stream.startsWith("run/") ? stream.slice("run/".length) : String(data.run);
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
  send({ run, path, name, isOwner }: Execution, plan: Plan, nowMs: number): string | undefined {
    const sent = this.#sent.get(run) ?? new Map<string, number>();
    this.#sent.set(run, sent);
    const before = sent.get(path) ?? 0;
    sent.set(path, before + 1);
    const problem =
      this.#undoProblem(run, path, isOwner) ??
      this.#orderProblem(run, path, plan) ??
      this.#onceProblem(run, path, plan, before) ??
      (isOwner ? this.#momentProblem(run, path, name, nowMs) : undefined);
    return problem && `${run}/${path} is executed, ${problem}`;
  }

  #orderProblem(run: string, path: string, plan: Plan): string | undefined {
    if (isUndo(path)) return undefined;
    const early = predecessorsOf(plan, path).find((needed) => !this.#isSettled(run, needed));
    return early && `and nothing on disk says that ${early.path} is done`;
  }

  #undoProblem(run: string, path: string, isOwner: boolean): string | undefined {
    const isUndoing = this.events(run).some(({ type }) => type === "run.undoing");
    if (isUndo(path)) return isUndoing ? undefined : "and nothing on disk says that the run is being undone";
    return isUndoing && isOwner ? "although the run is being undone" : undefined;
  }

  /** Each execution after the first needs a result of the one before that leaves no doubt, or a person's word. */
  #onceProblem(run: string, path: string, plan: Plan, before: number): string | undefined {
    const work = allSteps(plan.steps).find(({ id }) => id === idOf(path))?.work;
    if (work?.type !== "call" || !work.once || isUndo(path)) return undefined;
    const ended = this.events(run).filter(
      (event) => event.path === path && (event.type === "step.retried" || event.type === "step.failed"),
    );
    return before > ended.length ? `for the ${before + 1}th time, although it is to be done once` : undefined;
  }

  #momentProblem(run: string, path: string, name: string, nowMs: number): string | undefined {
    const standing = this.events(run).findLast(
      ({ type, data }) => /^run\.(?:paused|resumed|undoing)$/.test(type) || isResume({ type, data }),
    );
    if (standing?.type === "run.paused") return "although the run is paused";
    const last = this.events(run).findLast((event) => event.path === path);
    // A fallback that begins is not the attempt that was put off.
    const isPutOff = last?.type === "step.retried" && name.startsWith("other") === "fallbackFor" in last.data;
    const dueAt = isPutOff ? Number(last.data.dueAt) : 0;
    return nowMs < dueAt ? `${dueAt - nowMs} ms before it may be tried again` : undefined;
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
    return [...(this.#sent.get(run)?.keys() ?? [])].every((other) => !isInside(other) || done.has(other));
  }
}

/** A person has said that the run goes on, and that is on disk. */
function isResume({ type, data }: Pick<Written, "type" | "data">): boolean {
  return type === "command.received" && data.kind === "resume";
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
