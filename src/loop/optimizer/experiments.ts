import { derivedId, FlyballError, messageOf } from "../../core/base/index.ts";
import type { RunStarted, StoppedRun } from "../../core/executor/index.ts";
import type { RolloutMode, WrittenGuard } from "../../core/registry/index.ts";
import { type Effects, plain } from "./changes.ts";
import type { OptimizerDeps } from "./deps.ts";
import {
  decide,
  type Evidence,
  type Experiment,
  type ExperimentEvent,
  experimentOf,
  isOver,
} from "./experiment.ts";
import { canaryRunsMin, canaryShare, runsObservedMax } from "./limits.ts";
import type { Observation } from "./observations.ts";
import { type Bars, effectsOf, type Proposal } from "./proposals.ts";
import { observe } from "./record.ts";
import { outcomeOf, rightAlone, rightBeside } from "./truth.ts";

/** An experiment under way, with what it has seen. */
interface Running {
  readonly proposal: Proposal;
  state: Experiment;
  readonly shadow: number[];
  readonly canary: number[];
  /** Runs that have been counted, each as `ROLLOUT/RUN`. */
  readonly counted: Set<string>;
  /** What the candidate did for real. */
  readonly live: Observation[];
}

/** Proves proposals on running traffic, by the registry's rollouts, and ends each with a promotion or a roll-back. */
export class Experiments {
  readonly #deps: OptimizerDeps;
  readonly #running = new Map<string, Running>();
  /** One thing at a time: what is decided follows from all that was counted before. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: OptimizerDeps) {
    this.#deps = deps;
  }

  /** The first stage, on the past, is the proposal's own evidence: it was tried on the record before it was made. */
  async start(id: string, proposal: Proposal): Promise<void> {
    const { registry, add } = this.#deps;
    const { asset, text, file, to, workflow, bars, expected, kind } = proposal;
    await add({ ...asset, text, ...(file === null ? {} : { file }) }, `${kind}: ${proposal.finding.summary}`);
    const version = registry.version(`${asset.kind}/${asset.name}`, to);
    const started: ExperimentEvent = {
      type: "experiment.started",
      data: { proposal: proposal.id, workflow, bars, expected },
    };
    await this.#append(id, [started], { workflow, proposal: proposal.id });
    const state = experimentOf(id, await this.#deps.journal.read(`experiment/${id}`));
    if (!state) return;
    const running = { proposal, state, shadow: [], canary: [], counted: new Set<string>(), live: [] };
    this.#running.set(id, running);
    await this.#inTurn(() => this.#stage(running, "shadow", { version, reason: proposal.finding.summary }));
  }

  /** Takes up an experiment that was under way, and counts again what its runs came to. */
  async resume(id: string, proposal: Proposal): Promise<void> {
    const events = await this.#deps.journal.read(`experiment/${id}`);
    const state = experimentOf(id, events);
    if (!state || isOver(state)) return;
    const running = { proposal, state, shadow: [], canary: [], counted: new Set<string>(), live: [] };
    this.#running.set(id, running);
    const runs = this.#deps.control.runs({
      workflow: proposal.workflow,
      withShadows: true,
      limit: runsObservedMax,
    });
    const rollouts = events.flatMap(({ type, data }) =>
      type === "experiment.staged" ? [String(data?.rollout)] : [],
    );
    await this.#inTurn(async () => {
      for (const { id: run } of [...runs].reverse())
        for (const rollout of rollouts) await this.#count(running, run, rollout);
      await this.#decide(running);
    });
  }

  /** A run has ended, or stands still because it failed. */
  stopped({ id: run, release }: Pick<StoppedRun, "id" | "release">): void {
    for (const running of this.#running.values()) {
      if (running.proposal.workflow !== release.workflow) continue;
      void this.#inTurn(async () => {
        if (isOver(running.state)) return;
        const { rollout } = running.state;
        if (rollout !== null && (await this.#count(running, run, rollout))) await this.#decide(running);
        else await this.#noticeGuard(running);
      });
    }
  }

  /** Resolves when everything is decided that follows from the runs that have stopped. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch((error) =>
      this.#deps.onTrouble(`an experiment stands still: ${messageOf(error)}`),
    );
    return result.catch(() => {});
  }

  /** False where the run says nothing of this rollout, or nothing new. */
  async #count(running: Running, run: string, rollout: string): Promise<boolean> {
    const row = this.#deps.control.run(run);
    const other = row?.shadowOf ? run : derivedId("shadow", run, rollout);
    const shadow = this.#deps.control.run(other);
    if (shadow?.shadowOf)
      return this.#countShadow(running, { shadow: other, original: shadow.shadowOf, rollout });
    const [first] = await this.#deps.journal.read(`run/${run}`);
    const { arms } = (first?.data ?? {}) as unknown as RunStarted;
    if (!row?.endedAt || arms?.[rollout] !== "to" || running.counted.has(`${rollout}/${run}`)) return false;
    running.counted.add(`${rollout}/${run}`);
    const observation = await observe(run, this.#deps);
    running.live.push(observation);
    const outcome = outcomeOf(
      running.proposal.kind,
      observation,
      rightAlone(running.proposal.change, observation),
    );
    if (outcome !== null) running.canary.push(outcome);
    return true;
  }

  /** A shadow beside its run: both must have ended, unless what is right is known without that. */
  async #countShadow(
    running: Running,
    { shadow, original, rollout }: { shadow: string; original: string; rollout: string },
  ): Promise<boolean> {
    const [first] = await this.#deps.journal.read(`run/${shadow}`);
    const { arms } = (first?.data ?? {}) as unknown as RunStarted;
    const isStopped = (run: string) =>
      ["completed", "failed", "rejected", "paused"].includes(this.#deps.control.run(run)?.status ?? "");
    if (arms?.[rollout] !== "to" || running.counted.has(`${rollout}/${shadow}`) || !isStopped(shadow))
      return false;
    const candidate = await observe(shadow, this.#deps);
    if (rightAlone(running.proposal.change, candidate) === null && !isStopped(original)) return false;
    running.counted.add(`${rollout}/${shadow}`);
    const isRight = rightBeside(running.proposal.change, candidate, await observe(original, this.#deps));
    const outcome = outcomeOf(running.proposal.kind, candidate, isRight);
    if (outcome !== null) running.shadow.push(outcome);
    return true;
  }

  /** A guard of the rollout may have taken it back already. */
  async #noticeGuard(running: Running): Promise<boolean> {
    const { rollout } = running.state;
    const row = rollout === null ? undefined : this.#deps.registry.rollouts.row(rollout);
    if (!row || row.status === "running") return false;
    const realised = realisedOf(running);
    const type = row.status === "promoted" ? "experiment.promoted" : "experiment.rolled_back";
    await this.#record(running, { type, data: { reason: row.reason ?? row.status, realised } });
    return true;
  }

  async #decide(running: Running): Promise<void> {
    const { state, proposal } = running;
    if (isOver(state) || (state.stage !== "shadow" && state.stage !== "canary")) return;
    if (await this.#noticeGuard(running)) return;
    const decision = decide(state.stage, state.bars, evidenceOf(running));
    if (decision.next === "wait") return;
    const { reason } = decision;
    if (decision.next === "rollBack") return this.#rollBack(running, reason);
    if (decision.next === "promote") return this.#promote(running, reason);
    if (state.rollout)
      await this.#deps.registry.rollouts.rollBack(state.rollout, {
        by: "optimizer",
        reason: `the shadow is over: ${reason}`,
      });
    await this.#stage(running, "canary", { version: proposal.to, reason });
  }

  async #stage(
    running: Running,
    stage: "shadow" | "canary",
    how: { version: string; reason: string },
  ): Promise<void> {
    const { asset, bars } = running.proposal;
    const mode: RolloutMode = stage;
    const share = stage === "shadow" ? 1 : canaryShare;
    const guards = stage === "shadow" ? [] : guardsOf(bars);
    try {
      const { id: rollout } = await this.#deps.registry.rollouts.start({
        ...asset,
        to: how.version,
        mode,
        share,
        guards,
        by: "optimizer",
      });
      await this.#record(running, {
        type: "experiment.staged",
        data: { stage, rollout, share, reason: how.reason },
      });
    } catch (error) {
      if (!(error instanceof FlyballError)) throw error;
      await this.#record(running, {
        type: "experiment.rolled_back",
        data: { reason: error.message, realised: null },
      });
    }
  }

  async #promote(running: Running, reason: string): Promise<void> {
    const { rollout } = running.state;
    if (rollout === null) return;
    try {
      await this.#deps.registry.rollouts.promote(rollout, { by: "optimizer", reason });
      await this.#record(running, {
        type: "experiment.promoted",
        data: { reason, realised: realisedOf(running) },
      });
    } catch (error) {
      // It goes on as a canary, and is tried again with the next run.
      if (!(error instanceof FlyballError)) throw error;
      if (running.state.reason !== error.message)
        await this.#record(running, { type: "experiment.held", data: { reason: error.message } });
    }
  }

  async #rollBack(running: Running, reason: string): Promise<void> {
    const { rollout } = running.state;
    if (rollout !== null) await this.#deps.registry.rollouts.rollBack(rollout, { by: "optimizer", reason });
    await this.#record(running, {
      type: "experiment.rolled_back",
      data: { reason, realised: realisedOf(running) },
    });
  }

  async #record(running: Running, event: ExperimentEvent): Promise<void> {
    const { id } = running.state;
    await this.#append(id, [event]);
    const state = experimentOf(id, await this.#deps.journal.read(`experiment/${id}`));
    if (state) running.state = state;
    if (isOver(running.state)) this.#running.delete(id);
  }

  async #append(
    id: string,
    events: readonly ExperimentEvent[],
    opened?: { workflow: string; proposal: string },
  ) {
    const own = {
      stream: `experiment/${id}`,
      expectedSeq: null,
      actor: "optimizer",
      events: events.map(({ type, data }) => ({ type, data: plain(data) })),
    };
    const index = opened && {
      stream: `optimizer/${opened.workflow}`,
      expectedSeq: null,
      actor: "optimizer",
      events: [{ type: "experiment.opened", data: { experiment: id, proposal: opened.proposal } }],
    };
    await this.#deps.journal.append(index ? [own, index] : [own]);
  }
}

function evidenceOf({ shadow, canary, counted, state }: Running): Evidence {
  const runs = [...counted].filter((each) => each.startsWith(`${state.rollout}/`)).length;
  return { shadow, canary, runs };
}

function realisedOf({ live }: Running): Effects | null {
  return live.length === 0 ? null : effectsOf(live);
}

/** What the rollout itself watches: it acts on the very run that breaks a bound. */
function guardsOf({ errorRateMax, costMeanMaxUsd, timeToResultP50MaxMs }: Bars): readonly WrittenGuard[] {
  const minRuns = canaryRunsMin;
  return [
    { metric: "error_rate", max: errorRateMax, minRuns },
    ...(costMeanMaxUsd > 0 ? [{ metric: "cost_mean", max: costMeanMaxUsd, minRuns }] : []),
    ...(timeToResultP50MaxMs === null ? [] : [{ metric: "latency_p50", max: timeToResultP50MaxMs, minRuns }]),
  ];
}
