import type { Step, StepDocument, WorkflowDocument } from "flyball/client";

export interface GraphStep {
  /** The ids on the way to it: `items.refine.draft`, without the indexes of a run. */
  readonly path: string;
  readonly kind: string;
  readonly config: StepDocument["config"];
}

export type Link = readonly [from: string, to: string];

/** The steps of a workflow and what follows what: inner steps follow their block, and the block's end is their last. */
export function graphOf(document: WorkflowDocument): { steps: readonly GraphStep[]; links: readonly Link[] } {
  const steps: GraphStep[] = [];
  const links: Link[] = [];
  addBlock(document.steps, { prefix: "", before: [], isParallel: false }, { steps, links });
  return { steps, links };
}

interface Found {
  readonly steps: GraphStep[];
  readonly links: Link[];
}

interface Around {
  readonly prefix: string;
  /** What the first steps of the block follow. */
  readonly before: readonly string[];
  /** Its steps follow nothing of their own. */
  readonly isParallel: boolean;
}

/** Adds the steps of one block; answers with those that nothing in it follows. */
function addBlock(block: readonly StepDocument[], around: Around, found: Found): readonly string[] {
  const { prefix, before, isParallel } = around;
  const ends = new Map<string, readonly string[]>();
  const followed = new Set<string>();
  for (const [index, step] of block.entries()) {
    const path = `${prefix}${step.id}`;
    const above = block[index - 1];
    const needs = step.needs ?? (above && !isParallel ? [above.id] : []);
    const from = needs.length > 0 ? needs.flatMap((id) => ends.get(id) ?? []) : before;
    for (const id of needs) followed.add(id);
    found.steps.push({ path, kind: step.kind, config: step.config });
    for (const source of from) found.links.push([source, path]);
    const within = { prefix: `${path}.`, before: [path], isParallel: step.kind === "parallel" };
    const inner = innerBlocks(step).flatMap((steps) => addBlock(steps, within, found));
    ends.set(step.id, inner.length > 0 ? inner : [path]);
  }
  return block.filter(({ id }) => !followed.has(id)).flatMap(({ id }) => ends.get(id) ?? []);
}

/** The blocks within a step: its own list, or one for each arm of a branch. */
function innerBlocks({ kind, config }: StepDocument): readonly (readonly StepDocument[])[] {
  if (!["parallel", "map", "branch", "loop"].includes(kind)) return [];
  const arms = Array.isArray(config.arms) ? config.arms : [config];
  return arms.flatMap((arm) => (Array.isArray(arm?.steps) ? [arm.steps] : []));
}

/** What became of one step of a workflow in a run: of all items of a map, or turns of a loop, together. */
export interface Outcome {
  /** The one that says most. */
  readonly step: Step;
  /** Such as `completed`, or `2 failed, 398 completed`. */
  readonly text: string;
}

const telling = ["failed", "waiting", "retrying", "running", "completed", "skipped"] as const;

/** By the paths that the graph's steps have. */
export function outcomesOf(steps: readonly Step[]): ReadonlyMap<string, Outcome> {
  const byPath = Map.groupBy(steps, ({ path }) => withoutIndexes(path));
  const outcomes = new Map<string, Outcome>();
  for (const [path, all] of byPath) {
    const byStatus = Map.groupBy(all, ({ status }) => status);
    const found = telling.flatMap((status) => byStatus.get(status)?.slice(0, 1) ?? []);
    const counts = found.map(({ status }) => `${byStatus.get(status)?.length} ${status}`);
    const [step] = found;
    if (step) outcomes.set(path, { step, text: all.length === 1 ? step.status : counts.join(", ") });
  }
  return outcomes;
}

export function withoutIndexes(path: string): string {
  return path.replace(/\[\d+\]/g, "");
}
