import { graphlib, layout } from "@dagrejs/dagre";
import {
  BaseEdge,
  Controls,
  type Edge,
  type EdgeProps,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import { type FocusEvent, useMemo } from "react";
import {
  type MapActivity,
  type MapEdge,
  type Measure,
  measureOf,
  type ProcessMap,
  pairKey,
  pairsOf,
  showMeasure,
} from "../process-map.ts";
import "@xyflow/react/dist/base.css";

interface Point {
  readonly x: number;
  readonly y: number;
}

type Box = Node<{ title: string; note: string; look: string; isFaded: boolean }, "activity" | "end">;
type Way = Edge<{ points: readonly Point[]; at: Point }, "way">;

const nodeTypes = { activity: ActivityBox, end: EndMark };
const edgeTypes = { way: WayLine };
const boxSize = { width: 190, height: 54 };
const endSize = { width: 64, height: 28 };
const labelSize = { width: 64, height: 18 };
const [start, end] = ["start", "end"];
const heightMinPx = 320;
const heightMaxPx = 860;

interface Shown {
  readonly measure: Measure;
  /** The activities of a way to be shown among the others. */
  readonly way: readonly string[] | undefined;
  /** A name or a pair, as `onChoose` told it. */
  readonly chosen: string | undefined;
}

/** A directly-follows graph: what is done, what follows it, and between them the figure that was asked for. */
export default function ProcessGraph({
  map,
  measure,
  way,
  chosen,
  onPoint,
  onChoose,
}: Shown & {
  map: ProcessMap;
  /** Told what the pointer or the focus is on: an activity's name, or a pair of them as `pairKey` writes it. */
  onPoint: (id: string | undefined) => void;
  onChoose: (id: string) => void;
}) {
  const placed = useMemo(() => place(map), [map]);
  const [nodes, edges] = useMemo(() => {
    const shown = { measure, way, chosen };
    return [nodesOf(map, placed, shown), edgesOf(map, placed, shown)];
  }, [map, placed, measure, way, chosen]);
  const focus = ({ target }: FocusEvent) => {
    const id = target.closest("[data-id]")?.getAttribute("data-id");
    if (id) onPoint(nameOf(id));
  };
  return (
    <section
      aria-label="Map"
      onFocus={focus}
      onBlur={() => onPoint(undefined)}
      style={{ height: Math.min(heightMaxPx, Math.max(heightMinPx, placed.height + 60)) }}
    >
      <ReactFlow
        // A map of other parts is looked at anew.
        key={`${nodes.length} ${edges.length}`}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodeMouseEnter={(_, node) => onPoint(nameOf(node.id))}
        onNodeMouseLeave={() => onPoint(undefined)}
        onEdgeMouseEnter={(_, edge) => onPoint(edge.id)}
        onEdgeMouseLeave={() => onPoint(undefined)}
        onNodeClick={(_, node) => onChoose(nameOf(node.id))}
        onEdgeClick={(_, edge) => onChoose(edge.id)}
        nodesDraggable={false}
        nodesConnectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.05 }}
        minZoom={0.1}
        proOptions={{ hideAttribution: true }}
      >
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  );
}

/** Ids of boxes are the names of activities behind a letter, so that one named `start` is not the start. */
const boxId = (activity: string) => `a:${activity}`;
const nameOf = (id: string) => (id.startsWith("a:") ? id.slice(2) : id);

interface Placed {
  readonly boxes: ReadonlyMap<string, Point>;
  readonly ways: ReadonlyMap<string, { readonly points: readonly Point[]; readonly at: Point }>;
  readonly height: number;
}

interface Line {
  readonly id: string;
  readonly source: string;
  readonly target: string;
}

/** What is drawn as a line: what an activity does again directly stands in its box. */
function linesOf({ activities, edges }: ProcessMap): readonly Line[] {
  return [
    ...activities.flatMap(({ name, starts }) =>
      starts > 0 ? [{ id: pairKey(start, boxId(name)), source: start, target: boxId(name) }] : [],
    ),
    ...edges.flatMap(({ from, to }) =>
      from === to ? [] : [{ id: pairKey(from, to), source: boxId(from), target: boxId(to) }],
    ),
    ...activities.flatMap(({ name, ends }) =>
      ends > 0 ? [{ id: pairKey(boxId(name), end), source: boxId(name), target: end }] : [],
    ),
  ];
}

function place(map: ProcessMap): Placed {
  const graph = new graphlib.Graph().setGraph({ rankdir: "TB", nodesep: 36, ranksep: 56 });
  for (const { name } of map.activities) graph.setNode(boxId(name), { ...boxSize });
  for (const mark of [start, end]) graph.setNode(mark, { ...endSize });
  const lines = linesOf(map);
  for (const { source, target } of lines) graph.setEdge(source, target, { ...labelSize, labelpos: "c" });
  layout(graph);
  const boxes = new Map(
    [start, end, ...map.activities.map(({ name }) => boxId(name))].map((id) => {
      const { x = 0, y = 0, width = 0, height = 0 } = graph.node(id);
      return [id, { x: x - width / 2, y: y - height / 2 }];
    }),
  );
  const ways = new Map(
    lines.map(({ id, source, target }) => {
      const { points = [], x = 0, y = 0 } = graph.edge(source, target);
      return [id, { points, at: { x, y } }];
    }),
  );
  return { boxes, ways, height: graph.graph().height ?? 0 };
}

