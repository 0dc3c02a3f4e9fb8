import type { WorkflowDocument } from "../../core/workflow/index.ts";
import { noPrize, type Opportunity } from "./changes.ts";
import { cacheForMsMin, gainMin, repeatedShareMin, runsObservedMin, savedMsMin } from "./limits.ts";
import type { Observation, ObservedStep } from "./observations.ts";
import { meanOf, medianInterval } from "./statistics.ts";

interface Repeat {
  readonly run: string;
  readonly step: ObservedStep;
  /** Since the question was asked before. */
  readonly agoMs: number;
}

/** Steps that ask a model what they have asked it before, and keep no answer. */
export function repeatOpportunities(
  document: WorkflowDocument,
  observations: readonly Observation[],
): readonly Opportunity[] {
  const candidates = document.steps.filter(({ kind, cache }) => kind === "inference" && !cache);
  return candidates.flatMap(({ id }) => repeatOpportunity(id, observations) ?? []);
}

function repeatOpportunity(id: string, observations: readonly Observation[]): Opportunity | undefined {
  const inOrder = [...observations].sort(
    (one, other) => one.startedAt - other.startedAt || (one.run < other.run ? -1 : 1),
  );
  const asked = inOrder.flatMap(({ run, startedAt, steps }) => {
    const step = steps.find(({ path }) => path === id);
    return step?.question && step.isAsked ? [{ run, startedAt, step, question: step.question }] : [];
  });
  const lastAsked = new Map<string, number>();
  const repeats: Repeat[] = [];
  for (const { run, startedAt, step, question } of asked) {
    const before = lastAsked.get(question);
    if (before !== undefined) repeats.push({ run, step, agoMs: startedAt - before });
    lastAsked.set(question, startedAt);
  }
  if (asked.length < runsObservedMin || repeats.length / asked.length < repeatedShareMin) return undefined;
  const saved = savedBy(repeats, observations);
  if (!saved.isWorthIt) return undefined;
  const share = repeats.length / asked.length;
  const longestMs = Math.max(...repeats.map(({ agoMs }) => agoMs));
  return {
    finding: {
      kind: "add_cache",
      step: id,
      summary: `${Math.round(share * 100)}% of what ${id} asked had been asked before`,
      evidence: { asked: asked.length, repeated: repeats.length, longestMs },
      prize: { ...noPrize, usdPerRun: saved.usdPerRun, msPerRun: saved.msPerRun },
    },
    change: { kind: "add_cache", step: id, forMs: hoursFor(longestMs) },
    counterfactual: cachedOf(repeats, observations),
  };
}

function savedBy(repeats: readonly Repeat[], observations: readonly Observation[]) {
  const { length: runs } = observations;
  const usdPerRun = repeats.reduce((sum, { step }) => sum + step.costUsd, 0) / runs;
  const msPerRun = repeats.reduce((sum, { step }) => sum + step.tookMs, 0) / runs;
  const costUsd = meanOf(observations.map((each) => each.costUsd));
  const tookMs = medianInterval(observations.flatMap((each) => each.tookMs ?? [])).mid;
  const isCheaper = usdPerRun > 0 && usdPerRun >= gainMin * costUsd;
  const isFaster = msPerRun >= savedMsMin && msPerRun >= gainMin * tookMs;
  return { usdPerRun, msPerRun, isWorthIt: isCheaper || isFaster };
}

/** Whole hours that cover the longest time between two. */
function hoursFor(longestMs: number): number {
  return Math.max(1, Math.ceil(longestMs / cacheForMsMin)) * cacheForMsMin;
}

function cachedOf(repeats: readonly Repeat[], observations: readonly Observation[]): readonly Observation[] {
  const saved = new Map(repeats.map(({ run, step }) => [run, step]));
  return observations.map((observation) => {
    const step = saved.get(observation.run);
    if (!step) return observation;
    const tookMs = observation.tookMs === null ? null : Math.max(0, observation.tookMs - step.tookMs);
    return { ...observation, costUsd: observation.costUsd - step.costUsd, tookMs };
  });
}
