import type { ReactNode } from "react";
import { formatDuration, formatMoney, formatShare } from "../format.ts";
import { type MapActivity, type MapEdge, type ProcessMap, pairKey, type Times } from "../process-map.ts";
import { Facts, Panel } from "./basics.tsx";

type Fact = readonly [name: string, value: ReactNode];

/** All figures of what is pointed at in the map. */
export function MapFigures({ map, id }: { map: ProcessMap; id: string | undefined }) {
  const activity = map.activities.find(({ name }) => name === id);
  const edge = map.edges.find(({ from, to }) => pairKey(from, to) === id);
  return (
    <Panel title="Figures" className="min-h-72">
      {activity ? <Facts facts={activityFacts(activity)} /> : null}
      {edge ? <Facts facts={edgeFacts(edge)} /> : null}
      {activity || edge ? null : (
        <p className="px-4 py-3 text-muted">
          Point at a box or a line of the map, or go there with the Tab key; a click keeps it here.
        </p>
      )}
    </Panel>
  );
}

function activityFacts({ name, count, times, rework, starts, ends }: MapActivity): readonly Fact[] {
  return [
    [
      "Activity",
      <span key="name" className="break-all font-mono">
        {name}
      </span>,
    ],
    ["Done", `${count.toLocaleString("en")} times`],
    ...(starts > 0 ? [["Begins", runs(starts)] as const] : []),
    ...(ends > 0 ? [["Ends", runs(ends)] as const] : []),
    ...(rework
      ? [["Done again", `${rework.repeats.toLocaleString("en")} times, in ${runs(rework.cases)}`] as const]
      : []),
    ...timeFacts(times),
  ];
}

function edgeFacts(edge: MapEdge): readonly Fact[] {
  const { from, to, count, elapsed, bottleneck } = edge;
  return [
    [
      "From",
      <span key="from" className="break-all font-mono">
        {from}
      </span>,
    ],
    [
      "To",
      <span key="to" className="break-all font-mono">
        {to}
      </span>,
    ],
    ["Followed", `${count.toLocaleString("en")} times`],
    ...(elapsed
      ? [
          [
            "Elapsed",
            `${formatDuration(elapsed.meanMs)}, median ${formatDuration(elapsed.medianMs)}`,
          ] as const,
        ]
      : []),
    ...timeFacts(edge),
    ...(bottleneck
      ? [
          [
            "Bottleneck",
            <span key="bottleneck" className="text-warn">
              ! {formatDuration(bottleneck.waitMs)} waited in all, {formatShare(bottleneck.share)} of all time
            </span>,
          ] as const,
        ]
      : []),
  ];
}

function runs(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "run" : "runs"}`;
}

function timeFacts({ service, queue, human, external, cost }: Times): readonly Fact[] {
  const time = (spread: MapEdge["service"]) =>
    spread ? `${formatDuration(spread.meanMs)}, ${formatDuration(spread.totalMs)} in all` : "–";
  return [
    ["At work", time(service)],
    ["In the queue", time(queue)],
    ["With people", time(human)],
    ["Other waits", time(external)],
    ["Cost in all", formatMoney(cost)],
  ];
}
