import { formatDuration, formatMoney, formatShare } from "../../core/base/index.ts";
import { alpha } from "./limits.ts";
import type { Observation } from "./observations.ts";
import type { Bars } from "./proposals.ts";
import { LateEvidence } from "./sequential.ts";
import { meanOf } from "./statistics.ts";
import { hasFailed } from "./truth.ts";

/** One run of a promoted version: what it came to, and whether it was good; null where nobody knows. */
export interface Watched {
  readonly observation: Observation;
  readonly outcome: number | null;
}

/** One bar that is held, as a mean of values from 0 to 1 that must not be above `max`. */
interface Test {
  readonly max: number;
  value(watched: Watched): number | null;
  /** Says what was seen of the latest runs. */
  told(latest: readonly Watched[]): string;
}

/** Costs above so many times the bar count as this: a mean that is bounded can be tested at any time. */
const dearestOfBar = 10;
/** The latest runs, of which a reason tells. */
const toldMax = 20;

function testsOf(bars: Bars): readonly Test[] {
  const { accuracyMin, errorRateMax, costMeanMaxUsd, timeToResultP50MaxMs: timeMaxMs } = bars;
  const right: Test = {
    max: 1 - accuracyMin,
    value: ({ outcome }) => (outcome === null ? null : 1 - outcome),
    told: (latest) => {
      const known = latest.flatMap(({ outcome }) => outcome ?? []);
      return `${known.filter(Boolean).length} of the latest ${known.length} were right: below ${formatShare(accuracyMin)}`;
    },
  };
  const failed: Test = {
    max: errorRateMax,
    value: ({ observation }) => Number(hasFailed(observation)),
    told: (latest) =>
      `${latest.filter(({ observation }) => hasFailed(observation)).length} of the latest ${latest.length} failed: above ${formatShare(errorRateMax)}`,
  };
  const dear: Test = {
    max: 1 / dearestOfBar,
    value: ({ observation }) => Math.min(1, observation.costUsd / (dearestOfBar * costMeanMaxUsd)),
    told: (latest) =>
      `the latest ${latest.length} cost ${formatMoney(meanOf(latest.map(({ observation }) => observation.costUsd)))} each: above ${formatMoney(costMeanMaxUsd)}`,
  };
  return [
    right,
    failed,
    ...(costMeanMaxUsd > 0 ? [dear] : []),
    ...(timeMaxMs === null ? [] : [slow(timeMaxMs)]),
  ];
}

/** A median is above a bound where more than half of the values are. */
function slow(timeMaxMs: number): Test {
  return {
    max: 0.5,
    value: ({ observation: { tookMs } }) => (tookMs === null ? null : Number(tookMs > timeMaxMs)),
    told: (latest) => {
      const times = latest.flatMap(({ observation }) => observation.tookMs ?? []);
      const late = times.filter((tookMs) => tookMs > timeMaxMs).length;
      return `${late} of the latest ${times.length} took longer than ${formatDuration(timeMaxMs)}`;
    },
  };
}

/**
 * Holds a promoted version against the bars of its experiment, run by run and for as long as it is watched. The
 * chance that one which keeps to all of them is ever taken back is at most `alpha`, shared by the tests.
 */
export class Watch {
  /** The digest of the release whose runs it counts. */
  readonly release: string;
  readonly #tests: readonly { readonly test: Test; readonly evidence: LateEvidence }[];
  readonly #latest: Watched[] = [];

  constructor(release: string, bars: Bars) {
    this.release = release;
    this.#tests = testsOf(bars).map((test) => ({ test, evidence: new LateEvidence(test.max) }));
  }

  add(watched: Watched): void {
    this.#latest.push(watched);
    if (this.#latest.length > toldMax) this.#latest.shift();
    for (const { test, evidence } of this.#tests) {
      const value = test.value(watched);
      if (value !== null) evidence.add(value);
    }
  }

  /** Why the version is to be taken back; undefined while it keeps to its bars. */
  get breach(): string | undefined {
    const broken = this.#tests.find(({ evidence }) => evidence.capital >= this.#tests.length / alpha);
    return broken && `after its promotion, ${broken.test.told(this.#latest)}`;
  }
}
