import { messageOf } from "../../src/core/base/index.ts";
import { differences } from "./check.ts";
import type { InjectionPoint } from "./faults.ts";
import { Simulation } from "./simulation.ts";

/** What came of one program. */
export interface Finding {
  readonly seed: number;
  readonly weather: string;
  /** Differences between what happened and what had to happen. */
  readonly problems: readonly string[];
  readonly injected: ReadonlyMap<InjectionPoint, number>;
  readonly trace: readonly string[];
  /** Equal for equal runs of a seed. */
  readonly digest: string;
}

export async function simulate(seed: number): Promise<Finding> {
  const simulation = new Simulation(seed);
  const thrown: string[] = [];
  const note = (error: unknown) => thrown.push(`thrown, and caught by nobody: ${messageOf(error)}`);
  process.on("unhandledRejection", note);
  try {
    await simulation.run();
    const { problems } = simulation;
    if (problems.length === 0) thrown.push(...(await differences(simulation)));
  } catch (error) {
    thrown.push(error instanceof Error ? String(error.stack) : String(error));
  } finally {
    process.off("unhandledRejection", note);
    simulation.close();
  }
  const { weather, injected, trace, digest, problems } = simulation;
  return { seed, weather: weather.name, problems: [...problems, ...thrown], injected, trace, digest };
}
