import { canonicalJson } from "../../core/base/index.ts";
import type { ProposalKind } from "./changes.ts";
import { isAutomated, type Observation } from "./observations.ts";

/**
 * Whether what a candidate answered is right, beside the run that it repeats. What is expected counts first; else
 * what people made of the same answer; else, where no word of anybody is known, that both answer alike.
 */
export function rightBeside(candidate: Observation, original: Observation): boolean | null {
  if (candidate.isRight !== null) return candidate.isRight;
  const isAlike = answersOf(candidate) === answersOf(original);
  if (original.isRight === false) return isAlike ? false : null;
  return isAlike;
}

function answersOf({ steps }: Observation): string {
  const answers = steps.filter(({ kind }) => kind === "inference").map(({ path, value }) => [path, value]);
  return canonicalJson(Object.fromEntries(answers));
}

/** What a run says of a candidate: 1 for good, 0 for bad; null for nothing. */
export function outcomeOf(
  kind: ProposalKind,
  observation: Observation,
  isRight: boolean | null,
): number | null {
  if (observation.status === "failed" || observation.status === "expired" || observation.status === "paused")
    return 0;
  // A person has seen to the others: the threshold decides about those that nobody saw.
  if (kind === "change_threshold" && !isAutomated(observation)) return null;
  return isRight === null ? null : Number(isRight);
}