function nodesOf({ activities }: ProcessMap, { boxes }: Placed, { measure, way, chosen }: Shown): Box[] {
  const at = (id: string) => boxes.get(id) ?? { x: 0, y: 0 };
  const ends = [start, end].map((id): Box => {
    const data = { title: id, note: "", look: "", isFaded: false };
    return { id, type: "end", position: at(id), data, focusable: false };
  });
  return [
    ...ends,
    ...activities.map((activity): Box => {
      const note = noteOf(activity, measure);
      return {
        id: boxId(activity.name),
        type: "activity",
        position: at(boxId(activity.name)),
        data: {
          title: activity.name,
          note,
          look: `${activity.rework ? "border-warn" : "border-line"} ${activity.name === chosen ? "ring-2 ring-accent" : ""}`,
          isFaded: way !== undefined && !way.includes(activity.name),
        },
        ariaLabel: `${activity.name}: ${note}`,
      };
    }),
  ];
}

function noteOf({ count, times, rework }: MapActivity, measure: Measure): string {
  const value = times && measure !== "frequency" ? measureOf(times, measure) : null;
  return [
    `${count.toLocaleString("en")} ×`,
    ...(value === null ? [] : [showMeasure(value, measure)]),
    ...(rework ? [`↻ ${rework.repeats.toLocaleString("en")} again`] : []),
  ].join(" · ");
}

function edgesOf(map: ProcessMap, { ways }: Placed, { measure, way, chosen }: Shown): Way[] {
  const values = new Map(
    map.edges.map((edge) => [pairKey(edge.from, edge.to), { edge, value: measureOf(edge, measure) }]),
  );
  const most = Math.max(0, ...[...values.values()].map(({ value }) => value ?? 0));
  const onWay = way && new Set([...pairsOf(way), ...endsOf(way)]);
  return linesOf(map).map(({ id, source, target }): Way => {
    const { edge, value = null } = values.get(id) ?? {};
    const isOnWay = onWay?.has(id) ?? false;
    const colour =
      isOnWay || id === chosen ? "var(--accent)" : edge?.bottleneck ? "var(--warn)" : "var(--muted)";
    const width = 1 + (value !== null && most > 0 ? (5 * value) / most : 0);
    return {
      id,
      source,
      target,
      type: "way",
      data: ways.get(id) ?? { points: [], at: { x: 0, y: 0 } },
      label: edge && value !== null ? `${edge.bottleneck ? "! " : ""}${showMeasure(value, measure)}` : "",
      focusable: edge !== undefined,
      ariaLabel: edge ? edgeText(edge, measure) : id,
      style: {
        stroke: colour,
        strokeWidth: width,
        ...(edge ? {} : { strokeDasharray: "3 4" }),
        ...(onWay && !isOnWay ? { opacity: 0.25 } : {}),
      },
      markerEnd: {
        type: MarkerType.ArrowClosed,
        color: colour,
        markerUnits: "userSpaceOnUse",
        width: 16,
        height: 16,
      },
    };
  });
}

function endsOf(way: readonly string[]): readonly string[] {
  return [pairKey(start, boxId(way[0] ?? "")), pairKey(boxId(way.at(-1) ?? ""), end)];
}

function edgeText(edge: MapEdge, measure: Measure): string {
  const value = `${measure} ${showMeasure(measureOf(edge, measure), measure)}`;
  return `from ${edge.from} to ${edge.to}: ${value}${edge.bottleneck ? ", a bottleneck" : ""}`;
}

function ActivityBox({ data: { title, note, look, isFaded } }: NodeProps<Box>) {
  return (
    <div
      className={`flex flex-col justify-center rounded-md border-2 bg-panel px-3 ${look} ${isFaded ? "opacity-30" : ""}`}
      style={boxSize}
    >
      <Handles />
      <div className="truncate font-medium font-mono text-xs">{title}</div>
      <div className="truncate text-muted text-xs">{note}</div>
    </div>
  );
}

function EndMark({ data: { title } }: NodeProps<Box>) {
  return (
    <div
      className="flex items-center justify-center rounded-full bg-raised text-muted text-xs"
      style={endSize}
    >
      <Handles />
      {title}
    </div>
  );
}

function Handles() {
  return (
    <>
      <Handle type="target" position={Position.Top} className="invisible" isConnectable={false} />
      <Handle type="source" position={Position.Bottom} className="invisible" isConnectable={false} />
    </>
  );
}

function WayLine({ id, data, label, style, markerEnd }: EdgeProps<Way>) {
  const { points = [], at = { x: 0, y: 0 } } = data ?? {};
  return (
    <BaseEdge
      id={id}
      path={curveThrough(points)}
      label={label}
      labelX={at.x}
      labelY={at.y}
      labelStyle={{ fill: "var(--ink)", fontSize: 11 }}
      labelBgStyle={{ fill: "var(--panel)" }}
      labelBgPadding={[4, 2]}
      style={style}
      {...(markerEnd ? { markerEnd } : {})}
    />
  );
}

/** Where the layout leads a line around the boxes; corners are rounded off. */
function curveThrough(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const bends = rest.slice(0, -1).map((bend, index) => {
    const next = rest[index + 1] ?? bend;
    return `Q${bend.x},${bend.y} ${(bend.x + next.x) / 2},${(bend.y + next.y) / 2}`;
  });
  const last = rest.at(-1) ?? first;
  return `M${first.x},${first.y} ${bends.join(" ")} L${last.x},${last.y}`;
}
