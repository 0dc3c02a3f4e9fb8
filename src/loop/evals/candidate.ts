import { assert, derivedId, type ErrorRecord, errorRecord, type Json } from "../../core/base/index.ts";
import {
  type Answer,
  type Rehearsed,
  type RehearsedStep,
  type Release,
  rehearse,
} from "../../core/executor/index.ts";
import { ChildFailed } from "../../core/executor/kinds/index.ts";
import type { Asset, StepOutcome, StepResult } from "../../core/workflow/index.ts";
import {
  type Asked,
  type Baseline,
  baselineOf,
  compute,
  keyOf,
  nothingRecorded,
  type ReplayDeps,
  recordedAnswer,
} from "./baseline.ts";
import { isSame } from "./differences.ts";
import { EffectBlocked, NotReplayable } from "./errors.ts";
import { type Recording, recordingOf } from "./recording.ts";
import { Assets, outsideOf, questionOf, refuseFlow, treatmentOf } from "./treatment.ts";

// Candidate
// =========
// Walks a changed release over the record of a run.
//
// Invariants
//   C1. What is pure is computed again, whatever is on record.
//   C2. A recorded answer stands for a step only while the step asks the same: path, kind, inputs, and the
//       versions of everything that it names. So may a model's answer on another record that is named.
//   C3. Nothing outside is touched unless it was allowed by name; an attempt that was not ends the replay there.
//   C4. A person's decision stands while draft and evidence are the same; else the run is marked as one to review.

/** What a replay may do outside; `model:*` is every model. Names are `model:NAME`, `tool:NAME`, `kind:NAME`, `script:NAME`, `step:PATH`, `flow:NAME`. */
export interface Permissions {
  readonly allow: ReadonlySet<string>;
  /** A step that writes, or would have to ask outside, gives a simulated result in place of ending the replay. */
  readonly simulate: boolean;
}

/** How a step of the candidate came to its answer. */
export type StepTreatment =
  | "reused"
  | "asked_before"
  | "computed"
  | "rerun"
  | "simulated"
  | "needs_review"
  | "blocked";

/** `needs_sandbox`: it can be done again beside the real world; `not_replayable`: only there. */
export type Replayability = "replayable" | "needs_sandbox" | "not_replayable";

export interface ReplayedStep {
  readonly path: string;
  readonly kind: string;
  readonly how: StepTreatment;
  readonly mark: Replayability;
  /** Its value is another than on record; null where there is none on record. */
  readonly isChanged: boolean | null;
}

export interface Candidate {
  readonly rehearsed: Rehearsed;
  readonly steps: readonly ReplayedStep[];
  /** What each step came to that has a result. */
  readonly results: ReadonlyMap<string, StepResult>;
  /** What was kept from being touched, by name; the first name is the one to allow. */
  readonly blockedEffects: readonly {
    readonly path: string;
    readonly effect: string;
    readonly name: string;
  }[];
}

export async function candidateOf(
  recording: Recording,
  baseline: Baseline,
  release: Release,
  permissions: Permissions,
  deps: ReplayDeps,
): Promise<Candidate> {
  refuseFlow(release, permissions.allow);
  const walk = new Walk(recording, baseline, release, permissions, deps);
  const program = deps.programOf(release, recording);
  const answer = (step: RehearsedStep) => walk.answer(step);
  const rehearsed = await rehearse({ run: recording, release, program, clock: deps.clock, answer });
  return {
    rehearsed,
    steps: [...walk.steps.values()],
    results: walk.results,
    blockedEffects: walk.blockedEffects,
  };
}

/** An answer, and how it came about. */
type Treated = Answer & { readonly how: StepTreatment; readonly mark: Replayability };

class Walk {
  readonly steps = new Map<string, ReplayedStep>();
  readonly results = new Map<string, StepResult>();
  readonly blockedEffects: { path: string; effect: string; name: string }[] = [];
  readonly #recording: Recording;
  readonly #baseline: Baseline;
  readonly #assets: Assets;
  readonly #permissions: Permissions;
  readonly #deps: ReplayDeps;

  constructor(
    recording: Recording,
    baseline: Baseline,
    release: Release,
    permissions: Permissions,
    deps: ReplayDeps,
  ) {
    this.#recording = recording;
    this.#baseline = baseline;
    this.#assets = new Assets(release);
    this.#permissions = permissions;
    this.#deps = deps;
  }

  async answer(step: RehearsedStep): Promise<Answer> {
    const asked = this.#baseline.asked.get(keyOf(step));
    const { how, mark, ...answer } = await this.#treated(step, asked);
    const isChanged = asked
      ? !isSame(outcomeOf(answer), outcomeOf(recordedAnswer(step, asked.recorded)))
      : null;
    this.steps.set(step.path, { path: step.path, kind: step.kind.name, how, mark, isChanged });
    if ("result" in answer) this.results.set(step.path, answer.result);
    return answer;
  }

