import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import { stepResult } from "../../workload.ts";
import { installedVersion, type Peer } from "../peer.ts";
import { freePort, startServer } from "../server.ts";

const bench = restate.service({
  name: "bench",
  handlers: {
    run: async (context: restate.Context, steps: number) => {
      for (let step = 0; step < steps; step++) await context.run(`s${step}`, () => stepResult);
    },
  },
});

// The package's own launcher would be a process more.
const program = join(
  import.meta.dirname,
  "../node_modules/@restatedev",
  `restate-server-${process.platform}-${process.arch}`,
  "bin/restate-server",
);

export const peer: Peer = {
  name: "Restate",
  version: () =>
    `${installedVersion("@restatedev/restate-server")}, SDK ${installedVersion("@restatedev/restate-sdk")}`,
  settings: "one node with its defaults; a service handler called through the ingress, a step is ctx.run",
  async start(folder) {
    const [ingress, admin] = [await freePort(), await freePort()];
    const environment = {
      ...process.env,
      RESTATE_BASE_DIR: folder,
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_DISABLE_TELEMETRY: "true",
      RESTATE_LOG_FILTER: "warn",
    };
    const addresses = { ingress: `http://127.0.0.1:${ingress}`, admin: `http://127.0.0.1:${admin}` };
    const server = await startServer({
      command: program,
      args: ["--no-logo", "--listen-mode=tcp", "--bind-ip=127.0.0.1", `--bind-port=${await freePort()}`],
      isReady: async () =>
        (await isHealthy(`${addresses.admin}/health`)) && isHealthy(`${addresses.ingress}/restate/health`),
      options: { cwd: folder, env: environment },
    });
    const port = await freePort();
    await restate.serve({ services: [bench], port, logger: () => undefined });
    await post(`${addresses.admin}/deployments`, { uri: `http://127.0.0.1:${port}` });
    const client = clients.connect({ url: addresses.ingress }).serviceClient(bench);
    return {
      run: async (steps) => {
        await client.run(steps);
      },
      inEffect: () => inEffect(environment),
      stop: () => server.stop(),
    };
  },
};

/** What the server makes of this environment: whether each of its stores with a log of its own syncs that log. */
async function inEffect(environment: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ["--dump-config"], { env: environment });
  const settings = stdout.matchAll(/^\[([\w.-]+)\]\n(?:(?!\[).*\n)*?rocksdb-disable-wal-fsync = (\w+)$/gm);
  return [...settings].map(([, store, value]) => `${store} rocksdb-disable-wal-fsync=${value}`).join(", ");
}

async function isHealthy(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok === true;
}

async function post(url: string, body: unknown): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`Restate refused the service: ${await answer.text()}`);
}
