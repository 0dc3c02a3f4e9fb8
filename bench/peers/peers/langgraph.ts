import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import Database from "better-sqlite3";
import { stepResult } from "../../workload.ts";
import { installedVersion, type Peer, stepCounts } from "../peer.ts";

const State = Annotation.Root({ value: Annotation<string> });

function graphOf(steps: number, checkpointer: SqliteSaver) {
  const names = Array.from({ length: steps }, (_, step) => `s${step}`);
  const nodes = names.map((name): [string, () => { value: string }] => [name, () => ({ value: stepResult })]);
  const graph = new StateGraph(State).addNode(nodes);
  for (const [step, name] of names.entries()) graph.addEdge(names[step - 1] ?? START, name);
  return graph.addEdge(names.at(-1) ?? START, END).compile({ checkpointer });
}

export const peer: Peer = {
  name: "LangGraph.js",
  version: () =>
    `${installedVersion("@langchain/langgraph")}, checkpoint-sqlite ${installedVersion("@langchain/langgraph-checkpoint-sqlite")}`,
  settings:
    'graph.invoke with durability "sync", a step is a node; synchronous=FULL set by us (its driver\'s default in WAL mode, NORMAL, syncs no step)',
  async start(folder) {
    const database = new Database(join(folder, "checkpoints.db"));
    database.pragma("synchronous = FULL");
    const saver = new SqliteSaver(database);
    const graphs = new Map(stepCounts.map((steps) => [steps, graphOf(steps, saver)]));
    return {
      async run(steps) {
        const configurable = { thread_id: randomUUID() };
        await graphs.get(steps)?.invoke({ value: "" }, { configurable, durability: "sync" });
      },
      inEffect: async () =>
        ["journal_mode", "synchronous"]
          .map((name) => `${name}=${database.pragma(name, { simple: true })}`)
          .join(", "),
      stop: async () => void database.close(),
    };
  },
};
