import { comparisonOf, type Experiment, type ListedProposal } from "../../loop/optimizer/index.ts";

export function presentProposal({ proposal, status, experiment }: ListedProposal) {
  const { text, ...shown } = proposal;
  return { ...shown, status, experiment };
}

export function presentExperiment(experiment: Experiment) {
  const { realised } = experiment;
  return { ...experiment, comparison: realised && comparisonOf({ ...experiment, realised }) };
}
