import type { Json } from "../base/index.ts";
import type { Append } from "../journal/index.ts";
import type { Demand, Place } from "./admission.ts";
import { type Arms, type RunEffects, type RunStarted, toData } from "./events.ts";
import type { Release } from "./release.ts";

export interface StartRequest {
  readonly release: Release;
  readonly input: Json;
  /** Given: the same id again finds the run that is there. */
  readonly id?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly expected?: Json;
  readonly batch?: string;
  readonly row?: number;
  readonly actor?: string;
  /** Higher goes first; in place of what the workflow says. */
  readonly priority?: number;
  readonly arms?: Arms;
  readonly effects?: RunEffects;
  readonly shadowOf?: string;
}

export function startAppend(id: string, started: RunStarted, actor: string): Append {
  const events = [{ type: "run.started", data: toData(started) }];
  return { stream: `run/${id}`, expectedSeq: 0, actor, events };
}

export function startedData(request: StartRequest, demand: Demand, place: Place | undefined): RunStarted {
  const { release, input, tags, expected, batch, row, arms, effects, shadowOf } = request;
  return {
    workflow: release.workflow,
    version: release.version,
    release: release.digest,
    input,
    ...(tags ? { tags } : {}),
    ...(expected === undefined ? {} : { expected }),
    ...(batch ? { batch } : {}),
    ...(row === undefined ? {} : { row }),
    ...demand,
    ...(place ? {} : { queued: true as const }),
    ...(place?.rates ? { rates: place.rates } : {}),
    ...(arms ? { arms } : {}),
    ...(effects ? { effects } : {}),
    ...(shadowOf ? { shadowOf } : {}),
  };
}
