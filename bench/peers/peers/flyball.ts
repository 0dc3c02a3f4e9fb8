import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openEngine } from "../../../src/engine.ts";
import { flyballRun } from "../../workload.ts";
import { type Peer, stepCounts } from "../peer.ts";

const manifest = join(import.meta.dirname, "../../../package.json");

export const peer: Peer = {
  name: "Flyball",
  version: () => `${JSON.parse(readFileSync(manifest, "utf8")).version}, SQLite ${process.versions.sqlite}`,
  settings: "as shipped: embedded SQLite, WAL, synchronous=FULL, one commit a turn of the event loop",
  async start(folder) {
    const engine = await openEngine({ home: folder });
    const runs = new Map<number, () => Promise<void>>();
    for (const steps of stepCounts) runs.set(steps, await flyballRun(engine, steps));
    return {
      run: async (steps) => runs.get(steps)?.(),
      async inEffect() {
        const database = new DatabaseSync(join(folder, "flyball.db"), { readOnly: true });
        const mode = database.prepare("PRAGMA journal_mode").get()?.journal_mode;
        database.close();
        return `journal_mode=${mode}`;
      },
      stop: () => engine.close(),
    };
  },
};
