import { comparisonOf, type Experiment, type ListedProposal, type Seen } from "../../loop/optimizer/index.ts";

export function presentProposal({ proposal, status, experiment }: ListedProposal) {
  const { text, beside, ...shown } = proposal;
  return { ...shown, status, experiment };
}

export function presentExperiment(experiment: Experiment, seen: Seen | null) {
  const { realised } = experiment;
  return { ...experiment, seen, comparison: realised && comparisonOf({ ...experiment, realised }) };
}
