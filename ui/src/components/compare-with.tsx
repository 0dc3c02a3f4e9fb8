import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Run } from "flyball/client";
import { useState } from "react";
import { runsQuery } from "../api/runs.ts";
import { shortId } from "../format.ts";
import { Moment } from "./basics.tsx";
import { StatusMark } from "./status.tsx";

/** The latest runs of the same workflow, each a way to the two side by side. */
export function CompareWith({ run }: { run: Run }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="relative" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="inline-flex min-h-8 cursor-pointer list-none items-center rounded-md border border-line bg-panel px-3 py-1 font-medium hover:bg-raised">
        Compare with …
      </summary>
      {isOpen ? (
        <div className="absolute right-0 z-10 mt-1 max-h-80 w-80 max-w-[90vw] overflow-auto rounded-md border border-line bg-panel p-1 shadow-xl max-sm:right-auto max-sm:left-0">
          <Others run={run} />
        </div>
      ) : null}
    </details>
  );
}

function Others({ run }: { run: Run }) {
  const { data } = useQuery(runsQuery({ workflow: run.workflow }));
  const others = (data?.items ?? []).filter(({ runId }) => runId !== run.runId);
  if (data && others.length === 0)
    return <p className="px-3 py-2 text-muted">No other run of {run.workflow} yet.</p>;
  return (
    <ul>
      {others.map((other) => (
        <li key={other.runId}>
          <Link
            to="/runs/$a/compare/$b"
            params={{ a: run.runId, b: other.runId }}
            className="flex flex-wrap justify-between gap-2 rounded px-3 py-1.5 hover:bg-raised"
          >
            <span className="font-mono">{shortId(other.runId)}</span>
            <StatusMark status={other.status} />
            <Moment iso={other.startedAt} />
          </Link>
        </li>
      ))}
    </ul>
  );
}
