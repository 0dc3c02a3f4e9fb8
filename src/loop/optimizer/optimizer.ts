import { OneByOne } from "../../core/base/index.ts";
import { isFinal, type StoppedRun } from "../../core/executor/index.ts";
import { AssetNotFound, lineId } from "../../core/registry/index.ts";
import { type Effects, type Finding, plain } from "./changes.ts";
import { type Cycle, cycleOf } from "./cycle.ts";
import type { OptimizerDeps } from "./deps.ts";
import { ExperimentNotFound, ProposalNotFound, ProposalStale } from "./errors.ts";
import { type Experiment, experimentOf, type Seen } from "./experiment.ts";
import { type Approval, Experiments } from "./experiments.ts";
import { type Keeping, type Mode, optimizerSettings } from "./keeping.ts";
import { cyclesToldMax } from "./limits.ts";
import { currentOf, isRuledOut, type ListedProposal, statusOf } from "./listed.ts";
import { type Declined, effectsOf, indexOf, type Made, madeOf, type Proposal } from "./proposals.ts";
import { observationsOf } from "./record.ts";
import { Schedule } from "./schedule.ts";

/** A look that there was; of its proposals, those that it was the first to make. */
export interface PastCycle {
  readonly at: number;
  readonly mode: Mode;
  readonly by: string;
  readonly findings: readonly Finding[];
  readonly proposals: readonly string[];
}

/** Sees what a workflow could do better, says so, and proves it. */
export class Optimizer {
  readonly #deps: OptimizerDeps;
  readonly #experiments: Experiments;
  readonly #schedule: Schedule;
  #keeping: Keeping = optimizerSettings.parse({});
  /** A proposal is tried once, or declined once. */
  readonly #decisions = new OneByOne();

  constructor(parts: Omit<OptimizerDeps, "reviewMinutes">) {
    const deps = { ...parts, reviewMinutes: () => this.#keeping.reviewMinutes };
    this.#deps = deps;
    this.#experiments = new Experiments(deps);
    this.#schedule = new Schedule({
      ...deps,
      workflows: () => deps.registry.runnableNames(),
      lastCycleAt: (workflow) => this.#lastCycleAt(workflow),
      cycle: (workflow) => this.cycle(workflow, { mode: this.#keeping.mode, by: "schedule" }),
    });
  }

  /** From now on these settings hold. */
  keep(keeping: Keeping): void {
    this.#keeping = keeping;
    this.#schedule.keep(this.#keeping.mode === "advise" ? null : this.#keeping.every);
  }

  async #lastCycleAt(workflow: string): Promise<number | undefined> {
    const events = await this.#deps.journal.read(`optimizer/${workflow}`);
    return events.findLast(({ type }) => type === "cycle.completed")?.at;
  }

  /** Takes up the experiments that were under way, and the watch of what was promoted. */
  async recover(): Promise<void> {
    for (const workflow of this.#deps.registry.runnableNames())
      for (const { proposal, experiment } of await this.proposals(workflow))
        if (experiment !== null) await this.#experiments.resume(experiment, proposal);
  }

  /** A rollout has ended, or was taken back. */
  rolloutEnded(id: string): void {
    this.#experiments.rolloutEnded(id);
  }

  stopped(run: StoppedRun): void {
    this.#experiments.stopped(run);
    if (isFinal(run.status)) this.#schedule.stopped(run.id, run.release.workflow);
  }

  /** Resolves when everything is decided that follows from the runs that have stopped. */
  async settled(): Promise<void> {
    await this.#schedule.settled();
    await this.#experiments.settled();
  }

  close(): Promise<void> {
    this.#schedule.keep(null);
    return this.#experiments.close();
  }

  /** Looks at the record of a workflow. Only proposals that nothing has become of yet are told. */
  async cycle(
    workflow: string,
    { mode = "advise", by = "local" }: { readonly mode?: Mode; readonly by?: string } = {},
  ): Promise<Cycle> {
    const { bounds } = this.#keeping;
    const maxSpendUsd = mode === "advise" ? Number.POSITIVE_INFINITY : bounds.maxSpendUsd;
    const cycle = await cycleOf(workflow, { maxSpendUsd }, this.#deps);
    const known = await this.proposals(workflow);
    const open = cycle.proposals.filter((made) => !isRuledOut(made, known));
    const fresh = open.filter(({ id }) => !known.some(({ proposal }) => proposal.id === id));
    await this.#deps.journal.append([
      {
        stream: `optimizer/${workflow}`,
        expectedSeq: null,
        actor: "optimizer",
        events: [
          {
            type: "cycle.completed",
            data: { mode, by, findings: cycle.findings.map(plain), proposals: fresh.map(({ id }) => id) },
          },
        ],
      },
      ...fresh.map((proposal) => ({
        stream: `proposal/${proposal.id}`,
        expectedSeq: null,
        actor: "optimizer",
        events: [{ type: "proposal.made", data: plain(proposal) }],
      })),
    ]);
    this.#schedule.looked(workflow);
    const isBusy = known.some(({ status }) => status === "testing");
    if (mode === "act_within" && !isBusy) await this.#act(open);
    return { ...cycle, proposals: open };
  }

