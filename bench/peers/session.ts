import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Figure } from "../measure.ts";
import { cases } from "../workload.ts";
import { syncMs } from "./disk.ts";
import { HostedPeer, type Introduction } from "./hosting.ts";
import type { Outcome, SyncsPerRun } from "./outcome.ts";
import { CannotTrace, countSyncs } from "./syncs.ts";

const warmUpMs = 2_000;
const countSyncsMs = 1_500;

/** Starts a peer, measures every case, and ends it with all that it started. */
export async function measurePeer(
  id: string,
  options: { readonly scratch: string; readonly forMs: number },
): Promise<Outcome> {
  const folder = join(options.scratch, id);
  mkdirSync(folder);
  const diskMs = syncMs(folder);
  const host = new HostedPeer(id, folder);
  const kill = () => host.kill();
  process.prependOnceListener("exit", kill);
  const figures: Figure[] = [];
  let introduction: Introduction | undefined;
  let facts: Pick<Outcome, "inEffect" | "syncsPerRun"> = {};
  let failure: string | undefined;
  try {
    introduction = await host.ready();
    await host.measure({ steps: 10, concurrency: 32, forMs: warmUpMs });
    for (const what of cases) figures.push(await host.measure({ ...what, forMs: options.forMs }));
    facts = { inEffect: await host.inEffect(), syncsPerRun: await syncsPerRun(host, folder) };
    await host.stop();
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  kill();
  process.off("exit", kill);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  return {
    id,
    syncMs: diskMs,
    figures,
    ...facts,
    ...(introduction ? { introduction } : {}),
    ...(failure === undefined ? {} : { failure }),
  };
}

async function syncsPerRun(host: HostedPeer, folder: string): Promise<SyncsPerRun> {
  const perRun = async (concurrency: number) => {
    let runs = 0;
    const calls = await countSyncs({ pid: host.pid, folder }, async () => {
      ({ runs } = await host.measure({ steps: 10, concurrency, forMs: countSyncsMs }));
    });
    return Number((calls / runs).toFixed(1));
  };
  try {
    return { alone: await perRun(1), among32: await perRun(32) };
  } catch (error) {
    if (error instanceof CannotTrace) return { unknown: error.message };
    throw error;
  }
}
