import { isFinal, type Release, viewRun } from "../../core/executor/index.ts";
import type { JournalEvent } from "../../core/journal/index.ts";
import type { OptimizerDeps } from "./deps.ts";
import { runsObservedMax } from "./limits.ts";
import { type Observation, observationOf } from "./observations.ts";

type Reading = Pick<OptimizerDeps, "journal" | "control">;

/** The latest runs that a release had which have ended or wait for a person, the newest first. */
export async function observationsOf(
  { workflow, digest }: Pick<Release, "workflow" | "digest">,
  deps: Reading,
): Promise<readonly Observation[]> {
  const rows = deps.control.runs({ workflow, limit: runsObservedMax });
  const observations: Observation[] = [];
  for (const { id, status, waitingFor, release } of rows) {
    // What another version came to says nothing of this one.
    if (release !== digest) continue;
    if (!isFinal(status) && waitingFor !== "review") continue;
    if (status === "cancelled") continue;
    observations.push(await observe(id, deps));
  }
  return observations;
}

export async function observe(run: string, { journal }: Reading): Promise<Observation> {
  const events = await journal.read(`run/${run}`);
  const reasons = new Map<string, string>();
  for (const { path, key } of reviewsAsked(events)) {
    const [requested] = await journal.read(`review/${key}`);
    if (typeof requested?.data?.reason === "string") reasons.set(path, requested.data.reason);
  }
  return observationOf(viewRun(run, events), reasons);
}

function reviewsAsked(
  events: readonly JournalEvent[],
): readonly { readonly path: string; readonly key: string }[] {
  return events.flatMap(({ type, data }) => {
    if (type !== "step.waited") return [];
    const wait = data?.wait as { readonly for?: string; readonly key?: string } | undefined;
    return wait?.for === "review" && wait.key ? [{ path: String(data?.path), key: wait.key }] : [];
  });
}
