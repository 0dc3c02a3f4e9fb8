import { FlyballError, type JsonObject } from "../base/index.ts";
import { type InnerBlock, innerBlocks, isBlockName } from "./blocks.ts";
import { resultFields } from "./compile.ts";
import type { StepDocument, WorkflowDocument } from "./definition.ts";
import { TemplateSyntaxError } from "./expressions/index.ts";
import { didYouMean } from "./findings.ts";
import type { KindRegistry } from "./kinds.ts";
import { type Names, nameProblem, type ResultFields, reservedIds } from "./names.ts";
import type { Normalised, Origin } from "./normalise.ts";
import { findCycle, needsOf, stepsBefore } from "./order.ts";
import type { Report } from "./report.ts";
import { type Path, textsOf } from "./spelling.ts";
import { configTexts, readTemplate } from "./templates.ts";

/** What the steps of a block can see of what is around it. */
interface Surroundings {
  readonly steps: ReadonlyMap<string, ResultFields>;
  readonly locals: ReadonlySet<string>;
  /** Ids of all blocks around, seen or not: none may be used again inside. */
  readonly ids: ReadonlySet<string>;
  /** Ids of the blocks that this one is in, from the outside in. */
  readonly within: readonly string[];
  readonly isParallel: boolean;
}

/** Checks ids, order, and every name in every expression of a document. */
export function checkDocument(normalised: Normalised, kinds: KindRegistry, report: Report): void {
  const { document } = normalised;
  const checker = new Checker(normalised, kinds, report);
  const top = {
    steps: new Map(),
    locals: new Set<string>(),
    ids: new Set<string>(),
    within: [],
    isParallel: false,
  };
  checker.block(document.steps, top);
  const names = checker.namesAtEnd(document.steps, top);
  for (const { text, path } of textsOf(document.output ?? null))
    checker.text(text, ["output", ...path], names);
  checker.limits(document, [], checker.namesAtEnd([], top));
}

class Checker {
  readonly #origins: ReadonlyMap<StepDocument, Origin>;
  readonly #input: JsonObject | undefined;
  readonly #kinds: KindRegistry;
  readonly #report: Report;
  /** Every id, and the block whose inside it belongs to: null for the workflow's own steps. */
  readonly #homes = new Map<string, string | null>();

  constructor(normalised: Normalised, kinds: KindRegistry, report: Report) {
    this.#origins = normalised.origins;
    this.#input = normalised.document.input;
    this.#kinds = kinds;
    this.#report = report;
    this.#findHomes(normalised.document.steps, null);
  }

  #findHomes(steps: readonly StepDocument[], home: string | null): void {
    for (const step of steps) {
      if (!this.#homes.has(step.id)) this.#homes.set(step.id, home);
      for (const inner of innerBlocks(step)) this.#findHomes(inner.steps, step.id);
    }
  }

  block(steps: readonly StepDocument[], around: Surroundings): void {
    this.#checkIds(steps, around);
    this.#checkNeeds(steps, around);
    const before = stepsBefore(needsOf(steps, around.isParallel));
    for (const [place, step] of steps.entries()) this.#step(step, steps, before[place] ?? new Set(), around);
  }

