import { createTwoFilesPatch } from "diff";
import { isMap, isNode, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { Change } from "./changes.ts";
import { EditImpossible } from "./errors.ts";

/** A piece of a text, and what comes in its place. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The text of an asset with a change in it; every other sign stays as it was. */
export function edited(text: string, change: Change): string {
  const root = parseDocument(text, { version: "1.2", schema: "core" }).contents;
  if (!isMap(root)) throw new EditImpossible(change.kind, "the text is no mapping");
  const edits = editsOf(text, root, change).toSorted((one, other) => other.from - one.from);
  return edits.reduce((sum, { from, to, text: put }) => sum.slice(0, from) + put + sum.slice(to), text);
}

function editsOf(text: string, root: YAMLMap, change: Change): readonly Edit[] {
  switch (change.kind) {
    case "change_threshold": {
      const step = stepNode(root, change.step, change);
      const review = step.get("human_review");
      return [
        replaced(
          isMap(review) ? review.get("below", true) : step.get("below", true),
          String(change.below),
          change,
        ),
      ];
    }
    case "add_cache":
      return [
        added(text, stepNode(root, change.step, change), "cache", `${change.forMs / 3_600_000}h`, change),
      ];
    case "parallelize":
      return Object.entries(change.needs).map(([id, needs]) =>
        added(text, stepNode(root, id, change), "needs", `[${needs.join(", ")}]`, change),
      );
    case "swap_model":
      return [exchanged(root, change)];
    case "cascade":
      return [putBefore(text, root, change)];
  }
}

/** A step by its id, or by its name in the flat form. */
function stepNode(root: YAMLMap, id: string, { kind }: Change): YAMLMap {
  const flat = root.get("workflow");
  const steps = isSeq(flat) ? flat : root.get("steps");
  const isMeant = (item: unknown) => isMap(item) && [item.get("id"), nameOf(item.get("name"))].includes(id);
  const found = isSeq(steps) ? steps.items.find(isMeant) : undefined;
  if (!isMap(found)) throw new EditImpossible(kind, `the text has no step ${id}`);
  return found;
}

function nameOf(name: unknown): string | undefined {
  return typeof name === "string" ? name.trim().replace(/[-\s]+/g, "_") : undefined;
}

function replaced(node: unknown, text: string, { kind }: Change): Edit {
  const range = isScalar(node) ? node.range : undefined;
  if (!range) throw new EditImpossible(kind, "what it changes is not written as a plain value");
  return { from: range[0], to: range[1], text };
}

/** A further field of a step, behind the first one, which says who it is. */
function added(text: string, step: YAMLMap, field: string, value: string, { kind }: Change): Edit {
  const second: Pair | undefined = step.items[1];
  const at = isNode(second?.key) ? second.key.range?.[0] : undefined;
  if (at === undefined || step.has(field))
    throw new EditImpossible(kind, `there is no place for \`${field}\` in the step`);
  if (step.flow) return { from: at, to: at, text: `${field}: ${value}, ` };
  const indent = " ".repeat(at - (text.lastIndexOf("\n", at - 1) + 1));
  return { from: at, to: at, text: `${field}: ${value}\n${indent}` };
}

/** In the first tier that has it, where a route has tiers. */
function exchanged(root: YAMLMap, change: Extract<Change, { kind: "swap_model" }>): Edit {
  const tiers = root.get("tiers");
  const holders = isSeq(tiers) ? tiers.items : [root];
  const models = holders.flatMap((holder) => {
    const tried = isMap(holder) ? holder.get("try") : undefined;
    return isSeq(tried) ? tried.items : [];
  });
  const node = models.find((item) => isScalar(item) && item.value === change.from);
  return replaced(node, change.to, change);
}

/** One more tier, before all that a route tries. */
function putBefore(text: string, root: YAMLMap, change: Extract<Change, { kind: "cascade" }>): Edit {
  const tier = `{ try: [${change.model}], below: ${change.below} }`;
  const tiers = root.get("tiers", true);
  const first = isSeq(tiers) && isNode(tiers.items[0]) ? tiers.items[0].range?.[0] : undefined;
  if (isSeq(tiers) && first !== undefined) {
    const indent = " ".repeat(first - (text.lastIndexOf("\n", first - 1) + 1) - 2);
    return { from: first, to: first, text: tiers.flow ? `${tier}, ` : `${tier}\n${indent}- ` };
  }
  const tried = root.items.find(({ key }) => isScalar(key) && key.value === "try");
  const from = isScalar(tried?.key) ? tried.key.range?.[0] : undefined;
  const names = isSeq(tried?.value) ? tried.value.items.map(String) : [];
  const end = isSeq(tried?.value) ? tried.value.range?.[1] : undefined;
  if (from === undefined || end === undefined)
    throw new EditImpossible(change.kind, "the route does not say what it tries");
  const to = from + text.slice(from, end).trimEnd().length;
  return { from, to, text: `tiers: [${tier}, { try: [${names.join(", ")}] }]` };
}

export function diffOf(file: string, before: string, after: string): string {
  return createTwoFilesPatch(file, file, before, after);
}
