import { comparisonOf, type Experiment, type ListedProposal, type Seen } from "../../loop/optimizer/index.ts";
import { iso } from "../runs/present.ts";

export function presentProposal({ proposal, status, declined, experiment }: ListedProposal) {
  const { text, beside, ...shown } = proposal;
  return { ...shown, status, declined: declined && { ...declined, at: iso(declined.at) }, experiment };
}

export function presentExperiment(experiment: Experiment, seen: Seen | null) {
  const { realised } = experiment;
  return { ...experiment, seen, comparison: realised && comparisonOf({ ...experiment, realised }) };
}
