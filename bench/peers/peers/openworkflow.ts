import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { OpenWorkflow } from "openworkflow";
import { BackendSqlite } from "openworkflow/sqlite";
import { stepResult } from "../../workload.ts";
import { concurrencyMax, installedVersion, type Peer } from "../peer.ts";

export const peer: Peer = {
  name: "openworkflow",
  version: () => `${installedVersion("openworkflow")}, SQLite ${process.versions.sqlite}`,
  settings: `one worker of concurrency ${concurrencyMax}, a step is step.run; the client is told as soon as the end of a run is recorded (its own handle.result() asks once a second); an idle worker looks for work every 0.1 to 1 s`,
  async start(folder) {
    const file = join(folder, "openworkflow.db");
    const backend = BackendSqlite.connect(file);
    const whenRecorded = tellWhenRecorded(backend);
    const open = new OpenWorkflow({ backend });
    const workflow = open.defineWorkflow({ name: "bench" }, async ({ input, step }) => {
      for (let index = 0; index < Number(input); index++)
        await step.run({ name: `s${index}` }, () => stepResult);
    });
    const worker = open.newWorker({ concurrency: concurrencyMax });
    await worker.start();
    return {
      async run(steps) {
        const { workflowRun } = await workflow.run(steps);
        await whenRecorded(workflowRun.id);
      },
      async inEffect() {
        // It sets nothing but WAL, so a connection by the same driver has what its own has.
        const database = new DatabaseSync(file);
        const said = ["journal_mode", "synchronous"].map(
          (name) => `${name}=${database.prepare(`PRAGMA ${name}`).get()?.[name]}`,
        );
        database.close();
        return said.join(", ");
      },
      async stop() {
        await worker.stop();
        await backend.stop();
      },
    };
  },
};

/** Resolves when the end of a run is in the database. */
function tellWhenRecorded(backend: BackendSqlite): (run: string) => Promise<void> {
  const waiting = new Map<string, () => void>();
  const complete = backend.completeWorkflowRun.bind(backend);
  backend.completeWorkflowRun = async (parameters) => {
    const run = await complete(parameters);
    waiting.get(run.id)?.();
    waiting.delete(run.id);
    return run;
  };
  return (run) => new Promise((resolve) => waiting.set(run, resolve));
}
