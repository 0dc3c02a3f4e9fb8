import { FlyballError, messageOf } from "../../core/base/index.ts";
import type { StoppedRun } from "../../core/executor/index.ts";
import type { JournalEvent } from "../../core/journal/index.ts";
import { lineId, type WrittenGuard } from "../../core/registry/index.ts";
import { plain } from "./changes.ts";
import type { OptimizerDeps } from "./deps.ts";
import {
  decide,
  type Experiment,
  type ExperimentEvent,
  experimentOf,
  isOver,
  type Seen,
  seenOf,
} from "./experiment.ts";
import { canaryRunsMin, canaryShare, measuredEvery, replayRunsMax, runsObservedMax } from "./limits.ts";
import { failingOf, passedText, pastOf } from "./past.ts";
import type { Bars, Proposal } from "./proposals.ts";
import { observationsOf } from "./record.ts";
import { Tally } from "./tally.ts";

/** An experiment under way, with what it has seen. */
interface Running {
  readonly proposal: Proposal;
  readonly tally: Tally;
  state: Experiment;
}

/** Who said that an experiment may begin, and within which bounds; null where a person looks after that. */
export type Approval = Pick<Experiment, "by" | "bounds">;

/** Proves proposals on running traffic, by the registry's rollouts; what is promoted is watched, and goes back if it turns bad. */
export class Experiments {
  readonly #deps: OptimizerDeps;
  /** The latest begun last. */
  readonly #running = new Map<string, Running>();
  /** One thing at a time: what is decided follows from all that was counted before. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(deps: OptimizerDeps) {
    this.#deps = deps;
  }

  /** The stages follow by themselves, from the past on. */
  async start(id: string, proposal: Proposal, { by, bounds }: Approval): Promise<void> {
    const { add } = this.#deps;
    const { asset, text, file, workflow, bars, before, expected, kind, beside } = proposal;
    const changed = { ...asset, text, ...(file === null ? {} : { file }) };
    for (const written of [...beside, changed]) await add(written, `${kind}: ${proposal.finding.summary}`);
    const started: ExperimentEvent = {
      type: "experiment.started",
      data: { proposal: proposal.id, workflow, bars, before, expected, by, bounds },
    };
    await this.#append(id, started, { workflow, proposal: proposal.id });
    const running = this.#take(id, proposal, await this.#deps.journal.read(`experiment/${id}`));
    if (running) void this.#inTurn(() => this.#replay(running));
  }

