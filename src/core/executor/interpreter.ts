import { assert, type ErrorRecord, errorRecord, type Json, type JsonObject } from "../base/index.ts";
import type { Block, Evaluator, KindWork, Scope, Step, StepResult, Workflow } from "../workflow/index.ts";
import { BlockFailed } from "./errors.ts";
import type { Activation, Ended, Program, Turn } from "./program.ts";

// Interpreter
// ===========
// Walks a compiled workflow. It holds one frame for each block that is under way; a frame knows which
// of its steps are done and whose turn comes when one more is.
//
// Invariants
//   I1. Reads nothing but the workflow, the root scope and what it is told; no clock, no I/O.
//   I2. Steps become ready in the order of the definition, and in no other.
//   I3. A path is active at most once; settling one that is not active is our own mistake.

/** Where a frame's value goes when all its steps are done. */
type Owner =
  | { readonly type: "root" }
  | { readonly type: "parallel" | "branch"; readonly frame: Frame; readonly step: Step }
  | { readonly type: "map"; readonly progress: MapProgress; readonly item: number }
  | { readonly type: "loop"; readonly frame: Frame; readonly step: Step; readonly index: number };

interface MapProgress {
  readonly frame: Frame;
  readonly step: Step;
  readonly work: Extract<Step["work"], { type: "map" }>;
  readonly items: readonly Json[];
  readonly values: Json[];
  started: number;
  finished: number;
}

type Names = Readonly<Record<string, Json>>;

class Frame implements Scope {
  readonly block: Block;
  readonly prefix: string;
  readonly owner: Owner;
  readonly #parent: Scope;
  readonly #names: Names;
  readonly results = new Map<string, JsonObject>();
  readonly pending: number[];
  done = 0;

  constructor(block: Block, prefix: string, parent: Scope, owner: Owner, names: Names = {}) {
    this.block = block;
    this.prefix = prefix;
    this.owner = owner;
    this.#parent = parent;
    this.#names = names;
    this.pending = block.steps.map((step) => step.needs.length);
  }

  get(name: string): Json | undefined {
    const own = this.results.get(name) ?? (Object.hasOwn(this.#names, name) ? this.#names[name] : undefined);
    if (own !== undefined) return own;
    return name === "steps" ? this.#steps() : this.#parent.get(name);
  }

  #steps(): JsonObject {
    const outer = this.#parent.get("steps");
    return { ...(outer as JsonObject | undefined), ...Object.fromEntries(this.results) };
  }

  /** The value of the last step, in order of definition, that was not skipped. */
  lastValue(): Json {
    for (let index = this.block.steps.length - 1; index >= 0; index--) {
      const result = this.results.get(this.block.steps[index]?.id ?? "");
      if (result && result.skipped !== true) return result.value ?? null;
    }
    return null;
  }
}

interface Active {
  readonly frame: Frame;
  readonly step: Step;
}

export class Interpreter implements Program {
  readonly #workflow: Workflow;
  readonly #root: Scope;
  readonly #active = new Map<string, Active>();
  readonly #queue: Active[] = [];
  #ready: Activation[] = [];
  #skipped: string[] = [];
  #abandoned: string[] = [];
  #ended: Ended | undefined;

  constructor(workflow: Workflow, root: Scope) {
    this.#workflow = workflow;
    this.#root = root;
  }

  start(): Turn {
    this.#open(new Frame(this.#workflow.block, "", this.#root, { type: "root" }));
    return this.#turn();
  }

  settle(path: string, result: StepResult): Turn {
    const active = this.#take(path);
    this.#finish(active.frame, active.step, result);
    return this.#turn();
  }

