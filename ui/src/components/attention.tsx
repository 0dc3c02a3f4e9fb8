import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RunStatus } from "flyball/client";
import type { ReactNode } from "react";
import { metricsQuery } from "../api/metrics.ts";
import { proposalsQuery } from "../api/optimizer.ts";
import { reviewsQuery } from "../api/reviews.ts";
import { rolloutsQuery } from "../api/rollouts.ts";
import { runsQuery } from "../api/runs.ts";
import { workflowsQuery } from "../api/workflows.ts";
import { formatRelative, shortId } from "../format.ts";
import { setPointsOf } from "../targets.ts";
import { Panel } from "./basics.tsx";
import { useNow } from "./now.ts";
import { StatusMark } from "./status.tsx";

interface Matter {
  readonly name: string;
  readonly children: ReactNode;
}

/** What a person should look at, the most pressing first, each with the way there. */
export function Attention() {
  const reviews = useReviews();
  const paused = useStopped("paused");
  const failed = useStopped("failed");
  const missed = useMissedTargets();
  const rolledBack = useRolledBack();
  const proposals = useProposals();
  const matters = [reviews, paused, failed, missed, rolledBack, proposals].filter(
    (matter) => matter !== null,
  );
  return (
    <Panel title="Needs attention">
      {matters.length === 0 ? <p className="px-4 py-3 text-good">✓ Nothing waits for a person.</p> : null}
      <ul className="divide-y divide-line">
        {matters.map(({ name, children }) => (
          <li key={name} className="px-4 py-2.5">
            {children}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function useReviews(): Matter | null {
  const now = useNow();
  const { data } = useQuery(reviewsQuery("open"));
  const rows = data?.items ?? [];
  if (rows.length === 0) return null;
  const soonest = rows.flatMap(({ deadline }) => deadline ?? []).sort()[0];
  return {
    name: "reviews",
    children: (
      <Link to="/reviews" className="link">
        {rows.length >= 200 ? "200+" : rows.length} open {rows.length === 1 ? "review" : "reviews"}
        {soonest ? `, the first due ${formatRelative(soonest, now)}` : ""}
      </Link>
    ),
  };
}

/** As many as one page of the list has, and the latest of them. */
function useStopped(status: RunStatus): Matter | null {
  const { data } = useQuery(runsQuery({ status }));
  const rows = data?.items ?? [];
  if (rows.length === 0) return null;
  return {
    name: status,
    children: (
      <>
        <p className="flex justify-between gap-3">
          <StatusMark status={status} />
          <Link to="/runs" search={{ status }} className="link">
            {data?.nextCursor ? `more than ${rows.length - 1}` : rows.length}{" "}
            {rows.length === 1 ? "run" : "runs"}
          </Link>
        </p>
        <ul className="mt-1 space-y-0.5">
          {rows.slice(0, 3).map(({ runId, workflow, error }) => (
            <li key={runId} className="truncate text-muted">
              <Link to="/runs/$id" params={{ id: runId }} className="link font-mono">
                {shortId(runId)}
              </Link>{" "}
              {workflow}
              {error ? `: ${error.message}` : ""}
            </li>
          ))}
        </ul>
      </>
    ),
  };
}

function useMissedTargets(): Matter | null {
  const { data: workflows } = useQuery(workflowsQuery);
  const withTargets = (workflows?.items ?? []).filter(({ document }) => document?.targets);
  const metrics = useQueries({ queries: withTargets.map(({ name }) => metricsQuery(name)) });
  const missed = withTargets.flatMap(({ name, document }, index) =>
    setPointsOf(document?.targets ?? {}, metrics[index]?.data)
      .filter(({ state }) => state === "breached")
      .map((point) => ({ workflow: name, ...point })),
  );
  if (missed.length === 0) return null;
  return {
    name: "targets",
    children: (
      <ul className="space-y-0.5">
        {missed.map(({ workflow, name, actual, wanted }) => (
          <li key={`${workflow} ${name}`}>
            <Link to="/workflows/$name" params={{ name: workflow }} className="link">
              {workflow}
            </Link>
            : <span className="text-bad">✕ {name.toLowerCase()}</span> {actual}, wanted {wanted}
          </li>
        ))}
      </ul>
    ),
  };
}

function useRolledBack(): Matter | null {
  const now = useNow();
  const { data } = useQuery(rolloutsQuery);
  const rows = (data?.items ?? []).filter(
    ({ status, endedAt }) => status === "rolled_back" && endedAt && now - Date.parse(endedAt) < weekMs,
  );
  if (rows.length === 0) return null;
  return {
    name: "rollouts",
    children: (
      <ul className="space-y-0.5">
        {rows.map(({ id, asset, reason }) => (
          <li key={id}>
            <Link to="/rollouts/$id" params={{ id: id }} className="link">
              {asset}
            </Link>{" "}
            <span className="text-warn">↶ rolled back</span>
            {reason ? <span className="text-muted">: {reason}</span> : null}
          </li>
        ))}
      </ul>
    ),
  };
}

function useProposals(): Matter | null {
  const { data } = useQuery(proposalsQuery);
  const open = (data?.items ?? []).filter(({ status }) => status === "open").length;
  if (open === 0) return null;
  return {
    name: "proposals",
    children: (
      <Link to="/governor" className="link">
        {open} {open === 1 ? "change is" : "changes are"} proposed
      </Link>
    ),
  };
}

const weekMs = 7 * 86_400_000;
