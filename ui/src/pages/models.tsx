import { useQuery } from "@tanstack/react-query";
import type { Model, Route } from "flyball/client";
import { modelsQuery, routesQuery } from "../api/models.ts";
import { Command, Empty, Loading, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { ShareBar } from "../components/share-bar.tsx";
import { type Column, Table } from "../components/table.tsx";
import { formatDuration, formatShare } from "../format.ts";

/** Who answers: how well, how fast, at what price, and how much of the traffic they take. */
export function ModelsPage() {
  const models = useQuery(modelsQuery);
  const routes = useQuery(routesQuery);
  const error = models.error ?? routes.error;
  if (error && !models.data) return <Problem error={error} />;
  const isUnused = models.data?.items.length === 0;
  return (
    <>
      <PageTitle title="Models and routes" note="As this server has seen them since it started" />
      {models.isPending || routes.isPending ? <Loading lines={8} /> : null}
      {isUnused ? <NoModels /> : null}
      {models.data && !isUnused ? (
        <div className="space-y-4">
          <Panel title="Models">
            <Table
              label="Models"
              columns={modelColumns}
              rows={models.data.items}
              keyOf={({ name }) => name}
            />
          </Panel>
          {routes.data && routes.data.items.length > 0 ? (
            <Panel title="Routes">
              <Table
                label="Routes"
                columns={routeColumns}
                rows={routes.data.items}
                keyOf={({ name }) => name}
              />
            </Panel>
          ) : null}
        </div>
      ) : null}
    </>
  );
}

const modelColumns: readonly Column<Model>[] = [
  {
    name: "Model",
    cell: ({ name, simulated, region }) => (
      <>
        <span className="font-mono">{name}</span>{" "}
        {simulated ? <span className="text-warn">simulated</span> : null}{" "}
        {region ? <span className="text-muted">{region}</span> : null}
      </>
    ),
  },
  { name: "Health", cell: (model) => <Health model={model} /> },
  { name: "Share of answers", cell: ({ share }) => <ShareBar share={share} /> },
  { name: "Answers", isNumber: true, cell: ({ answers }) => answers },
  {
    name: "Failed",
    isNumber: true,
    cell: ({ answers, failures }) =>
      failures === 0 ? "0" : `${failures} (${formatShare(failures / (failures + answers))})`,
  },
  { name: "p50", isNumber: true, cell: ({ latency }) => (latency ? formatDuration(latency.p50Ms) : "–") },
  { name: "p95", isNumber: true, cell: ({ latency }) => (latency ? formatDuration(latency.p95Ms) : "–") },
  { name: "Price per million tokens", cell: ({ price }) => priceText(price) },
];

const routeColumns: readonly Column<Route>[] = [
  { name: "Route", cell: ({ name }) => <span className="font-mono">{name}</span> },
  { name: "Calls", isNumber: true, cell: ({ calls }) => calls },
  { name: "Failed", isNumber: true, cell: ({ failures }) => failures },
  { name: "From the cache", isNumber: true, cell: ({ cacheHits }) => cacheHits },
  {
    name: "Who answered",
    cell: ({ models }) => (
      <ul className="space-y-1">
        {models.map(({ name, share }) => (
          <li key={name} className="flex flex-wrap items-center gap-2">
            <ShareBar share={share} />
            <span className="font-mono">{name}</span>
          </li>
        ))}
      </ul>
    ),
  },
];

/** In words and a sign, as the circuit breaker and the provider's own patience have it. */
function Health({ model: { circuit, coolingMs } }: { model: Model }) {
  if (circuit === "open") return <span className="whitespace-nowrap font-medium text-bad">✕ not asked</span>;
  if (circuit === "half_open")
    return <span className="whitespace-nowrap font-medium text-warn">↻ being tried</span>;
  if (coolingMs > 0)
    return (
      <span className="whitespace-nowrap font-medium text-wait">◔ cooling {formatDuration(coolingMs)}</span>
    );
  return <span className="whitespace-nowrap font-medium text-good">✓ well</span>;
}

function priceText(price: Model["price"]): string {
  if (!price) return "not known";
  const parts = Object.entries(price).filter(([, usd]) => typeof usd === "number");
  return parts.map(([part, usd]) => `${part} $${Number((usd * 1_000_000).toPrecision(4))}`).join(", ");
}

function NoModels() {
  return (
    <Panel>
      <Empty title="No model has been asked since this server started.">
        <p>
          An <Command>inference</Command> step asks one, by its name or through a route of{" "}
          <Command>flyball.yaml</Command>. Simulated models need no key.
        </p>
      </Empty>
    </Panel>
  );
}
