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
import { type GraphStep, graphOf, type Outcome, outcomesOf, withoutIndexes } from "../graph.ts";
import { statusBorder } from "./status.tsx";
import "@xyflow/react/dist/base.css";

type StepNode = Node<{ step: GraphStep; outcome: Outcome | undefined; isChosen: boolean }, "step">;
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
  const outcomes = useMemo(() => outcomesOf(steps), [steps]);
  const nodes: StepNode[] = placed.nodes.map(({ step, position }) => ({
    id: step.path,
    type: "step",
    position,
    data: {
      step,
      outcome: outcomes.get(step.path),
      isChosen: chosen !== undefined && withoutIndexes(chosen) === step.path,
    },
    ariaLabel: `${step.path}, ${step.kind}`,
  }));
  return (
    <div className="h-[34rem]">
      <ReactFlow
        nodes={nodes}
        edges={placed.edges}
        nodeTypes={nodeTypes}
        onNodeClick={(_, { id }) => onChoose?.(outcomes.get(id)?.step.path ?? id)}
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

function StepBox({ data: { step, outcome, isChosen } }: NodeProps<StepNode>) {
  return (
    <div
      className={`rounded-md border-2 bg-panel px-3 py-1.5 ${statusBorder(outcome?.step.status)} ${isChosen ? "ring-2 ring-accent" : ""}`}
      style={size}
    >
      <Handle type="target" position={Position.Top} className="invisible" isConnectable={false} />
      <div className="truncate font-medium font-mono text-xs">{step.path}</div>
      <div className="truncate text-muted text-xs">
        {outcome ? `${step.kind} · ${outcome.text}` : step.kind}
      </div>
      <Handle type="source" position={Position.Bottom} className="invisible" isConnectable={false} />
    </div>
  );
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
