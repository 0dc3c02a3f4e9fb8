import { useQuery } from "@tanstack/react-query";
import type { BudgetUse, Cost } from "flyball/client";
import { budgetsQuery, costDimensions, costsQuery } from "../api/money.ts";
import { Command, Empty, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { BudgetBar } from "../components/budget-bar.tsx";
import { Choice, Days } from "../components/field.tsx";
import { ShareBar } from "../components/share-bar.tsx";
import { type Column, Table } from "../components/table.tsx";
import { formatMoney } from "../format.ts";
import { lastWeek } from "../period.ts";
import { costsRoute } from "../router.tsx";

/** What was spent, on what; and how much may still be. */
export function CostsPage() {
  return (
    <>
      <PageTitle title="Costs and budgets" note="Days are UTC" actions={<Period />} />
      <div className="space-y-4">
        <Costs />
        <Budgets />
      </div>
    </>
  );
}

/** What the address leaves out is the last week, by workflow. */
function useCostQuery() {
  const { by = "workflow", ...period } = costsRoute.useSearch();
  return { by, ...lastWeek(Date.now()), ...period };
}

function Period() {
  const query = useCostQuery();
  const navigate = costsRoute.useNavigate();
  const change = (changes: Partial<typeof query>) =>
    navigate({ search: (before) => ({ ...before, ...changes }), replace: true });
  return (
    <>
      <Choice
        name="By"
        value={query.by}
        options={costDimensions.map((by) => [by, by])}
        onChange={(chosen) => {
          const by = costDimensions.find((known) => known === chosen);
          if (by) change({ by });
        }}
      />
      <Days period={query} onChange={(end, day) => day && change({ [end]: day })} />
    </>
  );
}

function Costs() {
  const query = useCostQuery();
  const { data, error, isPending } = useQuery(costsQuery(query));
  const rows = data?.items ?? [];
  const total = rows.reduce((sum, { cost }) => sum + (cost ?? 0), 0);
  const unpriced = rows.reduce((sum, row) => sum + row.unpriced, 0);
  return (
    <Panel
      title={`${formatMoney(total)} by ${query.by}${isLastWeek(query) ? ", the last seven days" : ""}`}
      actions={
        <span className="text-muted">
          {query.from} to {query.to}
          {unpriced > 0 ? `; ${unpriced} calls had no known price` : ""}
        </span>
      }
    >
      {error ? <Problem error={error} /> : null}
      {isPending ? <Loading /> : null}
      {data && rows.length === 0 ? (
        <Empty title="No model was asked in these days.">
          <p>Each call counts here once it has been answered, or has failed and was billed.</p>
        </Empty>
      ) : null}
      {rows.length > 0 ? (
        <Table label="Costs" columns={costColumns(query.by, total)} rows={rows} keyOf={({ key }) => key} />
      ) : null}
    </Panel>
  );
}

function isLastWeek({ from, to }: { from: string; to: string }): boolean {
  const week = lastWeek(Date.now());
  return from === week.from && to === week.to;
}

function costColumns(by: string, total: number): readonly Column<Cost>[] {
  const tokens = (name: string, ...parts: readonly string[]): Column<Cost> => ({
    name,
    isNumber: true,
    cell: (row) => parts.reduce((sum, part) => sum + (row.tokens[part] ?? 0), 0).toLocaleString("en"),
  });
  return [
    { name: by, cell: ({ key }) => key || <span className="text-muted">without one</span> },
    { name: "Cost", isNumber: true, cell: ({ cost }) => formatMoney(cost) },
    { name: "Share", cell: ({ cost }) => <ShareBar share={total > 0 ? (cost ?? 0) / total : 0} /> },
    { name: "Calls", isNumber: true, cell: ({ calls }) => calls.toLocaleString("en") },
    tokens("Read", "input", "cacheWrite"),
    tokens("From cache", "cached"),
    tokens("Written", "output", "reasoning"),
  ];
}

function Budgets() {
  const { data, error, isPending } = useQuery(budgetsQuery);
  return (
    <Panel title="Budgets">
      {error ? <Problem error={error} /> : null}
      {isPending ? <Loading lines={3} /> : null}
      {data?.items.length === 0 ? (
        <Empty title="No budget holds here.">
          <p>
            One stands in <Command>flyball.yaml</Command>, such as{" "}
            <Command>{"budgets: [{ name: house, limit: $50, period: day }]"}</Command>. What a call may cost
            is held back before it, and counted after it.
          </p>
        </Empty>
      ) : null}
      {data && data.items.length > 0 ? (
        <Table
          label="Budgets"
          columns={budgetColumns}
          rows={data.items}
          keyOf={({ name, key, period }) => `${name}/${key}/${period}`}
        />
      ) : null}
    </Panel>
  );
}

const budgetColumns: readonly Column<BudgetUse>[] = [
  {
    name: "Budget",
    cell: ({ name, by, key }) => (
      <>
        <span className="font-medium">{name}</span>
        {key ? <span className="ml-2 text-muted">{`${by} ${key}`}</span> : null}
      </>
    ),
  },
  { name: "Spent, reserved and free", cell: (budget) => <BudgetBar budget={budget} /> },
  { name: "Then", cell: ({ action }) => action },
  { name: "Period", cell: ({ period }) => period },
  { name: "Begins anew", cell: ({ resetsAt }) => <Moment iso={resetsAt} /> },
];