  #take(id: string, proposal: Proposal, events: readonly JournalEvent[]): Running | undefined {
    const state = experimentOf(id, events);
    if (!state || isOver(state)) return undefined;
    const running = { proposal, state, tally: new Tally(proposal, this.#deps) };
    this.#running.set(id, running);
    return running;
  }

  /** Takes up an experiment that was under way, or is watched, and counts again what its latest runs came to. */
  async resume(id: string, proposal: Proposal): Promise<void> {
    const events = await this.#deps.journal.read(`experiment/${id}`);
    const running = this.#take(id, proposal, events);
    if (!running) return;
    const { workflow } = proposal;
    const runs = this.#deps.control.runs({ workflow, withShadows: true, limit: runsObservedMax });
    const rollouts = events.flatMap(({ type, data }) =>
      type === "experiment.staged" ? [String(data?.rollout)] : [],
    );
    const promotedAt =
      events.find(({ type }) => type === "experiment.promoted")?.at ?? Number.POSITIVE_INFINITY;
    await this.#inTurn(async () => {
      if (running.state.stage === "replay") return this.#replay(running);
      for (const { id: run, startedAt } of [...runs].reverse()) {
        for (const rollout of rollouts) await running.tally.count(run, rollout);
        if (startedAt >= promotedAt) await this.#follow(running, run);
      }
      await this.#decide(running);
    });
  }

  /** A run has ended, or stands still because it failed. */
  stopped({ id: run, release }: Pick<StoppedRun, "id" | "release">): void {
    const meant = [...this.#running.values()].filter(
      ({ proposal }) => proposal.workflow === release.workflow,
    );
    // The latest change first: where several are watched, it is the likeliest to be at fault.
    for (const running of meant.reverse())
      void this.#inTurn(async () => {
        const { stage, rollout } = running.state;
        if (isOver(running.state) || rollout === null || (await this.#noticeEnd(running))) return;
        const isCounted =
          stage === "promoted" ? await this.#follow(running, run) : await running.tally.count(run, rollout);
        if (isCounted) await this.#decide(running);
      });
  }

  /** A rollout has ended, or was taken back: by a guard, by a person, or by what is decided here. */
  rolloutEnded(id: string): void {
    for (const running of this.#running.values())
      void this.#inTurn(async () => {
        if (running.state.rollout === id && !isOver(running.state)) await this.#noticeEnd(running);
      });
  }

  /** Null before there is traffic, and once there is nothing more to show. */
  seen(id: string): Seen | null {
    const { state, tally } = this.#running.get(id) ?? {};
    if (!state || !tally || (state.stage !== "shadow" && state.stage !== "canary")) return null;
    return seenOf(state, tally.evidence(state.rollout));
  }

  /** Resolves when everything is decided that follows from the runs that have stopped. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  /** What is not decided by then is taken up by the next owner. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#turn;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(() => (this.#closing.signal.aborted ? undefined : work()));
    this.#turn = result.catch((error) =>
      this.#deps.onTrouble(`an experiment stands still: ${messageOf(error)}`),
    );
    return result.catch(() => {});
  }

  /** Counts a run of what production is since the promotion. */
  async #follow({ proposal, state, tally }: Running, run: string): Promise<boolean> {
    const { workflow, bars } = proposal;
    const release = await this.#productionOf(workflow);
    return tally.follow(run, { release, isOwn: release === state.release, bars });
  }

  async #productionOf(workflow: string): Promise<string> {
    const { registry } = this.#deps;
    const line = registry.runnable(workflow);
    return line === undefined ? "" : (await registry.production(line)).digest;
  }

  /** A guard may have ended the rollout already, or a person; and another version may have come after the promoted one. */
  async #noticeEnd(running: Running): Promise<boolean> {
    const { state, proposal, tally } = running;
    const { rollouts } = this.#deps.registry;
    const { status = "running", reason } = state.rollout === null ? {} : rollouts.row(state.rollout);
    if (status === "rolled_back") {
      await this.#record(running, rolledBack(reason ?? status, tally));
      return true;
    }
    if (state.stage !== "promoted") {
      if (status === "promoted") await this.#recordPromotion(running, reason ?? status);
      return status === "promoted";
    }
    const isProduction = this.#deps.registry.labelled(lineOf(proposal), "production") === proposal.to;
    if (!isProduction)
      await this.#record(running, {
        type: "experiment.closed",
        data: { reason: "another version is production" },
      });
    return !isProduction;
  }

  async #decide(running: Running): Promise<void> {
    const { state, tally } = running;
    if (isOver(state) || state.stage === "replay" || (await this.#noticeEnd(running))) return;
    if (state.stage === "promoted") return this.#judge(running);
    if (state.stage !== "shadow" && state.stage !== "canary") return;
    const decision = decide(state.stage, state, tally.evidence(state.rollout));
    if (decision.next === "wait") return;
    const { reason } = decision;
    if (decision.next === "rollBack") return this.#rollBack(running, reason);
    if (decision.next === "promote") return this.#promote(running, reason);
    if (state.rollout)
      await this.#deps.registry.rollouts.rollBack(state.rollout, {
        by: "optimizer",
        reason: `the shadow is over: ${reason}`,
      });
    await this.#stage(running, "canary", reason);
  }

  /** Of a promoted version: it goes back, or what it has come to is written down now and then. */
  async #judge(running: Running): Promise<void> {
    const { state, tally } = running;
    const { breach, realised } = tally;
    if (breach !== undefined) return this.#takeBack(running, breach);
    const known = state.realised?.runs ?? 0;
    if (realised && realised.runs >= known + measuredEvery)
      await this.#record(running, { type: "experiment.measured", data: { realised } });
  }

  /** The first stage: the latest runs on record, walked with the change. */
  async #replay(running: Running): Promise<void> {
    const { registry } = this.#deps;
    const { workflow, change, triedAs, to } = running.proposal;
    const line = registry.runnable(workflow);
    if (line === undefined) return;
    const observations = await observationsOf(await registry.production(line), this.#deps);
    const ended = observations.filter(({ hasEnded }) => hasEnded).slice(0, replayRunsMax);
    const release = await registry.instead(line, { [lineOf(running.proposal)]: to });
    const replaying = { runs: ended.map(({ run }) => run), release, change, triedAs };
    const replay = await pastOf(replaying, this.#deps, this.#closing.signal);
    if (!replay) return;
    await this.#record(running, { type: "experiment.replayed", data: { replay } });
    const failing = failingOf(replay, running.state.bars);
    if (failing !== undefined) await this.#rollBack(running, failing);
    else await this.#stage(running, "shadow", passedText(replay));
  }

  async #stage(running: Running, stage: "shadow" | "canary", reason: string): Promise<void> {
    const { asset, bars, from, to } = running.proposal;
    const share = stage === "shadow" ? 1 : Math.min(canaryShare, running.state.bounds?.maxShare ?? 1);
    const guards = stage === "shadow" ? [] : guardsOf(bars);
    try {
      const { id: rollout } = await this.#deps.registry.rollouts.start({
        ...asset,
        from,
        to,
        mode: stage,
        share,
        guards,
        by: "optimizer",
      });
      await this.#record(running, {
        type: "experiment.staged",
        data: { stage, rollout, share, reason },
      });
    } catch (error) {
      if (!(error instanceof FlyballError)) throw error;
      await this.#record(running, rolledBack(error.message, running.tally));
    }
  }

  async #promote(running: Running, reason: string): Promise<void> {
    const { rollout } = running.state;
    if (rollout === null) return;
    // It goes on as a canary where that is refused, and is tried again with the next run.
    await this.#unlessHeld(running, async () => {
      await this.#deps.registry.rollouts.promote(rollout, { by: "optimizer", reason });
      await this.#recordPromotion(running, reason);
    });
  }

  async #recordPromotion(running: Running, reason: string): Promise<void> {
    const release = await this.#productionOf(running.proposal.workflow);
    await this.#record(running, {
      type: "experiment.promoted",
      data: { reason, realised: running.tally.realised, release },
    });
  }

  /** E4. What was begun on top of it ends first. */
  async #takeBack(running: Running, reason: string): Promise<void> {
    const line = lineOf(running.proposal);
    for (const other of [...this.#running.values()])
      if (other !== running && other.state.stage !== "promoted" && lineOf(other.proposal) === line)
        await this.#rollBack(other, "what it would come after is taken back");
    await this.#unlessHeld(running, () => this.#rollBack(running, reason));
  }

  /** What stands against a move is told once, and does not end the experiment. */
  async #unlessHeld(running: Running, move: () => Promise<void>): Promise<void> {
    try {
      await move();
    } catch (error) {
      if (!(error instanceof FlyballError)) throw error;
      if (running.state.reason === error.message) return;
      await this.#record(running, { type: "experiment.held", data: { reason: error.message } });
    }
  }

  async #rollBack(running: Running, reason: string): Promise<void> {
    const { rollout } = running.state;
    if (rollout !== null) await this.#deps.registry.rollouts.rollBack(rollout, { by: "optimizer", reason });
    await this.#record(running, rolledBack(reason, running.tally));
  }

  async #record(running: Running, event: ExperimentEvent): Promise<void> {
    const { id } = running.state;
    await this.#append(id, event);
    const state = experimentOf(id, await this.#deps.journal.read(`experiment/${id}`));
    if (state) running.state = state;
    if (isOver(running.state)) this.#running.delete(id);
  }

  async #append(
    id: string,
    { type, data }: ExperimentEvent,
    opened?: { workflow: string; proposal: string },
  ) {
    const own = {
      stream: `experiment/${id}`,
      expectedSeq: null,
      actor: "optimizer",
      events: [{ type, data: plain(data) }],
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

function lineOf({ asset }: Proposal): string {
  return lineId(asset.kind, asset.name);
}

function rolledBack(reason: string, { realised }: Tally): ExperimentEvent {
  return { type: "experiment.rolled_back", data: { reason, realised } };
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
