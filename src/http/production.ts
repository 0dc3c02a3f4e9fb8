import type { Release } from "../core/executor/index.ts";
import type { Engine } from "../engine.ts";
import { NotFound } from "./problem.ts";

/** The production release of a workflow, outside of any rollout. */
export async function releaseOf(engine: Engine, workflow: string): Promise<Release> {
  return engine.registry.production(refuseUnknown(engine, workflow));
}

/** The line of a workflow that can be started; throws `NotFound`. */
export function refuseUnknown({ registry }: Engine, workflow: string): string {
  const line = registry.runnable(workflow);
  if (line !== undefined) return line;
  throw new NotFound(
    `There is no workflow ${workflow} here; there is ${registry.runnableNames().join(", ") || "none"}.`,
  );
}