  /** Begins the first experiment that the bounds allow and nothing stands against. */
  async #act(proposals: readonly Proposal[]): Promise<void> {
    const { kinds, ...bounds } = this.#keeping.bounds;
    const allowed = proposals.filter(({ kind }) => kinds === null || kinds.includes(kind));
    const next = allowed.find((proposal) => this.#obstacle(proposal) === undefined);
    if (next) await this.experiment(next.id, { by: "optimizer", bounds });
  }

  /** The latest looks at a workflow, the newest first. */
  async cycles(workflow: string): Promise<readonly PastCycle[]> {
    const events = await this.#deps.journal.read(`optimizer/${workflow}`);
    const looks = events.filter(({ type }) => type === "cycle.completed");
    return looks
      .slice(-cyclesToldMax)
      .reverse()
      .map(({ at, data }) => ({ at, ...(data as unknown as Omit<PastCycle, "at">) }));
  }

  /** What the latest runs of the production version came to. */
  async measure(workflow: string): Promise<Effects> {
    const line = this.#deps.registry.runnable(workflow);
    if (line === undefined) throw new AssetNotFound(`workflow/${workflow}`);
    const observations = await observationsOf(await this.#deps.registry.production(line), this.#deps);
    return effectsOf(observations, this.#keeping.reviewMinutes);
  }

  /** Those of a workflow, or of all, the newest last. */
  async proposals(workflow?: string): Promise<readonly ListedProposal[]> {
    const names = workflow === undefined ? this.#deps.registry.runnableNames() : [workflow];
    const listed: ListedProposal[] = [];
    for (const name of names) {
      const { proposals, experiments } = indexOf(await this.#deps.journal.read(`optimizer/${name}`));
      for (const id of proposals)
        listed.push(await this.#listed(await this.#made(id), experiments.get(id) ?? null));
    }
    return currentOf(listed);
  }

  /** Throws `ProposalNotFound`. */
  async proposal(id: string): Promise<ListedProposal> {
    const made = await this.#made(id);
    const { experiments } = indexOf(await this.#deps.journal.read(`optimizer/${made.proposal.workflow}`));
    return this.#listed(made, experiments.get(id) ?? null);
  }

  async #made(id: string): Promise<Made> {
    const made = madeOf(await this.#deps.journal.read(`proposal/${id}`));
    if (!made) throw new ProposalNotFound(id);
    return made;
  }

  async #listed(made: Made, experiment: string | null): Promise<ListedProposal> {
    const shown = experiment === null ? undefined : await this.experimentShown(experiment);
    return { ...made, status: statusOf(made.declined, shown?.stage), experiment };
  }

  /** Begins the proof of a proposal, which somebody has approved of; the id of the experiment. Throws `ProposalStale`. */
  experiment(proposalId: string, approval: Approval = { by: "local", bounds: null }): Promise<string> {
    return this.#decisions.take(async () => {
      const { proposal, status } = await this.proposal(proposalId);
      const obstacle = status === "open" ? this.#obstacle(proposal) : `it is ${status}`;
      if (obstacle !== undefined) throw new ProposalStale(proposalId, "tried", obstacle);
      const id = this.#deps.newId();
      await this.#experiments.start(id, proposal, approval);
      return id;
    });
  }

  /** A person's no to a proposal, which is not made again while what it would change is the same. Throws `ProposalStale`. */
  decline(proposalId: string, { by, reason }: Pick<Declined, "by" | "reason">): Promise<ListedProposal> {
    return this.#decisions.take(async () => {
      const { status } = await this.proposal(proposalId);
      if (status !== "open") throw new ProposalStale(proposalId, "declined", `it is ${status}`);
      const event = { type: "proposal.declined", data: { by, reason } };
      await this.#deps.journal.append([
        { stream: `proposal/${proposalId}`, expectedSeq: null, actor: by, events: [event] },
      ]);
      return this.proposal(proposalId);
    });
  }

  /** What has changed since a proposal was made, so that it cannot be tried now. */
  #obstacle({ asset, from }: Proposal): string | undefined {
    const { registry } = this.#deps;
    const line = lineId(asset.kind, asset.name);
    if (registry.labelled(line, "production") !== from)
      return `the production version of ${line} has changed since`;
    const running = registry.snapshot.rollouts.get(line);
    return running && `rollout ${running.id} of ${line} is running`;
  }

  /** What was shown so far of an experiment on running traffic; else null. */
  seen(experiment: string): Seen | null {
    return this.#experiments.seen(experiment);
  }

  /** Throws `ExperimentNotFound`. */
  async experimentShown(id: string): Promise<Experiment> {
    const experiment = experimentOf(id, await this.#deps.journal.read(`experiment/${id}`));
    if (!experiment) throw new ExperimentNotFound(id);
    return experiment;
  }
}
