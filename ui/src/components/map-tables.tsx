import type { Mined } from "flyball/client";
import { formatDuration, formatMoney, formatShare } from "../format.ts";
import { type MapActivity, type MapEdge, type ProcessMap, pairKey, type Times } from "../process-map.ts";
import { Panel } from "./basics.tsx";
import { type Column, Table } from "./table.tsx";

/** What the map draws, as rows: for those who do not see it, and for who wants every figure at once. */
export function MapTables({ mined, map }: { mined: Mined; map: ProcessMap }) {
  return (
    <div id="map-tables" tabIndex={-1} className="space-y-4">
      <Panel title="Lines of the map">
        <Table
          label="What follows what"
          columns={edgeColumns}
          rows={map.edges}
          keyOf={({ from, to }) => pairKey(from, to)}
        />
      </Panel>
      <Panel title="Activities">
        <Table
          label="Activities"
          columns={activityColumns}
          rows={map.activities}
          keyOf={({ name }) => name}
        />
      </Panel>
      {mined.handovers.length > 0 ? (
        <Panel title="Hand-overs">
          <Table
            label="Hand-overs"
            columns={handoverColumns}
            rows={mined.handovers}
            keyOf={({ from, to }) => pairKey(from, to)}
          />
        </Panel>
      ) : null}
    </div>
  );
}

const mean = (spread: MapEdge["service"]) => (spread ? formatDuration(spread.meanMs) : "–");

function timeColumns<Row>(timesOf: (row: Row) => Times): readonly Column<Row>[] {
  const column = (name: string, show: (times: Times) => string): Column<Row> => ({
    name,
    isNumber: true,
    cell: (row) => <span className="whitespace-nowrap">{show(timesOf(row))}</span>,
  });
  return [
    column("At work", (times) => mean(times.service)),
    column("Queue", (times) => mean(times.queue)),
    column("People", (times) => mean(times.human)),
    column("Other waits", (times) => mean(times.external)),
    column("Cost in all", (times) => formatMoney(times.cost)),
  ];
}

const name = (text: string) => <span className="font-mono">{text}</span>;

const edgeColumns: readonly Column<MapEdge>[] = [
  { name: "From", cell: ({ from }) => name(from) },
  { name: "To", cell: ({ to }) => name(to) },
  { name: "Times", isNumber: true, cell: ({ count }) => count.toLocaleString("en") },
  { name: "Elapsed", isNumber: true, cell: ({ elapsed }) => mean(elapsed) },
  ...timeColumns<MapEdge>((edge) => edge),
  {
    name: "Waited",
    cell: ({ bottleneck }) =>
      bottleneck ? (
        <span className="whitespace-nowrap text-warn">! {formatShare(bottleneck.share)} of all time</span>
      ) : null,
  },
];

const activityColumns: readonly Column<MapActivity>[] = [
  { name: "Activity", cell: (activity) => name(activity.name) },
  { name: "Times", isNumber: true, cell: ({ count }) => count.toLocaleString("en") },
  { name: "Begins", isNumber: true, cell: ({ starts }) => starts.toLocaleString("en") },
  { name: "Ends", isNumber: true, cell: ({ ends }) => ends.toLocaleString("en") },
  {
    name: "Again",
    isNumber: true,
    cell: ({ rework }) => (rework ? `↻ ${rework.repeats} in ${rework.cases}` : "–"),
  },
  ...timeColumns<MapActivity>(({ times }) => times),
];

const handoverColumns: readonly Column<Mined["handovers"][number]>[] = [
  { name: "From", cell: ({ from }) => from },
  { name: "To", cell: ({ to }) => to },
  { name: "Times", isNumber: true, cell: ({ count }) => count.toLocaleString("en") },
];
