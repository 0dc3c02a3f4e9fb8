import type { ListedProposal } from "../../loop/optimizer/index.ts";

export function presentProposal({ proposal, status, experiment }: ListedProposal) {
  const { text, ...shown } = proposal;
  return { ...shown, status, experiment };
}
