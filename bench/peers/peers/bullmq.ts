import { Queue, QueueEvents, Worker } from "bullmq";
import { Redis } from "ioredis";
import { stepResult } from "../../workload.ts";
import { concurrencyMax, installedVersion, type Peer } from "../peer.ts";
import { freePort, startServer, takesConnections } from "../server.ts";

interface Bench {
  readonly steps: number;
  readonly results: readonly string[];
}

export const peer: Peer = {
  name: "BullMQ",
  version: () => installedVersion("bullmq"),
  settings: `a run is a job, a step is job.updateData with its result (the documented pattern for jobs of several steps), the last one the job's return value; one worker of concurrency ${concurrencyMax}, job.waitUntilFinished; Redis with appendonly yes, appendfsync always`,
  async start(folder) {
    const port = await freePort();
    const server = await startServer({
      command: "redis-server",
      args: [
        ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
        ...["--appendonly", "yes", "--appendfsync", "always", "--save", ""],
        ...["--maxmemory-policy", "noeviction"],
      ],
      isReady: () => takesConnections(port),
    });
    const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
    const queue = new Queue<Bench, string>("bench", { connection });
    queue.setMaxListeners(0); // each waiting client is one
    const events = new QueueEvents("bench", { connection });
    const worker = new Worker<Bench, string>(
      "bench",
      async (job) => {
        while (job.data.results.length < job.data.steps - 1)
          await job.updateData({ ...job.data, results: [...job.data.results, stepResult] });
        return stepResult;
      },
      { connection, concurrency: concurrencyMax },
    );
    await Promise.all([events.waitUntilReady(), worker.waitUntilReady()]);
    return {
      async run(steps) {
        const job = await queue.add("bench", { steps, results: [] });
        await job.waitUntilFinished(events);
      },
      inEffect: () => inEffect(port),
      async stop() {
        await Promise.all([worker.close(), queue.close(), events.close()]);
        await server.stop();
      },
    };
  },
};

async function inEffect(port: number): Promise<string> {
  const redis = new Redis(port, "127.0.0.1");
  const [, version] = /redis_version:(\S+)/.exec(await redis.info("server")) ?? [];
  const [, append] = (await redis.call("CONFIG", "GET", "appendonly")) as string[];
  const [, sync] = (await redis.call("CONFIG", "GET", "appendfsync")) as string[];
  redis.disconnect();
  return `Redis ${version}, appendonly=${append}, appendfsync=${sync}`;
}
