import { canonicalJson } from "../../core/base/index.ts";
import type { Change, ProposalKind } from "./changes.ts";
import { isAutomated, type Observation, type ObservedStep } from "./observations.ts";

/**
 * Whether what a candidate answered is right, beside the run that it repeats. What is expected counts first; else
 * what people made of the same answer; else, where no word of anybody is known, that both answer alike. Where one
 * step changes, the others have no say: an answer that nobody can judge must not pass for the sake of another.
 */
export function rightBeside(change: Change, candidate: Observation, original: Observation): boolean | null {
  const own = rightAlone(change, candidate);
  if (own !== null) return own;
  const isAlike = answersOf(change, candidate) === answersOf(change, original);
  if (original.isRight === false) return isAlike ? false : null;
  return isAlike;
}

/** Whether what a change changed is right, as far as that is known without another run. */
export function rightAlone(change: Change, { steps, reviews, isRight }: Observation): boolean | null {
  if (!isOfOneAnswer(change)) return isRight;
  const own = steps.find(({ path }) => path === change.step)?.isRight ?? null;
  const decisions = reviews.flatMap(({ decision }) => decision ?? []);
  if (own !== null || decisions.length === 0) return own;
  return decisions.every((decision) => decision === "approve");
}

/** Another one answers one step, and nothing else changes. */
function isOfOneAnswer(change: Change): change is Extract<Change, { kind: "swap_model" | "cascade" }> {
  return change.kind === "swap_model" || change.kind === "cascade";
}

function answersOf(change: Change, { steps }: Observation): string {
  const isMeant = ({ kind, path }: ObservedStep) =>
    isOfOneAnswer(change) ? path === change.step : kind === "inference";
  const answers = steps.filter(isMeant).map(({ path, value }) => [path, value]);
  return canonicalJson(Object.fromEntries(answers));
}

/** The same runs, judged by what a change would change. */
export function judgedBy(change: Change, observations: readonly Observation[]): readonly Observation[] {
  return observations.map((each) => ({ ...each, isRight: rightAlone(change, each) ?? each.isRight }));
}

const failures: ReadonlySet<string> = new Set(["failed", "expired", "paused"]);

export function hasFailed({ status }: Observation): boolean {
  return failures.has(status);
}

/** What a run says of a candidate: 1 for good, 0 for bad; null for nothing. */
export function outcomeOf(
  kind: ProposalKind,
  observation: Observation,
  isRight: boolean | null,
): number | null {
  const isAlone = isAutomated(observation);
  // A shadow goes on where a person would have been asked: what becomes of it after that is not its fault.
  if (hasFailed(observation) && isAlone) return 0;
  // A person has seen to the others: the threshold decides about those that nobody saw.
  if (kind === "change_threshold" && !isAlone) return null;
  return isRight === null ? null : Number(isRight);
}
