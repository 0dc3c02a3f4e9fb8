import type { Json, JsonObject } from "../../core/base/index.ts";
import type { Written } from "./deps.ts";
import type { Figures, Observation } from "./observations.ts";
import type { Interval } from "./statistics.ts";

/** What is edited in an asset: typed, so that it can be judged without reading a diff. */
export type Change =
  /** A person is asked only below this confidence. */
  | { readonly kind: "change_threshold"; readonly step: string; readonly below: number }
  /** One model answers in the place of another. */
  | {
      readonly kind: "swap_model";
      readonly step: string;
      readonly route: string;
      readonly from: string;
      readonly to: string;
    }
  /** A classifier of our own answers what it is sure of; the model that answered before answers the rest. */
  | {
      readonly kind: "cascade";
      readonly step: string;
      readonly route: string;
      readonly model: string;
      readonly below: number;
    }
  /** Steps wait for what they read, and for nothing else. */
  | { readonly kind: "parallelize"; readonly needs: Readonly<Record<string, readonly string[]>> }
  /** The same question gets the answer that it had. */
  | { readonly kind: "add_cache"; readonly step: string; readonly forMs: number };

export type ProposalKind = Change["kind"];

/** What the record shows, and what it would be worth. */
export interface Finding {
  readonly kind: ProposalKind;
  readonly step: string | null;
  readonly summary: string;
  readonly evidence: JsonObject;
  readonly prize: Prize;
}

/** Saved for each run. */
export interface Prize {
  readonly usdPerRun: number;
  readonly msPerRun: number;
  readonly reviewMinutesPerRun: number;
}

export const noPrize: Prize = { usdPerRun: 0, msPerRun: 0, reviewMinutesPerRun: 0 };

/** A finding with the change that follows from it, and the runs as they would have been. */
export interface Opportunity {
  readonly finding: Finding;
  readonly change: Change;
  /** The digest of the release that was tried on recorded runs, where one was. */
  readonly triedAs?: string | undefined;
  readonly counterfactual: readonly Observation[];
  /** Of as many runs to come, where the runs as they would have been say it less well. */
  readonly costPerRun?: Interval;
  /** Assets that the change brings along. */
  readonly beside?: readonly Written[];
}

/** What a change is expected to come to, or what it came to, over so many runs. */
export type Effects = Figures;

/** Plain data, so it is JSON as it is. */
export function plain(value: object): JsonObject {
  return value as { readonly [name: string]: Json };
}