  fail(path: string, error: ErrorRecord): Turn | undefined {
    const keeper = keeperOf(this.#active.get(path)?.frame);
    if (!keeper) return undefined;
    for (const other of [...this.#active.keys()])
      if (other.startsWith(keeper.prefix)) this.#abandon(other, path);
    const { progress, item } = keeper.owner;
    progress.values[item] = { error: { code: error.code, message: error.message } };
    this.#itemDone(progress);
    return this.#turn();
  }

  #abandon(path: string, failed: string): void {
    this.#active.delete(path);
    if (path !== failed) this.#abandoned.push(path);
  }

  #take(path: string): Active {
    const active = this.#active.get(path);
    assert(active, `I3: ${path} is settled but not active`);
    this.#active.delete(path);
    return active;
  }

  /** Begins whatever has become ready, until only outside work remains. */
  #turn(): Turn {
    for (let next = this.#queue.shift(); next && !this.#ended; next = this.#queue.shift()) this.#begin(next);
    const turn = { ready: this.#ready, skipped: this.#skipped, abandoned: this.#abandoned };
    this.#ready = [];
    if (this.#skipped.length > 0) this.#skipped = [];
    if (this.#abandoned.length > 0) this.#abandoned = [];
    return this.#ended ? { ...turn, ended: this.#ended } : turn;
  }

  #begin({ frame, step }: Active): void {
    try {
      if (step.condition && !truthy(step.condition(frame))) this.#skip(frame, step);
      else if (step.work.type === "kind") this.#activate(frame, step, step.work);
      else this.#beginBlock(frame, step);
    } catch (error) {
      this.#break(frame, step, error);
    }
  }

  #skip(frame: Frame, step: Step): void {
    this.#skipped.push(frame.prefix + step.id);
    const nothing = Object.fromEntries(step.fields.map((field) => [field, null]));
    this.#finish(frame, step, { ...nothing, value: null, skipped: true });
  }

  #activate(frame: Frame, step: Step, work: KindWork | undefined, failure?: unknown): void {
    const path = frame.prefix + step.id;
    this.#active.set(path, { frame, step });
    this.#ready.push({
      path,
      work,
      onFailure: step.onFailure,
      scope: frame,
      config(chosen) {
        if (failure !== undefined) throw failure;
        return evaluateObject(chosen.config, frame);
      },
      ...(work?.undo ? { undo: () => undoOf(path, step, frame, work.undo) } : {}),
    });
  }

