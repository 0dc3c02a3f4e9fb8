import type { Guard } from "./events.ts";
import { productionLabel } from "./rules.ts";
import type { Arm, RegistryStore, RolloutRow } from "./store.ts";

export interface RunningRollout extends RolloutRow {
  readonly parsedGuards: readonly Guard[];
}

/** Which version of each asset new runs get: as it stands between two moves of a label. Never changes. */
export interface Snapshot {
  /** The production version, by the line of the asset. */
  readonly production: ReadonlyMap<string, string>;
  /** The rollout that is running, by the line of the asset. */
  readonly rollouts: ReadonlyMap<string, RunningRollout>;
}

/** Picks the version of an asset, by its line. */
export type Choose = (line: string) => string | undefined;

/** In which arm a run is, by the ids of the rollouts. */
export type ArmChoice = ReadonlyMap<string, Arm>;

export function takeSnapshot(store: RegistryStore): Snapshot {
  const labels = store.labels().filter(({ label }) => label === productionLabel);
  return {
    production: new Map(labels.map(({ line, digest }) => [line, digest])),
    rollouts: new Map(
      store.rollouts({ status: "running" }).map((row) => [row.line, withGuards(row)] as const),
    ),
  };
}

export function withGuards(row: RolloutRow): RunningRollout {
  return { ...row, parsedGuards: JSON.parse(row.guards) };
}

/** The same with other production versions; undefined takes a line out. */
export function withProduction(
  { production, rollouts }: Snapshot,
  moves: ReadonlyMap<string, string | undefined>,
): Snapshot {
  const moved = new Map(production);
  for (const [line, digest] of moves) {
    if (digest === undefined) moved.delete(line);
    else moved.set(line, digest);
  }
  return { production: moved, rollouts };
}

export function withRollout({ production, rollouts }: Snapshot, rollout: RunningRollout): Snapshot {
  return { production, rollouts: new Map([...rollouts, [rollout.line, rollout]]) };
}

/** The production version, or that of the arm where a rollout is running. */
export function chooser({ production, rollouts }: Snapshot, arms: ArmChoice): Choose {
  return (line) => {
    const rollout = rollouts.get(line);
    const arm = rollout && arms.get(rollout.id);
    if (!rollout || arm !== "to") return production.get(line);
    return rollout.toDigest;
  };
}

/** Every version of an asset that some run may get. */
export function candidates({ production, rollouts }: Snapshot, line: string): readonly string[] {
  const digests = [production.get(line), rollouts.get(line)?.toDigest];
  return [...new Set(digests)].filter((digest) => digest !== undefined);
}
