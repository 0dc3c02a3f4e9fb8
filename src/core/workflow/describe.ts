import { FlyballError, isJsonObject, type Json } from "../base/index.ts";
import { innerBlocks } from "./blocks.ts";
import type { Block, KindWork, Step, StepDocument, Work, Workflow } from "./definition.ts";
import type { Effect } from "./kind.ts";
import { type Path, textsOf } from "./spelling.ts";
import { configTexts, readTemplate } from "./templates.ts";

/** One line of a dry run. */
export interface StepLine {
  /** Its ids from the outside in: `items.refine`. */
  readonly path: string;
  /** 0 for the workflow's own steps, one more for each block around it. */
  readonly depth: number;
  readonly id: string;
  /** The name of its kind or block. */
  readonly kind: string;
  /** What it may do to the world, its fallback included; of a block: the strongest of its steps. */
  readonly effect: Effect;
  /** The ids of its block that it waits for. */
  readonly after: readonly string[];
  /** It may be skipped. */
  readonly conditional: boolean;
}

/** What one step reads. */
export interface StepFlow {
  readonly path: string;
  /** The paths of the steps whose results it uses, without those inside it. */
  readonly steps: readonly string[];
  /** The members of the input that it uses; `*` when it uses the whole. */
  readonly input: readonly string[];
}

/** What a dry run shows: every step with its kind, its effect and what it waits for. */
export function describe(workflow: Workflow): readonly StepLine[] {
  return [...placesOf(workflow)].map(({ step, document, path, depth, siblings }) => ({
    path,
    depth,
    id: step.id,
    kind: document.kind,
    effect: effectOf(step.work, document),
    after: step.needs.map((place) => siblings[place]?.id ?? ""),
    conditional: step.condition !== undefined,
  }));
}

/** The graph of data: for each step the results and the members of the input that its expressions use. */
export function dataFlow(workflow: Workflow): readonly StepFlow[] {
  return [...placesOf(workflow)].map(({ step, document, path, visible }) => {
    const used = [...textsOfStep(step, document)].flatMap(referencesOf);
    return { path, ...reads(used, (id) => visible.get(id)) };
  });
}

function reads(
  used: readonly Path[],
  pathOf: (id: string) => string | undefined,
): Pick<StepFlow, "steps" | "input"> {
  const steps = used.map(stepOf).map((id) => (id === undefined ? undefined : pathOf(id)));
  const input = used.filter(([root]) => root === "input").map(([, member]) => String(member ?? "*"));
  return { steps: unique(steps.filter((other) => other !== undefined)), input: unique(input) };
}

/** The same for the workflow's result; undefined where that is the value of its last step. */
export function outputFlow({ document }: Workflow): StepFlow | undefined {
  if (document.output === undefined) return undefined;
  const texts = [...textsOf(document.output)];
  const used = texts.flatMap(({ text }) => referencesOf({ text, locals: [] }));
  return { path: "", ...reads(used, (id) => id) };
}

interface Place {
  readonly step: Step;
  readonly document: StepDocument;
  readonly path: string;
  readonly depth: number;
  readonly siblings: readonly Step[];
  /** The paths of the ids of its block and of those around. */
  readonly visible: ReadonlyMap<string, string>;
}

interface Around {
  readonly prefix: string;
  readonly depth: number;
  readonly visible: ReadonlyMap<string, string>;
}

function placesOf(workflow: Workflow): Generator<Place> {
  return places(workflow.block, workflow.document.steps, { prefix: "", depth: 0, visible: new Map() });
}

function* places(block: Block, documents: readonly StepDocument[], around: Around): Generator<Place> {
  const own = block.steps.map((step) => [step.id, around.prefix + step.id] as const);
  const visible = new Map([...around.visible, ...own]);
  for (const [index, step] of block.steps.entries()) {
    const document = documents[index];
    if (!document) continue;
    const path = around.prefix + step.id;
    yield { step, document, path, depth: around.depth, siblings: block.steps, visible };
    const blocks = blocksOf(step.work);
    for (const [place, inner] of innerBlocks(document).entries())
      yield* places(blocks[place] ?? { steps: [] }, inner.steps, {
        prefix: `${path}.`,
        depth: around.depth + 1,
        visible,
      });
  }
}

function blocksOf(work: Work): readonly Block[] {
  if (work.type === "kind") return [];
  return work.type === "branch" ? work.arms.map((arm) => arm.block) : [work.block];
}

const strength: readonly Effect[] = ["none", "read", "write", "irreversible"];

function strongest(effects: readonly Effect[]): Effect {
  return effects.reduce((a, b) => (strength.indexOf(b) > strength.indexOf(a) ? b : a), "none");
}

function effectOf(work: Work, document: StepDocument): Effect {
  if (work.type === "kind")
    return strongest([work.kind.effect(document.config), ...fallbackEffect(work, document)]);
  const blocks = blocksOf(work);
  return strongest(
    innerBlocks(document).flatMap((inner, place) =>
      inner.steps.map((step, index) => {
        const inside = blocks[place]?.steps[index]?.work;
        return inside ? effectOf(inside, step) : "none";
      }),
    ),
  );
}

function fallbackEffect(work: KindWork, { fallback }: StepDocument): readonly Effect[] {
  return work.fallback && fallback ? [work.fallback.kind.effect(fallback.config)] : [];
}

interface ScopedText {
  readonly text: string;
  readonly locals: readonly string[];
}

/** The texts that a step itself evaluates; those of the steps inside it are theirs. */
function* textsOfStep(step: Step, document: StepDocument): Generator<ScopedText> {
  if (typeof document.if === "string") yield { text: document.if, locals: [] };
  const { work } = step;
  if (work.type === "kind") {
    yield* configTexts(document.config, work.kind);
    if (work.fallback && document.fallback) yield* configTexts(document.fallback.config, work.fallback.kind);
    if (work.undo && document.undo) yield* configTexts(document.undo.config, work.undo.kind);
    return;
  }
  const inside = innerBlocks(document).flatMap((inner) => inner.steps.map(({ id }) => id));
  for (const { text } of textsOf(document.config.over ?? null)) yield { text, locals: [] };
  for (const { text } of textsOf(document.config.until ?? null)) yield { text, locals: inside };
  for (const when of conditionsOf(document.config.arms)) yield { text: when, locals: [] };
}

function conditionsOf(arms: Json | undefined): readonly string[] {
  const list: readonly Json[] = Array.isArray(arms) ? arms : [];
  return list
    .map((arm) => (isJsonObject(arm) ? arm.when : undefined))
    .filter((when) => typeof when === "string");
}

function referencesOf({ text, locals }: ScopedText): readonly Path[] {
  const template = readTemplate(text);
  if (template instanceof FlyballError) return [];
  return template.references.map(({ path }) => path).filter(([root]) => !locals.includes(String(root)));
}

function stepOf([root, member]: Path): string | undefined {
  const id = root === "steps" ? member : root;
  return typeof id === "string" ? id : undefined;
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
