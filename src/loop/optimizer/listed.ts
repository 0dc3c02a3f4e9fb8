import type { ProposalKind } from "./changes.ts";
import type { Stage } from "./experiment.ts";
import type { Declined, Proposal } from "./proposals.ts";

/** `open`: it waits for somebody who approves of its experiment, or declines it. */
export const proposalStatuses = ["open", "declined", "testing", "promoted", "rolledBack"] as const;
type ProposalStatus = (typeof proposalStatuses)[number];

export interface ListedProposal {
  readonly proposal: Proposal;
  readonly status: ProposalStatus;
  /** Null unless its status is `declined`. */
  readonly declined: Declined | null;
  readonly experiment: string | null;
}

/** From a person's no, and the stage of its experiment, where there is one. Pure. */
export function statusOf(declined: Declined | null, stage: Stage | undefined): ProposalStatus {
  if (stage === undefined) return declined ? "declined" : "open";
  return stage === "promoted" || stage === "rolledBack" ? stage : "testing";
}

/** Each training makes another classifier; before the same step they are the same change. */
const trainedAnew: readonly ProposalKind[] = ["cascade"];
/** A later record puts another figure into these. What was tried says nothing of it; a person's no does. */
const figuredAnew: readonly ProposalKind[] = [...trainedAnew, "change_threshold", "add_cache"];

/** What was tried or declined is not proposed again as long as what it would change is the same. Pure. */
export function isRuledOut(made: Proposal, known: readonly ListedProposal[]): boolean {
  return known.some(({ proposal, status }) => {
    if (status === "open") return false;
    return isSameEdit(proposal, made, status === "declined" ? figuredAnew : trainedAnew);
  });
}

/** One that was made anew, from a later record, takes the place of the one before. Pure. */
export function currentOf(listed: readonly ListedProposal[]): readonly ListedProposal[] {
  return listed.filter(({ proposal, status }, index) => {
    const isReplaced = () =>
      listed.slice(index + 1).some((later) => isSameEdit(later.proposal, proposal, trainedAnew));
    return status !== "open" || !(isRuledOut(proposal, listed) || isReplaced());
  });
}

/** Changes of these kinds are the same before the same step, whatever stands in them. */
function isSameEdit(one: Proposal, other: Proposal, madeAnew: readonly ProposalKind[]): boolean {
  const isSameStep =
    madeAnew.includes(one.kind) && one.kind === other.kind && one.finding.step === other.finding.step;
  return one.workflow === other.workflow && one.from === other.from && (one.to === other.to || isSameStep);
}
