import type { Release } from "../core/executor/index.ts";
import { NotFound } from "./problem.ts";

/** The workflows that this server serves, by name; the map may change while it runs. */
export type Served = ReadonlyMap<string, Release>;

export function servedRelease(served: Served, name: string): Release {
  const release = served.get(name);
  if (!release)
    throw new NotFound(
      `There is no workflow ${name} here; there is ${[...served.keys()].join(", ") || "none"}.`,
    );
  return release;
}
