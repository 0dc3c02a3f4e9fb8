import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Proposal } from "flyball/client";
import { experimentQuery } from "../api/optimizer.ts";
import { formatMoney, formatShare } from "../format.ts";
import { kindName, prizeText, seenText, stageText } from "../governor.ts";
import { Moment } from "./basics.tsx";
import { StatusMark } from "./status.tsx";

/** One change: what it is worth, how far it is, and of those that are over what came beside what was expected. */
export function ProposalRow({ proposal }: { proposal: Proposal }) {
  const { id, kind, status, declined, finding, experiment } = proposal;
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
      {declined ? (
        <p className="break-words">
          By {declined.by}, <Moment iso={declined.at} />:{" "}
          <span className="text-muted">{declined.reason}</span>
        </p>
      ) : null}
      {experiment ? <Progress id={experiment} /> : null}
    </li>
  );
}

function Progress({ id }: { id: string }) {
  const { data } = useQuery(experimentQuery(id));
  if (!data) return null;
  const { stage, share, reason, seen, comparison } = data;
  return (
    <p className="break-words">
      <span className="font-medium">{stageText(stage)}</span>
      {share > 0 && share < 1 ? `, ${formatShare(share)} of the runs` : ""}
      <span className="text-muted">: {reason}</span>
      {seen ? <span className="block">{seenText(seen)}</span> : null}
      {comparison ? (
        <span className="block tabular-nums">
          Saved {formatMoney(comparison.savedUsdPerRun.realised)} a run, expected{" "}
          {formatMoney(comparison.savedUsdPerRun.mid)}; accuracy {formatShare(comparison.accuracy.realised)},
          expected {formatShare(comparison.accuracy.mid)}
        </span>
      ) : null}
    </p>
  );
}
