import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One way to run a workflow durably. A file in `peers/` is one peer, and exports it as `peer`. */
export interface Peer {
  readonly name: string;
  /** Of the library and of what it stores in. */
  version(): string;
  /** What was chosen, and what a run of it is. */
  readonly settings: string;
  /** Starts it and its servers, with everything that they write in this folder. */
  start(folder: string): Promise<RunningPeer>;
}

export interface RunningPeer {
  /** One run of a workflow of that many steps, to its end; each step's result is durable before the next step. */
  run(steps: number): Promise<void>;
  /** The settings that durability rests on, asked of the running system. */
  inEffect(): Promise<string>;
  stop(): Promise<void>;
}

/** How many steps the measured workflows have. */
export const stepCounts = [1, 10];

/** The most that are at once. */
export const concurrencyMax = 256;

/** The version of a package that is installed for the peers. */
export function installedVersion(name: string): string {
  const manifest = join(import.meta.dirname, "node_modules", name, "package.json");
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}
