import { type Clock, type ErrorRecord, errorRecord, type JsonObject } from "../../core/base/index.ts";
import {
  type Answer,
  type Program,
  type Rehearsed,
  type RehearsedStep,
  type Release,
  type Releases,
  rehearse,
} from "../../core/executor/index.ts";
import type { Journal } from "../../core/journal/index.ts";
import type { Asset, AssetReference, StepResult } from "../../core/workflow/index.ts";
import { isSame } from "./differences.ts";
import type { RecordedStep, Recording } from "./recording.ts";
import { Assets, questionOf, treatmentOf } from "./treatment.ts";

export interface ReplayDeps {
  readonly clock: Clock;
  readonly journal: Pick<Journal, "read">;
  /** A release by its digest. */
  load(digest: string): Promise<Release>;
  /** What walks through a release. */
  programOf(release: Release, run: Pick<Recording, "id" | "started" | "startedAt">): Program;
  /** Throws when something is switched off: a replay may not do what a run may not. */
  check(used: string): void;
  /** What an asset names in turn. */
  namedBy(asset: Asset): readonly AssetReference[];
}

interface Engine extends Pick<ReplayDeps, "clock" | "journal"> {
  readonly releases: Pick<Releases, "load">;
  readonly executor: Pick<ReplayDeps, "programOf"> & { readonly switchboard: Pick<ReplayDeps, "check"> };
}

/** What an engine has for walking through a release in memory. */
export function replayDeps(
  { clock, journal, releases, executor }: Engine,
  namedBy: ReplayDeps["namedBy"],
): ReplayDeps {
  return {
    clock,
    journal,
    load: (digest) => releases.load(digest),
    programOf: executor.programOf,
    check: (used) => executor.switchboard.check(used),
    namedBy,
  };
}

/** What a step of the recorded run was asked, so that a candidate's question can be held against it. */
export interface Asked {
  readonly question: string;
  readonly config: JsonObject;
  readonly recorded: RecordedStep;
  /** Its answer was not what computing it again gives. */
  readonly isIrreproducible: boolean;
}

export interface Baseline {
  readonly rehearsed: Rehearsed;
  readonly asked: ReadonlyMap<string, Asked>;
  /** The same of another record, whose models' answers may stand too. */
  readonly before?: ReadonlyMap<string, Asked>;
  /** Steps whose record is not what the recorded release makes of the recorded answers. */
  readonly irreproducible: readonly string[];
}

/** Where there is no record, every step has to be done. */
export const nothingRecorded: Baseline = {
  rehearsed: { status: "stopped", output: null, error: null, tookMs: 0, costUsd: 0, path: [] },
  asked: new Map(),
  irreproducible: [],
};

/** The same step's own work and its fallback are two questions. */
export function keyOf({ path, fallbackFor }: Pick<RehearsedStep, "path" | "fallbackFor">): string {
  return fallbackFor ? `${path} (fallback)` : path;
}

/** Walks the recorded release over the recorded answers: what is pure is computed again, and held against them. */
export async function baselineOf(
  recording: Recording,
  release: Release,
  deps: ReplayDeps,
): Promise<Baseline> {
  const assets = new Assets(release);
  const asked = new Map<string, Asked>();
  const irreproducible: string[] = [];
  const rehearsed = await rehearse({
    run: recording,
    release,
    program: deps.programOf(release, recording),
    clock: deps.clock,
    answer: async (step) => {
      const recorded = recording.steps.get(step.path);
      if (!recorded) return notOnRecord(step.path);
      const answer = recordedAnswer(step, recorded);
      const isFaithful = isAskedAsRecorded(step, recorded) && (await isComputedAgain(step, recorded));
      if (!isFaithful) irreproducible.push(step.path);
      const question = questionOf(step, assets, deps.namedBy);
      asked.set(keyOf(step), { question, config: step.config, recorded, isIrreproducible: !isFaithful });
      return answer;
    },
  });
  const isEndedAlike = rehearsed.status === recording.status && isSame(rehearsed.output, recording.output);
  return { rehearsed, asked, irreproducible: isEndedAlike ? irreproducible : [...irreproducible, ""] };
}

/** It was under way when the run ended: whatever else ends does so before it. */
function notOnRecord(path: string): Answer {
  return { stopped: `${path} has no answer on record`, tookMs: Number.POSITIVE_INFINITY, costUsd: 0 };
}

/** The recorded answer; of a step whose fallback answered, first the failure and then, as the fallback, the answer. */
export function recordedAnswer(
  { fallbackFor }: Pick<RehearsedStep, "fallbackFor">,
  { outcome, tookMs, costUsd, fallbackFor: failure }: RecordedStep,
): Answer {
  if (failure && !fallbackFor) return { error: failure, tookMs: 0, costUsd: failure.costUsd ?? 0 };
  return { ...outcome, tookMs, costUsd };
}

function isAskedAsRecorded(
  { kind, inputDigest, fallbackFor }: RehearsedStep,
  recorded: RecordedStep,
): boolean {
  if (recorded.fallbackFor && !fallbackFor) return true;
  if (recorded.kind !== kind.name) return false;
  return recorded.inputDigest === null || recorded.inputDigest === inputDigest;
}

async function isComputedAgain(step: RehearsedStep, recorded: RecordedStep): Promise<boolean> {
  if (treatmentOf(step.kind, step.config) !== "pure" || recorded.inputDigest === null) return true;
  if (recorded.fallbackFor && !step.fallbackFor) return true;
  const computed = await compute(step, recorded.startedAt);
  return "result" in computed && "result" in recorded.outcome
    ? isSame(computed.result, recorded.outcome.result)
    : "result" in computed === "result" in recorded.outcome;
}

/** Does a step that reaches nothing; the time that it sees is given. */
export async function compute(
  step: RehearsedStep,
  now: number,
): Promise<{ readonly result: StepResult } | { readonly error: ErrorRecord }> {
  try {
    const outcome = await step.execute({ effects: "denied", now, guard: () => {} });
    if ("result" in outcome) return { result: outcome.result };
    return {
      error: { code: "UNEXPECTED", message: `${step.path} is computed, and did not come to a result` },
    };
  } catch (error) {
    return { error: errorRecord(error) };
  }
}
