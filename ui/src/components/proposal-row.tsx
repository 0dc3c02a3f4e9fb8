import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Proposal } from "flyball/client";
import { experimentQuery } from "../api/optimizer.ts";
import { formatMoney, formatShare } from "../format.ts";
import { kindName, prizeText, stageText } from "../governor.ts";
import { StatusMark } from "./status.tsx";

/** One change: what it is worth, how far it is, and of those that are over what came beside what was expected. */
export function ProposalRow({ proposal }: { proposal: Proposal }) {
  const { id, kind, status, finding, experiment } = proposal;
  return (
    <li className="px-4 py-2.5">
      <p className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="flex flex-wrap items-baseline gap-x-3">
          <Link to="/governor/$proposal" params={{ proposal: id }} className="link font-medium">
            {kindName(kind)}
          </Link>
          {finding.step ? <span className="font-mono text-muted">{finding.step}</span> : null}
          <StatusMark status={status} />
        </span>
        <span className="whitespace-nowrap tabular-nums">{prizeText(finding.prize)}</span>
      </p>
      <p className="break-words text-muted">{finding.summary}</p>
      {experiment ? <Progress id={experiment} proposal={proposal} /> : null}
    </li>
  );
}

function Progress({ id, proposal: { expected } }: { id: string; proposal: Proposal }) {
  const { data } = useQuery(experimentQuery(id));
  if (!data) return null;
  const { stage, share, reason, realised } = data;
  return (
    <p className="break-words">
      <span className="font-medium">{stageText(stage)}</span>
      {share > 0 && share < 1 ? `, ${formatShare(share)} of the runs` : ""}
      <span className="text-muted">: {reason}</span>
      {realised ? (
        <span className="block tabular-nums">
          Cost of a run {formatMoney(realised.costPerRun.mid)}, expected{" "}
          {formatMoney(expected.costPerRun.mid)}; accuracy {formatShare(realised.accuracy.mid)}, expected{" "}
          {formatShare(expected.accuracy.mid)}
        </span>
      ) : null}
    </p>
  );
}
