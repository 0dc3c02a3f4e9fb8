import { FlyballError, type Json } from "../../core/base/index.ts";
import type { Release } from "../../core/executor/index.ts";
import { type Baseline, baselineOf, nothingRecorded, type ReplayDeps } from "./baseline.ts";
import { type Candidate, candidateOf, type Permissions, type ReplayedStep } from "./candidate.ts";
import { type FieldDifference, fieldDifferences } from "./differences.ts";
import { EffectBlocked, NotReplayable } from "./errors.ts";
import { type Recording, recordingOf } from "./recording.ts";
import { type Estimate, meanOf, share } from "./statistics.ts";
import { refuseFlow } from "./treatment.ts";

export interface ReplayRequest {
  /** Run ids. */
  readonly runs: readonly string[];
  readonly candidate: Release;
  readonly permissions: Permissions;
  /** Another run on record whose models may have been asked what the candidate asks: nobody pays for an answer twice. */
  readonly askedBefore?: (run: string) => string | undefined;
}

/** Time and cost, of the recorded release over the recorded answers, and of the candidate. */
interface Compared {
  readonly baseline: number;
  readonly candidate: number;
}

export interface Difference extends FieldDifference {
  readonly in: "status" | "output" | "path";
}

/** One run, walked again. */
export interface ReplayedRun {
  readonly run: string;
  /** `blocked`: it came to something outside that it may not touch; `damaged`: its record is not what was written. */
  readonly status: "replayed" | "blocked" | "not_replayable" | "damaged";
  /** Why it was not replayed. */
  readonly problem: string | null;
  readonly reused: number;
  readonly computed: number;
  readonly rerun: number;
  readonly needsReview: number;
  readonly differences: readonly Difference[];
  readonly blockedEffects: Candidate["blockedEffects"];
  /** Steps that the recorded release does not come to again; empty text stands for the output. */
  readonly irreproducible: readonly string[];
  readonly output: { readonly recorded: Json; readonly candidate: Json } | null;
  readonly costUsd: Compared | null;
  readonly tookMs: Compared | null;
  readonly steps: readonly ReplayedStep[];
}

export interface ReplaySummary {
  readonly runs: number;
  readonly replayed: number;
  readonly blocked: number;
  readonly notReplayable: number;
  readonly damaged: number;
  readonly needsReview: number;
  /** Of the replayed runs, those that differ. */
  readonly changed: Estimate;
  /** Candidate less baseline, a run; null where nothing was replayed. */
  readonly costUsd: Estimate | null;
  readonly tookMs: Estimate | null;
}

/** Walks each run again, one after the other. */
export async function replay(
  request: ReplayRequest,
  deps: ReplayDeps,
): Promise<{ readonly items: readonly ReplayedRun[]; readonly summary: ReplaySummary }> {
  const items: ReplayedRun[] = [];
  for (const run of request.runs) items.push((await replayRun(run, request, deps)).item);
  return { items, summary: summaryOf(items) };
}

/** Walks one run again; the candidate is null where it came to nothing. */
export async function replayRun(
  run: string,
  { candidate: release, permissions, askedBefore }: Omit<ReplayRequest, "runs">,
  deps: ReplayDeps,
): Promise<{ readonly item: ReplayedRun; readonly candidate: Candidate | null }> {
  try {
    const recording = recordingOf(run, await deps.journal.read(`run/${run}`));
    const recorded = await deps.load(recording.started.release);
    refuseFlow(recorded, permissions.allow);
    const baseline = await baselineOf(recording, recorded, deps);
    const before = await askedOf(askedBefore?.(run), deps);
    const candidate = await candidateOf(recording, { ...baseline, before }, release, permissions, deps);
    return { item: replayedRun(recording, baseline, candidate), candidate };
  } catch (error) {
    if (!(error instanceof FlyballError)) throw error;
    const isDamaged = error.code === "EVENT_DAMAGED";
    const status = error instanceof EffectBlocked ? "blocked" : isDamaged ? "damaged" : "not_replayable";
    return { item: { ...unreplayed, run, status, problem: error.message }, candidate: null };
  }
}

