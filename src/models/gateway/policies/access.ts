import { ModelRegionRefused } from "../errors.ts";
import type { ModelCall, Policy } from "../model.ts";

/** What a call asks for: the route first, then each model that may answer. */
export interface Asked {
  readonly kind: "route" | "model";
  readonly name: string;
  /** Where the model works on what it is sent; null for routes, and where nobody has said. */
  readonly region: string | null;
}

/** Throws when the caller may not ask this. */
export type Access = (call: ModelCall, asked: Asked) => void;

export function permitted(access: Access | undefined, asked: Asked): Policy {
  if (!access) return (next) => next;
  return (next) => async (call) => {
    access(call, asked);
    return next(call);
  };
}

/** Models that are not declared to be in a region of the route are not asked; our own machine always is. */
export function withinRegions(regions: readonly string[] | undefined, asked: Asked): Policy {
  if (!regions) return (next) => next;
  return (next) => async (call) => {
    if (asked.region === null || !regions.includes(asked.region))
      throw new ModelRegionRefused(asked.name, asked.region, regions);
    return next(call);
  };
}
