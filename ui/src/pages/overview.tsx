import { type Query, useIsFetching, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Workflow } from "flyball/client";
import { useEffect, useState } from "react";
import { healthQuery } from "../api/health.ts";
import { metricsQuery } from "../api/metrics.ts";
import { budgetsQuery } from "../api/money.ts";
import { workflowsQuery } from "../api/workflows.ts";
import { Alerts } from "../components/alerts.tsx";
import { Attention } from "../components/attention.tsx";
import { Command, Loading, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { BudgetBar } from "../components/budget-bar.tsx";
import { NothingServed } from "../components/nothing-served.tsx";
import { useNow } from "../components/now.ts";
import { SetPoints } from "../components/set-points.tsx";
import { Vitals } from "../components/vitals.tsx";
import { formatDuration } from "../format.ts";
import { setPointsOf, vitalsOf } from "../targets.ts";

/** How everything does against what was asked of it, and what a person should look at. */
export function OverviewPage() {
  const { data, error } = useQuery(workflowsQuery);
  const isWhole = useIsWhole();
  return (
    <>
      <PageTitle
        title="Overview"
        note="The last seven days against what each workflow is to reach"
        actions={
          <>
            <Link to="/governor" className="link self-center">
              What could be better →
            </Link>
            <Uptime />
          </>
        }
      />
      {isWhole ? null : <Loading lines={8} />}
      <div
        className={`grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,1fr)_26rem] ${isWhole ? "" : "invisible"}`}
      >
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
          {error ? <Problem error={error} /> : null}
          {data?.items.length === 0 ? <NothingServed /> : null}
          {data?.items.map((workflow) => (
            <Gauges key={workflow.name} workflow={workflow} />
          ))}
        </div>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4 max-xl:order-first">
          <Attention />
          <Alerts />
          <Budgets />
        </div>
      </div>
    </>
  );
}

/** True from when everything has its first answer: parts that come one by one would push each other down. */
function useIsWhole(): boolean {
  const client = useQueryClient();
  const [isWhole, setWhole] = useState(false);
  const isFirst = { predicate: ({ state }: Query) => state.data === undefined };
  const open = useIsFetching(isFirst);
  // An answer may lead to further questions, which the parts have asked by the time that this effect runs.
  useEffect(() => {
    if (open === 0 && client.isFetching(isFirst) === 0) setWhole(true);
  });
  return isWhole;
}

function Uptime() {
  const now = useNow();
  const { data } = useQuery(healthQuery);
  if (!data) return null;
  return <p className="text-muted">up for {formatDuration(now - Date.parse(data.since))}</p>;
}

function Gauges({ workflow }: { workflow: Workflow }) {
  const { name, document } = workflow;
  const { data: metrics } = useQuery(metricsQuery(name));
  const points = setPointsOf(document?.targets ?? {}, metrics);
  const actual = metrics?.actual;
  return (
    <Panel
      title={
        <Link to="/workflows/$name" params={{ name }} className="link">
          {name}
        </Link>
      }
      actions={
        <Link to="/runs" search={{ workflow: name }} className="link">
          {actual ? `${actual.runs.toLocaleString("en")} ${actual.runs === 1 ? "run" : "runs"}` : "Runs"}
        </Link>
      }
    >
      <div className="px-4 py-2">
        {points.length > 0 ? (
          <SetPoints points={points} />
        ) : (
          <p className="py-1 text-muted">
            No targets yet. A workflow says them under <Command>targets</Command>, such as{" "}
            <Command>automated: 70%</Command>.
          </p>
        )}
        {metrics && metrics.actual.runs > 0 ? (
          <Vitals vitals={vitalsOf(document?.targets ?? {}, metrics)} />
        ) : null}
        {actual?.runs === 0 ? (
          <p className="py-1 text-muted">No run in these days: nothing else is measured.</p>
        ) : null}
        {actual?.simulated ? <p className="pt-1 text-warn">Some answers are simulated.</p> : null}
      </div>
    </Panel>
  );
}

function Budgets() {
  const { data } = useQuery(budgetsQuery);
  if (!data || data.items.length === 0) return null;
  return (
    <Panel
      title="Budgets"
      actions={
        <Link to="/costs" className="link">
          Costs →
        </Link>
      }
    >
      <ul className="space-y-3 px-4 py-3">
        {data.items.slice(0, 6).map((budget) => (
          <li key={`${budget.name}/${budget.key}`}>
            <span className="font-medium">{budget.name}</span>{" "}
            <span className="text-muted">{budget.key ? `${budget.by} ${budget.key}` : budget.period}</span>
            <BudgetBar budget={budget} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}