  /** A step that cannot begin becomes active all the same, so that it fails like any other. */
  #break(frame: Frame, step: Step, error: unknown): void {
    this.#activate(frame, step, undefined, error ?? new BlockFailed(step.id, "it could not begin"));
  }

  #beginBlock(frame: Frame, step: Step): void {
    const { work } = step;
    const path = frame.prefix + step.id;
    switch (work.type) {
      case "parallel":
        return this.#open(new Frame(work.block, `${path}.`, frame, { type: "parallel", frame, step }));
      case "map":
        return this.#beginMap(frame, step, work);
      case "branch": {
        const arm = work.arms.find(({ when }) => !when || truthy(when(frame)));
        if (!arm) return this.#skip(frame, step);
        return this.#open(new Frame(arm.block, `${path}.`, frame, { type: "branch", frame, step }));
      }
      case "loop":
        return this.#openLoop(frame, step, work.block, 0);
      default:
        assert(false, `a ${work.type} is no block`);
    }
  }

  #beginMap(frame: Frame, step: Step, work: MapProgress["work"]): void {
    const items = work.over(frame);
    if (!Array.isArray(items)) throw new BlockFailed(step.id, "`over` is not a list");
    const progress = {
      frame,
      step,
      work,
      items,
      values: new Array<Json>(items.length).fill(null),
      started: 0,
      finished: 0,
    };
    if (items.length === 0) return this.#finish(frame, step, { value: [] });
    for (let count = 0; count < Math.min(work.concurrency, items.length); count++) this.#openItem(progress);
  }

  #openItem(progress: MapProgress): void {
    const { frame, step, work, items } = progress;
    const item = progress.started++;
    const names = { item: items[item] ?? null, index: item };
    this.#open(
      new Frame(
        work.block,
        `${frame.prefix}${step.id}[${item}].`,
        frame,
        { type: "map", progress, item },
        names,
      ),
    );
  }

  #itemDone(progress: MapProgress): void {
    progress.finished += 1;
    if (progress.started < progress.items.length) this.#openItem(progress);
    else if (progress.finished === progress.items.length)
      this.#finish(progress.frame, progress.step, { value: progress.values });
  }

  #openLoop(frame: Frame, step: Step, block: Block, index: number): void {
    const owner = { type: "loop", frame, step, index } as const;
    this.#open(new Frame(block, `${frame.prefix}${step.id}[${index}].`, frame, owner, { index }));
  }

  #open(frame: Frame): void {
    for (const step of frame.block.steps) if (step.needs.length === 0) this.#queue.push({ frame, step });
    if (frame.block.steps.length === 0) this.#close(frame);
  }

  #finish(frame: Frame, step: Step, result: JsonObject): void {
    frame.results.set(step.id, exposed(result, step.fields));
    frame.done += 1;
    for (const next of step.neededBy) {
      const left = (frame.pending[next] ?? 0) - 1;
      frame.pending[next] = left;
      const follower = frame.block.steps[next];
      if (left === 0 && follower) this.#queue.push({ frame, step: follower });
    }
    if (frame.done === frame.block.steps.length) this.#close(frame);
  }

  #close(frame: Frame): void {
    const { owner } = frame;
    switch (owner.type) {
      case "root":
        this.#ended = this.#output(frame);
        return;
      case "parallel": {
        const values = frame.block.steps.map(({ id }) => [id, frame.results.get(id)?.value ?? null] as const);
        return this.#finish(owner.frame, owner.step, { value: Object.fromEntries(values) });
      }
      case "branch":
        return this.#finish(owner.frame, owner.step, { value: frame.lastValue() });
      case "map":
        owner.progress.values[owner.item] = frame.lastValue();
        return this.#itemDone(owner.progress);
      case "loop":
        return this.#closeIteration(frame, owner);
    }
  }

  #closeIteration(frame: Frame, owner: Extract<Owner, { type: "loop" }>): void {
    const { work } = owner.step;
    assert(work.type === "loop", "the owner of an iteration is a loop");
    try {
      const enough =
        owner.index + 1 >= work.timesMax || (work.until !== undefined && truthy(work.until(frame)));
      if (enough)
        this.#finish(owner.frame, owner.step, { value: frame.lastValue(), iterations: owner.index + 1 });
      else this.#openLoop(owner.frame, owner.step, work.block, owner.index + 1);
    } catch (error) {
      this.#break(owner.frame, owner.step, error);
    }
  }

  #output(frame: Frame): Ended {
    try {
      return { output: this.#workflow.output ? this.#workflow.output(frame) : frame.lastValue() };
    } catch (error) {
      return { path: null, error: errorRecord(error) };
    }
  }
}

/** The nearest frame around a step that is an item of a map which keeps the errors of its items. */
function keeperOf(
  frame: Frame | undefined,
): (Frame & { owner: Extract<Owner, { type: "map" }> }) | undefined {
  for (let at = frame; at; ) {
    const { owner } = at;
    if (owner.type === "root") return undefined;
    if (owner.type !== "map") at = owner.frame;
    else if (owner.progress.work.onItemError === "keep") return at as Frame & { owner: typeof owner };
    else at = owner.progress.frame;
  }
  return undefined;
}

/** Sees what the step saw, and its result. */
function undoOf(path: string, step: Step, frame: Frame, work: KindWork | undefined): Activation {
  const scope: Scope = {
    get: (name) =>
      name === step.id && !frame.results.has(name) ? exposed({ value: null }, step.fields) : frame.get(name),
  };
  return {
    path: `${path}.undo`,
    work,
    onFailure: "fail",
    scope,
    config: (chosen) => evaluateObject(chosen.config, scope),
  };
}

/** What expressions see of a result: each declared field is there, as none when the step did not give it. */
function exposed(result: JsonObject, fields: readonly string[]): JsonObject {
  const seen: Record<string, Json> = { skipped: false };
  for (const field of fields) seen[field] = null;
  return Object.assign(seen, result);
}

function evaluateObject(evaluator: Evaluator, scope: Scope): JsonObject {
  const value = evaluator(scope);
  assert(
    typeof value === "object" && value !== null && !Array.isArray(value),
    "a step's config is an object",
  );
  return value as JsonObject;
}

/** Python's truth: none, false, zero and what is empty are false. */
function truthy(value: Json): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
