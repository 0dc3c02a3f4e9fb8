import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { Mastra } from "@mastra/core";
import { createStep, createWorkflow } from "@mastra/core/workflows";
import { LibSQLStore, type SqliteClient } from "@mastra/libsql";
import { z } from "zod";
import { stepResult } from "../../workload.ts";
import { installedVersion, type Peer, stepCounts } from "../peer.ts";

const schema = z.object({ value: z.string() });
const idOf = (steps: number) => `bench-${steps}`;

function workflowOf(steps: number) {
  let workflow = createWorkflow({ id: idOf(steps), inputSchema: schema, outputSchema: schema });
  for (let step = 0; step < steps; step++) {
    const execute = async () => ({ value: stepResult });
    workflow = workflow.then(
      createStep({ id: `s${step}`, inputSchema: schema, outputSchema: schema, execute }),
    );
  }
  return workflow.commit();
}

export const peer: Peer = {
  name: "Mastra",
  version: () => `${installedVersion("@mastra/core")}, @mastra/libsql ${installedVersion("@mastra/libsql")}`,
  settings:
    "run.start with the snapshot of each step stored; a libSQL client of our own, so that synchronous=FULL can be set (LibSQLStore asks for NORMAL, which syncs no step)",
  async start(folder) {
    const client = createClient({ url: `file:${join(folder, "mastra.db")}` });
    // Its type and the client's differ in nothing but optional members that may be undefined.
    const storage = new LibSQLStore({ id: "bench", client: client as SqliteClient });
    await storage.init();
    await client.execute("PRAGMA synchronous = FULL");
    const workflows = Object.fromEntries(stepCounts.map((steps) => [idOf(steps), workflowOf(steps)]));
    const mastra = new Mastra({ workflows, storage, logger: false });
    return {
      async run(steps) {
        const run = await mastra.getWorkflow(idOf(steps)).createRun();
        const { status } = await run.start({ inputData: { value: "" } });
        if (status !== "success") throw new Error(`a run is ${status}`);
      },
      inEffect: async () =>
        `journal_mode=${await pragma(client, "journal_mode")}, synchronous=${await pragma(client, "synchronous")}`,
      stop: async () => client.close(),
    };
  },
};

async function pragma(client: Client, name: string): Promise<string> {
  const { rows } = await client.execute(`PRAGMA ${name}`);
  return String(rows[0]?.[name]);
}
