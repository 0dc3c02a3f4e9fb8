import type { EventLog } from "./log.ts";
import { costOfCase, type Duration, Durations, durationOfCase, Sums } from "./performance.ts";

/** Cases that went the same way. */
export interface Variant {
  /** Indexes into the log's activities. */
  readonly path: readonly number[];
  readonly cases: number;
  /** The earliest of them in the log. */
  readonly first: number;
  readonly duration: Duration | null;
  /** Of all of them together; null where no event of them says. */
  readonly cost: number | null;
}

/** Every way that a case has gone, the most frequent first; of the same frequency, the earliest in the log. */
export function variantsOf(log: EventLog): readonly Variant[] {
  const found = new Map<string, number>();
  const firsts: number[] = [];
  const sizes: number[] = [];
  const variantOf = new Uint32Array(log.cases.length);
  for (let index = 0; index < log.cases.length; index++) {
    const path = pathOf(log, index);
    // Two bytes an activity: the columns of a case as they are, as a key.
    const key = Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString("latin1");
    let variant = found.get(key);
    if (variant === undefined) {
      variant = firsts.push(index) - 1;
      found.set(key, variant);
    }
    sizes[variant] = (sizes[variant] ?? 0) + 1;
    variantOf[index] = variant;
  }
  const durations = new Durations(Uint32Array.from(sizes));
  const costs = new Sums(sizes.length);
  for (const [index, variant] of variantOf.entries()) {
    durations.add(variant, durationOfCase(log, index));
    costs.add(variant, costOfCase(log, index));
  }
  return firsts
    .map((first, variant) => ({
      path: [...pathOf(log, first)],
      cases: sizes[variant] ?? 0,
      first,
      duration: durations.of(variant),
      cost: costs.spread(variant)?.totalMs ?? null,
    }))
    .sort((one, other) => other.cases - one.cases || one.first - other.first);
}

function pathOf(log: EventLog, index: number): Uint16Array {
  return log.activity.subarray(log.offsets[index], log.offsets[index + 1]);
}