  #treated(step: RehearsedStep, asked: Asked | undefined): Treated | Promise<Treated> {
    const question = questionOf(step, this.#assets, this.#deps.namedBy);
    const isSameQuestion = asked?.question === question;
    const treatment = treatmentOf(step.kind, step.config);
    if (treatment === "pure" && !(isSameQuestion && asked?.isIrreproducible))
      return this.#compute(step, asked);
    if (asked && isSameQuestion) return reused(step, asked);
    switch (treatment) {
      case "pure":
      case "local":
        return this.#rerun(step, asked, { mark: "replayable" });
      case "model": {
        const before = this.#baseline.before?.get(keyOf(step));
        if (before?.question === question) return { ...reused(step, before), how: "asked_before" };
        return this.#rerun(step, asked, { mark: "needs_sandbox" });
      }
      case "review":
        return this.#review(step, asked);
      case "wait":
        return this.#wait(step);
      case "child":
        return this.#child(step, asked).catch((error) => blockedAt(error, "needs_sandbox"));
      case "outside":
        return this.#outside(step, asked);
    }
  }

  /** C1. It takes the time that it took, so that a walk over the same answers takes the same. */
  async #compute(step: RehearsedStep, asked: Asked | undefined): Promise<Treated> {
    const began = this.#deps.clock.monotonic();
    const computed = await compute(step, asked?.recorded.startedAt ?? this.#recording.startedAt);
    const tookMs = asked?.recorded.tookMs ?? this.#deps.clock.monotonic() - began;
    return { ...computed, tookMs, costUsd: 0, how: "computed", mark: "replayable" };
  }

