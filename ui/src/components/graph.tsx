import { graphlib, layout } from "@dagrejs/dagre";
import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import type { Step, WorkflowDocument } from "flyball/client";
import { useMemo } from "react";
import { type GraphStep, graphOf } from "../graph.ts";
import { statusBorder } from "./status.tsx";
import "@xyflow/react/dist/base.css";

type StepNode = Node<{ step: GraphStep; status: string | undefined; isChosen: boolean }, "step">;
const size = { width: 190, height: 52 };
const nodeTypes = { step: StepBox };

/** A workflow's steps and what follows what; coloured by what became of them in a run, if one is given. */
export default function Graph({
  document,
  steps = [],
  chosen,
  onChoose,
}: {
  document: WorkflowDocument;
  steps?: readonly Step[];
  chosen?: string | undefined;
  onChoose?: (path: string) => void;
}) {
  const placed = useMemo(() => place(document), [document]);
  const nodes: StepNode[] = placed.nodes.map(({ step, position }) => ({
    id: step.path,
    type: "step",
    position,
    data: {
      step,
      status: statusOf(step.path, steps),
      isChosen: chosen !== undefined && withoutIndexes(chosen) === step.path,
    },
    ariaLabel: `${step.path}, ${step.kind}`,
  }));
  const choose = (path: string) => {
    const run = steps.find((step) => withoutIndexes(step.path) === path);
    onChoose?.(run?.path ?? path);
  };
  return (
    <div className="h-[34rem]">
      <ReactFlow
        nodes={nodes}
        edges={placed.edges}
        nodeTypes={nodeTypes}
        onNodeClick={(_, node) => choose(node.id)}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.1 }}
        minZoom={0.1}
        proOptions={{ hideAttribution: true }}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

function StepBox({ data: { step, status, isChosen } }: NodeProps<StepNode>) {
  return (
    <div
      className={`rounded-md border-2 bg-panel px-3 py-1.5 ${statusBorder(status)} ${isChosen ? "ring-2 ring-accent" : ""}`}
      style={size}
    >
      <Handle type="target" position={Position.Top} className="invisible" isConnectable={false} />
      <div className="truncate font-medium font-mono text-xs">{step.path}</div>
      <div className="truncate text-muted text-xs">{status ? `${step.kind} · ${status}` : step.kind}</div>
      <Handle type="source" position={Position.Bottom} className="invisible" isConnectable={false} />
    </div>
  );
}

/** Of the items of a map or the turns of a loop, the one that says most. */
function statusOf(path: string, steps: readonly Step[]): string | undefined {
  const found = steps.filter((step) => withoutIndexes(step.path) === path).map(({ status }) => status);
  const telling = ["failed", "waiting", "retrying", "running", "completed", "skipped"] as const;
  return telling.find((status) => found.includes(status));
}

function withoutIndexes(path: string): string {
  return path.replace(/\[\d+\]/g, "");
}

function place(document: WorkflowDocument): {
  nodes: { step: GraphStep; position: { x: number; y: number } }[];
  edges: Edge[];
} {
  const { steps, links } = graphOf(document);
  const graph = new graphlib.Graph()
    .setGraph({ rankdir: "TB", nodesep: 30, ranksep: 40 })
    .setDefaultEdgeLabel(() => ({}));
  for (const step of steps) graph.setNode(step.path, { ...size });
  for (const [from, to] of links) graph.setEdge(from, to);
  layout(graph);
  const nodes = steps.map((step) => {
    const { x = 0, y = 0 } = graph.node(step.path);
    return { step, position: { x: x - size.width / 2, y: y - size.height / 2 } };
  });
  const edges = links.map(([source, target]) => ({
    id: `${source}→${target}`,
    source,
    target,
    markerEnd: { type: MarkerType.ArrowClosed },
  }));
  return { nodes, edges };
}
