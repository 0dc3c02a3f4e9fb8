import type { StepDocument } from "./definition.ts";

/**
 * What each step of a block waits for, as places in the block: what its `needs` says, else the step
 * above it; in a `parallel` nothing. Ids that are not there are left out.
 */
export function needsOf(steps: readonly StepDocument[], isParallel: boolean): readonly (readonly number[])[] {
  const places = new Map(steps.map((step, index) => [step.id, index]));
  return steps.map((step, index) => {
    if (isParallel) return [];
    if (!step.needs) return index === 0 ? [] : [index - 1];
    const needed = step.needs.map((id) => places.get(id)).filter((place) => place !== undefined);
    return [...new Set(needed)].sort((a, b) => a - b);
  });
}

/** The steps of one circle of needs, in its order, or undefined when there is none. */
export function findCycle(needs: readonly (readonly number[])[]): readonly number[] | undefined {
  const state = needs.map(() => "new" as "new" | "open" | "done");
  const trail: number[] = [];
  const visit = (place: number): readonly number[] | undefined => {
    if (state[place] === "done") return undefined;
    if (state[place] === "open") return trail.slice(trail.indexOf(place));
    state[place] = "open";
    trail.push(place);
    for (const next of needs[place] ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    trail.pop();
    state[place] = "done";
    return undefined;
  };
  for (const place of needs.keys()) {
    const cycle = visit(place);
    if (cycle) return cycle;
  }
  return undefined;
}

/** For each step, every step that is surely done or skipped before it starts. */
export function stepsBefore(needs: readonly (readonly number[])[]): readonly ReadonlySet<number>[] {
  const known: (Set<number> | undefined)[] = needs.map(() => undefined);
  const before = (place: number): Set<number> => {
    const found = known[place];
    if (found) return found;
    // Set before going deeper, so that a circle (reported elsewhere) does not go round forever.
    const all = new Set<number>();
    known[place] = all;
    for (const need of needs[place] ?? []) {
      all.add(need);
      for (const earlier of before(need)) all.add(earlier);
    }
    return all;
  };
  return needs.map((_, place) => before(place));
}
