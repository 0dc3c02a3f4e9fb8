import { createTwoFilesPatch } from "diff";
import { isMap, isSeq, parseDocument, type YAMLMap } from "yaml";
import type { Change } from "./changes.ts";
import { EditImpossible } from "./errors.ts";

/** The text of an asset with a change in it; comments and everything else stay as they are. */
export function edited(text: string, change: Change): string {
  const document = parseDocument(text, { version: "1.2", schema: "core" });
  const root = document.contents;
  if (!isMap(root)) throw new EditImpossible(change.kind, "the text is no mapping");
  switch (change.kind) {
    case "change_threshold":
      partOf(stepNode(root, change.step, change), "human_review").set("below", change.below);
      break;
    case "add_cache":
      stepNode(root, change.step, change).set("cache", `${change.forMs / 3_600_000}h`);
      break;
    case "parallelize":
      for (const [id, needs] of Object.entries(change.needs)) {
        const list = document.createNode(needs);
        list.flow = true;
        stepNode(root, id, change).set("needs", list);
      }
      break;
    case "swap_model":
      exchange(root, change);
  }
  return document.toString({ lineWidth: 0 });
}

/** A step by its id, or by its name in the flat form. */
function stepNode(root: YAMLMap, id: string, { kind }: Change): YAMLMap {
  const flat = root.get("workflow");
  const steps = isSeq(flat) ? flat : root.get("steps");
  const found = isSeq(steps)
    ? steps.items.find((item) => isMap(item) && (item.get("id") === id || nameOf(item.get("name")) === id))
    : undefined;
  if (!isMap(found)) throw new EditImpossible(kind, `the text has no step ${id}`);
  return found;
}

function nameOf(name: unknown): string | undefined {
  return typeof name === "string" ? name.trim().replace(/[-\s]+/g, "_") : undefined;
}

/** What stands under the name of its kind; in the flat form it stands in the step itself. */
function partOf(step: YAMLMap, kind: string): YAMLMap {
  const part = step.get(kind);
  return isMap(part) ? part : step;
}

/** The first place of the first tier, where a route has tiers. */
function exchange(root: YAMLMap, change: Extract<Change, { kind: "swap_model" }>): void {
  const tiers = root.get("tiers");
  const holder = isSeq(tiers) ? tiers.items[0] : root;
  const models = isMap(holder) ? holder.get("try") : undefined;
  if (!isSeq(models)) throw new EditImpossible(change.kind, `route ${change.route} tries nothing`);
  const names = models.items.map((item) => String(models.get(models.items.indexOf(item))));
  const at = names.indexOf(change.from);
  if (at < 0) throw new EditImpossible(change.kind, `route ${change.route} does not try ${change.from}`);
  models.set(at, change.to);
}

export function diffOf(file: string, before: string, after: string): string {
  return createTwoFilesPatch(file, file, before, after);
}
