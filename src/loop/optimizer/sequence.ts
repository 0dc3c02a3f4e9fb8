import { dataFlow, describe, type Workflow } from "../../core/workflow/index.ts";
import { noPrize, type Opportunity } from "./changes.ts";
import { gainMin, runsObservedMin, savedMsMin } from "./limits.ts";
import type { Observation } from "./observations.ts";
import { medianInterval } from "./statistics.ts";

type Needs = Readonly<Record<string, readonly string[]>>;

/** Kinds that ask or compute and may stand beside others; what waits, writes or holds further steps keeps its place. */
const movable: ReadonlySet<string> = new Set([
  "inference",
  "retrieval",
  "transform",
  "tool",
  "script",
  "quality_check",
]);

/** Steps that wait for others whose results they do not read. */
export function sequenceOpportunity(
  workflow: Workflow,
  observations: readonly Observation[],
): Opportunity | undefined {
  const before = declaredNeeds(workflow);
  const after = neededOnly(workflow, before);
  const changed = Object.keys(after).filter((id) => String(after[id]) !== String(before[id]));
  const timed = observations.filter(({ hasEnded, status }) => hasEnded && status === "completed");
  if (changed.length === 0 || timed.length < runsObservedMin) return undefined;
  const savedMs = new Map(timed.map((each) => [each.run, pathMs(each, before) - pathMs(each, after)]));
  const saved = medianInterval([...savedMs.values()]);
  const working = medianInterval(timed.map((each) => pathMs(each, before)));
  if (saved.mid < savedMsMin || saved.mid < gainMin * working.mid) return undefined;
  const freed = changed.filter((id) => before[id]?.some((other) => !isBefore(other, id, after)));
  const needs = Object.fromEntries(changed.map((id) => [id, after[id] ?? []]));
  return {
    finding: {
      kind: "parallelize",
      step: null,
      summary: `${freed.join(", ")} waits for what it does not read; without that a run is ${Math.round(saved.mid)} ms shorter`,
      evidence: { runs: timed.length, savedMs: { ...saved }, workMs: { ...working } },
      prize: { ...noPrize, msPerRun: saved.mid },
    },
    change: { kind: "parallelize", needs },
    counterfactual: observations.map((each) => {
      const ms = savedMs.get(each.run) ?? 0;
      return each.tookMs === null ? each : { ...each, tookMs: Math.max(0, each.tookMs - ms) };
    }),
  };
}

function declaredNeeds({ block }: Workflow): Needs {
  return Object.fromEntries(
    block.steps.map(({ id, needs }) => [id, needs.map((place) => block.steps[place]?.id ?? "")]),
  );
}

/**
 * What each step of the workflow itself must wait for: what it reads, and the last step above that keeps its place.
 * A step that keeps its place waits for all above, as before. Where somebody has written `needs`, that stands.
 */
function neededOnly(workflow: Workflow, declared: Needs): Needs {
  const lines = new Map(
    describe(workflow)
      .filter(({ depth }) => depth === 0)
      .map((line) => [line.id, line]),
  );
  const flows = new Map(dataFlow(workflow).map(({ path, steps }) => [path, steps]));
  const { steps } = workflow.document;
  const needs: Record<string, readonly string[]> = {};
  const above: string[] = [];
  let barrier: string | undefined;
  for (const { id, kind, needs: written, once, undo } of steps) {
    const line = lines.get(id);
    const isFree =
      movable.has(kind) && (line?.effect === "none" || line?.effect === "read") && !once && !undo;
    if (written) needs[id] = declared[id] ?? [];
    else if (isFree) needs[id] = sinksOf([...(flows.get(id) ?? []), ...(barrier ? [barrier] : [])], needs);
    else needs[id] = sinksOf(above, needs);
    above.push(id);
    if (!isFree) barrier = id;
  }
  return Object.fromEntries(steps.map(({ id }) => [id, inOrder(needs[id] ?? [], above)]));
}

/** Without those that another of them waits for anyway. */
function sinksOf(ids: readonly string[], needs: Needs): readonly string[] {
  const unique = [...new Set(ids)].filter((id) => Object.hasOwn(needs, id));
  return unique.filter((id) => !unique.some((other) => other !== id && isBefore(id, other, needs)));
}

function isBefore(id: string, other: string, needs: Needs): boolean {
  return (needs[other] ?? []).some((each) => each === id || isBefore(id, each, needs));
}

function inOrder(ids: readonly string[], order: readonly string[]): readonly string[] {
  return order.filter((id) => ids.includes(id));
}

/** How long the steps of a run take one after the other where they wait for each other, people left out. */
function pathMs({ steps, reviews }: Observation, needs: Needs): number {
  const waits = new Set(reviews.map(({ path }) => path));
  const took = new Map(steps.map(({ path, tookMs }) => [path, waits.has(path) ? 0 : tookMs]));
  const ends = new Map<string, number>();
  for (const [id, before] of Object.entries(needs)) {
    const start = Math.max(0, ...before.map((each) => ends.get(each) ?? 0));
    ends.set(id, start + (took.get(id) ?? 0));
  }
  return Math.max(0, ...ends.values());
}
