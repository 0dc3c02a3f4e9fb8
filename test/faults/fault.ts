import { cpus, loadavg } from "node:os";

/** What a fault did to the engine, as one line of the table. */
export interface Measure {
  readonly name: string;
  readonly value: number | string;
  readonly unit?: string;
  /** What the value must be, in words; absent for a figure that is only reported. */
  readonly target?: string;
  /** How many trials the value was taken from. */
  readonly trials?: number;
  readonly ok: boolean;
}

/** What a test may need of the machine that not every machine has. */
export type Need = "root" | "strace" | "tmpfs" | "cgroup";

export interface FaultContext {
  /** The size whose figures are recorded; otherwise a few seconds, for `npm test`. */
  readonly full: boolean;
  readonly seed: number;
  /** An empty folder, removed when the test has passed. */
  readonly scratch: string;
  /** One short line about how far it is. */
  progress(text: string): void;
}

/** One thing that goes wrong in the world, and what the engine must make of it. */
export interface Fault {
  /** `R1`, `R2` …: the row of docs/reference/reliability.md. */
  readonly id: string;
  readonly title: string;
  /** Which promises of docs/guide/reliability.md it shows, such as `G1 G3`. */
  readonly promise: string;
  readonly needs?: readonly Need[];
  /** It fails when it throws, or when a measure is not ok. */
  run(context: FaultContext): Promise<readonly Measure[]>;
}

/** A count that must be zero. */
export function zero(name: string, value: number, trials?: number): Measure {
  return { name, value, target: "0", ok: value === 0, ...(trials === undefined ? {} : { trials }) };
}

/** A figure that is reported and cannot fail. */
export function report(name: string, value: number | string, unit?: string): Measure {
  return { name, value, ok: true, ...(unit ? { unit } : {}) };
}

/** How busy the machine was in the last minute: above 1, figures of time tell of others too. */
export function machineLoad(): Measure {
  const [lastMinute = 0] = loadavg();
  return report("load of the machine, per core", Math.round((10 * lastMinute) / cpus().length) / 10);
}

/** A figure that must stay below a bound. */
export function below(
  name: string,
  value: number,
  bound: { readonly max: number; readonly unit?: string; readonly trials?: number },
): Measure {
  const { max, unit, trials } = bound;
  return {
    name,
    value,
    target: `< ${max}${unit ? ` ${unit}` : ""}`,
    ok: value < max,
    ...(unit ? { unit } : {}),
    ...(trials === undefined ? {} : { trials }),
  };
}

/** The value below which a share of the sample lies (nearest rank). */
export function percentile(sample: readonly number[], share: number): number {
  const sorted = [...sample].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