  async #rerun(
    step: RehearsedStep,
    asked: Asked | undefined,
    { mark, also = [] }: { readonly mark: Replayability; readonly also?: readonly string[] },
  ): Promise<Treated> {
    const began = this.#deps.clock.monotonic();
    const now = asked?.recorded.startedAt ?? this.#recording.startedAt;
    const guard = (used: string) => this.#guard(step.path, used, also);
    const took = () => this.#deps.clock.monotonic() - began;
    try {
      const outcome = await step.execute({ effects: "live", now, guard });
      return { ...answerOf(outcome), tookMs: took(), costUsd: costOf(outcome), how: "rerun", mark };
    } catch (error) {
      // A route may have gone on to another candidate, and ended with its error.
      const blocked = this.blockedEffects.find(({ path }) => path === step.path);
      if (blocked) return stopped(new EffectBlocked(blocked.name).message, mark);
      const record = errorRecord(error);
      return { error: record, tookMs: took(), costUsd: record.costUsd ?? 0, how: "rerun", mark };
    }
  }

  /** C3, at each thing that a kind uses. Simulated and local models reach nothing outside. */
  #guard(path: string, used: string, also: readonly string[]): void {
    const slash = used.indexOf("/");
    const [scope, name] = [used.slice(0, slash), used.slice(slash + 1)];
    const isInside = scope === "model" && /^(sim|local)\//.test(name);
    const allowed = `${scope}:${name}`;
    const isAllowed = [allowed, `${scope}:*`].some((each) => this.#permissions.allow.has(each));
    if (!isInside && !isAllowed && !also.includes(allowed)) {
      this.blockedEffects.push({ path, effect: scope === "model" ? "read" : "write", name: allowed });
      throw new EffectBlocked(allowed);
    }
    this.#deps.check(used);
  }

  /** C3, for what does not say what it uses while it runs. */
  #outside(step: RehearsedStep, asked: Asked | undefined): Treated | Promise<Treated> {
    const { effect, names } = outsideOf(step, this.#assets);
    if (names.some((name) => this.#permissions.allow.has(name)))
      return this.#rerun(step, asked, { mark: "needs_sandbox", also: names });
    return this.#block(step, { effect, name: names[0] ?? `step:${step.path}` });
  }

  #block({ path, kind }: RehearsedStep, { effect, name }: { effect: string; name: string }): Treated {
    const mark = effect === "irreversible" ? "not_replayable" : "needs_sandbox";
    this.blockedEffects.push({ path, effect, name });
    if (!this.#permissions.simulate) return stopped(new EffectBlocked(name).message, mark);
    return { ...nothingOf(kind.fields), tookMs: 0, costUsd: 0, how: "simulated", mark };
  }

  /** C4. Whether anybody is asked follows from the candidate; what they said, from the record. */
  async #review(step: RehearsedStep, asked: Asked | undefined): Promise<Treated> {
    const outcome = await step.execute({ effects: "live", now: this.#recording.startedAt, guard: () => {} });
    const { draft = null, evidence = null } = step.config;
    if ("result" in outcome)
      return { result: outcome.result, tookMs: 0, costUsd: 0, how: "computed", mark: "replayable" };
    const before = asked?.config;
    const isAskedTheSame = isSame(before?.draft ?? null, draft) && isSame(before?.evidence ?? null, evidence);
    if (asked && isAskedTheSame && wasDecided(asked)) return reused(step, asked);
    const result = { value: draft, decision: "needs_review", reviewer: null, comment: null, review: null };
    return {
      result,
      tookMs: asked?.recorded.tookMs ?? 0,
      costUsd: 0,
      how: "needs_review",
      mark: "needs_sandbox",
    };
  }

  /** A run of its own, walked over its own record where it has one; what it cost beside that is the step's. */
  async #child(step: RehearsedStep, asked: Asked | undefined): Promise<Treated> {
    const { name, input = null } = step.config;
    const release = await this.#deps.load(releaseIn(this.#assets.find("workflow", String(name))));
    const { recording, baseline } = await this.#recordOfChild(asked?.recorded.child, release);
    const asNow = { ...recording, started: { ...recording.started, input } };
    const walked = await candidateOf(asNow, baseline, release, this.#permissions, this.#deps);
    const inChild = (path: string) => `${step.path}/${path}`;
    for (const each of walked.steps)
      this.steps.set(inChild(each.path), { ...each, path: inChild(each.path) });
    for (const each of walked.blockedEffects) this.blockedEffects.push({ ...each, path: inChild(each.path) });
    const { status, output, error, tookMs, costUsd } = walked.rehearsed;
    if (status === "stopped") return stopped(error?.message ?? "the child stopped", "needs_sandbox");
    const common = {
      tookMs,
      costUsd: costUsd - baseline.rehearsed.costUsd,
      how: "rerun",
      mark: "replayable",
    } as const;
    if (status === "completed") return { result: { value: output }, ...common };
    return { error: errorRecord(new ChildFailed(String(name), status, error)), ...common };
  }

  async #recordOfChild(
    child: string | undefined,
    release: Release,
  ): Promise<{ readonly recording: Recording; readonly baseline: Baseline }> {
    const { workflow, version, digest } = release;
    const { id, started } = this.#recording;
    const unrecorded = {
      recording: {
        ...this.#recording,
        id: derivedId("child", id, workflow),
        started: { ...started, workflow, version, release: digest },
        steps: new Map(),
      },
      baseline: nothingRecorded,
    };
    if (child === undefined) return unrecorded;
    try {
      const recording = recordingOf(child, await this.#deps.journal.read(`run/${child}`));
      const recorded = await this.#deps.load(recording.started.release);
      return { recording, baseline: await baselineOf(recording, recorded, this.#deps) };
    } catch (error) {
      if (error instanceof NotReplayable) return unrecorded;
      throw error;
    }
  }

  /** Time passes by itself; an event comes from outside. */
  async #wait(step: RehearsedStep): Promise<Treated> {
    const now = this.#recording.startedAt;
    const outcome = await step.execute({ effects: "live", now, guard: () => {} });
    if (!("wait" in outcome))
      return { ...answerOf(outcome), tookMs: 0, costUsd: 0, how: "computed", mark: "replayable" };
    const { wait } = outcome;
    if (wait.for !== "time") return this.#block(step, { effect: "read", name: `event:${wait.key ?? ""}` });
    const tookMs = Math.max(0, (wait.dueAt ?? now) - now);
    return {
      result: { value: null, expired: false },
      tookMs,
      costUsd: 0,
      how: "computed",
      mark: "replayable",
    };
  }
}

function releaseIn(asset: Asset | undefined): string {
  assert(asset, "the loader pins every workflow that is named");
  return (asset.content as { release: string }).release;
}

function reused(step: RehearsedStep, { recorded }: Asked): Treated {
  return { ...recordedAnswer(step, recorded), how: "reused", mark: "replayable" };
}

function stopped(reason: string, mark: Replayability): Treated {
  return { stopped: reason, tookMs: 0, costUsd: 0, how: "blocked", mark };
}

/** What is thrown of anything else is the step's own failure. */
function blockedAt(error: unknown, mark: Replayability): Treated {
  if (error instanceof EffectBlocked) return stopped(error.message, mark);
  throw error;
}

function wasDecided({ recorded: { outcome } }: Asked): boolean {
  return "rejectedBy" in outcome || ("result" in outcome && outcome.result.decision !== "auto");
}

function answerOf(
  outcome: StepOutcome,
): { result: StepResult } | { rejectedBy: string } | { error: ErrorRecord } {
  if ("result" in outcome) return { result: outcome.result };
  if ("rejected" in outcome) return { rejectedBy: outcome.rejected.by };
  return { error: { code: "NOT_REPLAYABLE", message: `it waits for ${outcome.wait.for}` } };
}

function costOf(outcome: StepOutcome): number {
  return "result" in outcome && typeof outcome.result.cost === "number" ? outcome.result.cost : 0;
}

function nothingOf(fields: readonly string[]): { result: StepResult } {
  const nothing = Object.fromEntries(fields.map((field): [string, Json] => [field, null]));
  return { result: { ...nothing, value: null, simulated: true } };
}

/** What an answer comes to, for telling whether it is another. */
function outcomeOf(answer: Answer): Json {
  if ("result" in answer) return { value: answer.result.value };
  if ("error" in answer) return { error: answer.error.code };
  return "rejectedBy" in answer ? { rejected: true } : { stopped: true };
}