/** What another run was asked; nothing where there is none, or where it says nothing any more. */
async function askedOf(run: string | undefined, deps: ReplayDeps): Promise<Baseline["asked"]> {
  if (run === undefined) return nothingRecorded.asked;
  try {
    const recording = recordingOf(run, await deps.journal.read(`run/${run}`));
    return (await baselineOf(recording, await deps.load(recording.started.release), deps)).asked;
  } catch (error) {
    if (error instanceof NotReplayable) return nothingRecorded.asked;
    throw error;
  }
}

const unreplayed = {
  reused: 0,
  computed: 0,
  rerun: 0,
  needsReview: 0,
  differences: [],
  blockedEffects: [],
  irreproducible: [],
  output: null,
  costUsd: null,
  tookMs: null,
  steps: [],
} as const;

function replayedRun(recording: Recording, baseline: Baseline, candidate: Candidate): ReplayedRun {
  const { steps, blockedEffects, rehearsed } = candidate;
  const count = (...hows: readonly string[]) => steps.filter(({ how }) => hows.includes(how)).length;
  const isBlocked = rehearsed.status === "stopped";
  const before = baseline.rehearsed;
  return {
    run: recording.id,
    status: isBlocked ? "blocked" : "replayed",
    problem: isBlocked ? (rehearsed.error?.message ?? null) : null,
    reused: count("reused", "asked_before"),
    computed: count("computed"),
    rerun: count("rerun", "simulated"),
    needsReview: count("needs_review"),
    differences: isBlocked ? [] : differencesOf(baseline, candidate),
    blockedEffects,
    irreproducible: baseline.irreproducible,
    output: isBlocked ? null : { recorded: recording.output, candidate: rehearsed.output },
    costUsd: isBlocked ? null : { baseline: before.costUsd, candidate: rehearsed.costUsd },
    tookMs: isBlocked ? null : { baseline: before.tookMs, candidate: rehearsed.tookMs },
    steps,
  };
}

function differencesOf(
  { rehearsed: before }: Baseline,
  { rehearsed: after }: Candidate,
): readonly Difference[] {
  const status = fieldDifferences(before.status, after.status).map((each) => ({
    ...each,
    in: "status" as const,
  }));
  const output = fieldDifferences(before.output, after.output).map((each) => ({
    ...each,
    in: "output" as const,
  }));
  const [earlier, later] = [new Set(before.path), new Set(after.path)];
  const left = before.path.filter((path) => !later.has(path));
  const come = after.path.filter((path) => !earlier.has(path));
  return [
    ...status,
    ...output,
    ...left.map((at) => ({ in: "path" as const, at, before: true })),
    ...come.map((at) => ({ in: "path" as const, at, after: true })),
  ];
}

export function summaryOf(items: readonly ReplayedRun[]): ReplaySummary {
  const replayed = items.filter(({ status }) => status === "replayed");
  const count = (status: ReplayedRun["status"]) => items.filter((item) => item.status === status).length;
  const deltas = (of: (item: ReplayedRun) => Compared | null) =>
    replayed.flatMap((item) => {
      const compared = of(item);
      return compared ? [compared.candidate - compared.baseline] : [];
    });
  const changed = replayed.filter(({ differences }) => differences.length > 0).length;
  return {
    runs: items.length,
    replayed: replayed.length,
    blocked: count("blocked"),
    notReplayable: count("not_replayable"),
    damaged: count("damaged"),
    needsReview: items.filter(({ needsReview }) => needsReview > 0).length,
    changed: share(changed, replayed.length),
    costUsd: replayed.length === 0 ? null : meanOf(deltas(({ costUsd }) => costUsd)),
    tookMs: replayed.length === 0 ? null : meanOf(deltas(({ tookMs }) => tookMs)),
  };
}