  #originOf(step: StepDocument): Origin {
    return this.#origins.get(step) ?? { step: [], id: [], config: [] };
  }

  #checkIds(steps: readonly StepDocument[], around: Surroundings): void {
    const seen = new Set<string>();
    for (const step of steps) {
      const { id } = step;
      const at = this.#originOf(step).id;
      if (id === "") continue;
      if (seen.has(id)) this.#report.problem(at, `two steps of this block are called \`${id}\``);
      else if (reservedIds.has(id))
        this.#report.problem(at, `\`${id}\` has a meaning of its own and cannot be an id`);
      else if (around.ids.has(id))
        this.#report.problem(at, `a step around this block is already called \`${id}\``);
      seen.add(id);
    }
  }

  #checkNeeds(steps: readonly StepDocument[], around: Surroundings): void {
    const ids = steps.map((step) => step.id);
    for (const step of steps) {
      const at = [...this.#originOf(step).step, "needs"];
      if (around.isParallel && step.needs && step.needs.length > 0)
        this.#report.problem(at, "steps of a `parallel` all start at once: `needs` has no place here", "key");
      else
        for (const [place, id] of (step.needs ?? []).entries()) {
          const problem = needProblem(id, step, ids);
          if (problem) this.#report.problem([...at, place], problem);
        }
    }
    const cycle = around.isParallel ? undefined : findCycle(needsOf(steps, false));
    const [first] = (cycle ?? []).map((place) => steps[place]).filter((step) => step !== undefined);
    if (!cycle || !first || cycle.length === 1) return;
    const names = [...cycle, ...cycle.slice(0, 1)].map((place) => `\`${ids[place]}\``).join(" needs ");
    this.#report.problem(
      [...this.#originOf(first).step, "needs"],
      `these steps wait for each other: ${names}`,
      "key",
    );
  }

  #step(
    step: StepDocument,
    siblings: readonly StepDocument[],
    before: ReadonlySet<number>,
    around: Surroundings,
  ): void {
    const origin = this.#originOf(step);
    const seen = new Map(around.steps);
    for (const place of before) this.#addTo(seen, siblings[place]);
    const names = this.#names(seen, around, step, siblings);
    if (step.if !== undefined) this.#condition(step.if, [...origin.step, "if"], names);
    const kind = this.#kinds.get(step.kind);
    if (kind)
      for (const { text, path, locals } of configTexts(step.config, kind))
        this.text(text, [...origin.config, ...path], withLocals(names, locals));
    this.#otherKind("fallback", step, names);
    const after = new Map(seen);
    this.#addTo(after, step);
    this.#otherKind("undo", step, this.#names(after, around, undefined, siblings));
    this.limits(step, origin.step, names);
    if (isBlockName(step.kind))
      this.#blockStep(step, origin, names, { ...around, steps: seen, ids: idsWith(around, siblings) });
  }

  #otherKind(member: "fallback" | "undo", step: StepDocument, names: Names): void {
    const other = step[member];
    const kind = other && this.#kinds.get(other.kind);
    if (!kind) return;
    const at = [...this.#originOf(step).step, member, kind.name];
    for (const { text, path, locals } of configTexts(other.config, kind))
      this.text(text, [...at, ...path], withLocals(names, locals));
  }

  /** Keys and priority: of a step, or of the workflow, which sees its input alone. */
  limits(of: StepDocument | WorkflowDocument, path: Path, names: Names): void {
    for (const member of ["concurrency", "rate"] as const)
      for (const [place, { key }] of (of[member] ?? []).entries())
        if (key !== undefined) {
          // A single limit need not stand in a list.
          const at = of[member]?.length === 1 ? [...path, member, "key"] : [...path, member, place, "key"];
          this.text(key, at, names);
          this.#mustBeOneExpression(key, at, "a key");
        }
    if (typeof of.priority === "string") this.text(of.priority, [...path, "priority"], names);
  }

  #blockStep(step: StepDocument, origin: Origin, names: Names, around: Surroundings): void {
    for (const { text, path } of textsOf(step.config.over ?? null))
      this.text(text, [...origin.config, "over", ...path], names);
    if (typeof step.config.over === "string")
      this.#mustBeOneExpression(step.config.over, [...origin.config, "over"], "a list");
    const inners = innerBlocks(step);
    for (const [place, inner] of inners.entries()) {
      if (step.kind === "branch") this.#arm(step, place, inners.length, origin, names);
      const inside = this.#inside(step, inner, around);
      this.block(inner.steps, inside);
      const { until } = step.config;
      if (typeof until === "string")
        this.#condition(until, [...origin.config, "until"], this.namesAtEnd(inner.steps, inside));
    }
  }

  #arm(step: StepDocument, place: number, count: number, origin: Origin, names: Names): void {
    const arms = Array.isArray(step.config.arms) ? step.config.arms : [];
    const when = arms[place]?.when;
    const at = [...origin.config, place];
    if (typeof when === "string") this.#condition(when, [...at, "when"], names);
    if (when === undefined && place < count - 1)
      this.#report.problem(
        at,
        "an arm without `when` is always taken, so the arms after it never are; it must be the last",
      );
  }

  #inside(step: StepDocument, inner: InnerBlock, around: Surroundings): Surroundings {
    return {
      steps: around.steps,
      locals: new Set([...around.locals, ...inner.locals]),
      ids: around.ids,
      within: [...around.within, step.id],
      isParallel: inner.isParallel,
    };
  }

  /** What can be named once all steps of a block are over: in `output` and in `until`. */
  namesAtEnd(steps: readonly StepDocument[], around: Surroundings): Names {
    const seen = new Map(around.steps);
    for (const step of steps) this.#addTo(seen, step);
    return this.#names(seen, around, undefined, steps);
  }

  #addTo(seen: Map<string, ResultFields>, step: StepDocument | undefined): void {
    if (!step || step.id === "") return;
    const isKnown = isBlockName(step.kind) || this.#kinds.has(step.kind);
    seen.set(step.id, isKnown ? resultFields(step, this.#kinds) : null);
  }

  #names(
    steps: ReadonlyMap<string, ResultFields>,
    around: Surroundings,
    self: StepDocument | undefined,
    siblings: readonly StepDocument[],
  ): Names {
    const { locals, within, isParallel } = around;
    const whyNot = (id: string): string | undefined => {
      if (!this.#homes.has(id) || id === "") return undefined;
      if (id === self?.id) return `\`${id}\` is this step itself, which has no result yet`;
      if (within.includes(id)) return `\`${id}\` is the block around this step, which has no result yet`;
      const isSibling = siblings.some((sibling) => sibling.id === id);
      if (isSibling && isParallel)
        return `\`${id}\` starts together with this step: steps of a \`parallel\` cannot see each other`;
      const home = this.#homes.get(id);
      if (typeof home === "string" && home !== "" && !isSibling && !within.includes(home))
        return `\`${id}\` is inside \`${home}\`: outside, only \`${home}.value\` can be seen`;
      return `\`${id}\` does not surely come before this step${isSibling && self ? orderHint(id, self, siblings) : ""}`;
    };
    return { steps, locals, input: this.#input, whyNot };
  }

  #condition(condition: string | boolean, path: Path, names: Names): void {
    if (typeof condition === "boolean") return;
    this.text(condition, path, names);
    this.#mustBeOneExpression(condition, path, "a condition");
  }

  /** Plain text is always true and never a list: surely not what was meant. */
  #mustBeOneExpression(text: string, path: Path, what: string): void {
    const template = readTemplate(text);
    if (template instanceof FlyballError || template.isExpression) return;
    this.#report.problem(path, `expected ${what} as one expression: "{{ … }}", found text`);
  }

  text(text: string, path: Path, names: Names): void {
    const template = readTemplate(text);
    if (template instanceof FlyballError) {
      const offset = template instanceof TemplateSyntaxError ? template.offset : 0;
      this.#report.problem(path, template.message, offset);
      return;
    }
    for (const reference of template.references) {
      const problem = nameProblem(reference, names);
      if (problem) this.#report.problem(path, problem, reference.offset);
    }
  }
}

function orderHint(id: string, self: StepDocument, siblings: readonly StepDocument[]): string {
  const isBelow = siblings.findIndex((step) => step.id === id) > siblings.indexOf(self);
  return isBelow && !self.needs ? ": it stands below" : "; name it in `needs`";
}

function idsWith(around: Surroundings, siblings: readonly StepDocument[]): ReadonlySet<string> {
  return new Set([...around.ids, ...siblings.map((step) => step.id)]);
}

function needProblem(id: string, step: StepDocument, ids: readonly string[]): string | undefined {
  if (id === step.id) return "a step cannot need itself";
  if (ids.includes(id)) return undefined;
  return `there is no step \`${id}\` in this block${didYouMean(
    id,
    ids.filter((other) => other !== step.id),
  )}`;
}

function withLocals(names: Names, locals: readonly string[]): Names {
  return locals.length === 0 ? names : { ...names, locals: new Set([...names.locals, ...locals]) };
}
