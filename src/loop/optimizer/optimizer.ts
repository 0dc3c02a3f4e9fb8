import type { StoppedRun } from "../../core/executor/index.ts";
import { AssetNotFound } from "../../core/registry/index.ts";
import { type Effects, type Finding, plain } from "./changes.ts";
import { type Cycle, cycleOf } from "./cycle.ts";
import type { OptimizerDeps } from "./deps.ts";
import { ExperimentNotFound, ProposalNotFound, ProposalStale } from "./errors.ts";
import { type Experiment, experimentOf } from "./experiment.ts";
import { Experiments } from "./experiments.ts";
import { cyclesToldMax } from "./limits.ts";
import { effectsOf, indexOf, type Proposal, proposalOf } from "./proposals.ts";
import { observationsOf } from "./record.ts";

/** `advise`: says what it would do; `act_within`: begins the experiments itself, within the bars. */
export const modes = ["advise", "act_within"] as const;
export type Mode = (typeof modes)[number];

export type ProposalStatus = "open" | "testing" | "promoted" | "rolledBack";

export interface ListedProposal {
  readonly proposal: Proposal;
  readonly status: ProposalStatus;
  readonly experiment: string | null;
}

/** A look that there was; of its proposals, those that it was the first to make. */
export interface PastCycle {
  readonly at: number;
  readonly findings: readonly Finding[];
  readonly proposals: readonly string[];
}

/** Sees what a workflow could do better, says so, and proves it. */
export class Optimizer {
  readonly #deps: OptimizerDeps;
  readonly #experiments: Experiments;

  constructor(deps: OptimizerDeps) {
    this.#deps = deps;
    this.#experiments = new Experiments(deps);
  }

  /** Takes up the experiments that were under way. */
  async recover(): Promise<void> {
    for (const workflow of this.#deps.registry.runnableNames())
      for (const { proposal, experiment, status } of await this.proposals(workflow))
        if (experiment !== null && status === "testing") await this.#experiments.resume(experiment, proposal);
  }

  stopped(run: StoppedRun): void {
    this.#experiments.stopped(run);
  }

  /** Resolves when everything is decided that follows from the runs that have stopped. */
  settled(): Promise<void> {
    return this.#experiments.settled();
  }

  /** Looks at the record of a workflow. Only proposals that nothing has become of yet are told. */
  async cycle(workflow: string, mode: Mode = "advise"): Promise<Cycle> {
    const cycle = await cycleOf(workflow, this.#deps);
    const known = await this.proposals(workflow);
    const fresh = cycle.proposals.filter(({ id }) => !known.some(({ proposal }) => proposal.id === id));
    // What was tried is not proposed again as long as what it would change is the same.
    const isTried = (made: Proposal) =>
      known.some(({ proposal, status }) => isSameEdit(proposal, made) && status !== "open");
    const open = cycle.proposals.filter((made) => !isTried(made));
    await this.#deps.journal.append([
      {
        stream: `optimizer/${workflow}`,
        expectedSeq: null,
        actor: "optimizer",
        events: [
          {
            type: "cycle.completed",
            data: { findings: cycle.findings.map(plain), proposals: fresh.map(({ id }) => id) },
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
    if (mode === "act_within") for (const { id } of open.slice(0, 1)) await this.experiment(id);
    return { ...cycle, proposals: open };
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
  async measure(workflow: string): Promise<Effects & { readonly runs: number }> {
    const line = this.#deps.registry.runnable(workflow);
    if (line === undefined) throw new AssetNotFound(`workflow/${workflow}`);
    const observations = await observationsOf(await this.#deps.registry.production(line), this.#deps);
    return { ...effectsOf(observations), runs: observations.length };
  }

  /** Those of a workflow, or of all, the newest last. */
  async proposals(workflow?: string): Promise<readonly ListedProposal[]> {
    const names = workflow === undefined ? this.#deps.registry.runnableNames() : [workflow];
    const listed: ListedProposal[] = [];
    for (const name of names) {
      const { proposals, experiments } = indexOf(await this.#deps.journal.read(`optimizer/${name}`));
      for (const id of proposals) listed.push(await this.#listed(id, experiments.get(id) ?? null));
    }
    // One that was made anew, from a later record, takes the place of the one before.
    return listed.filter(
      ({ proposal, status }, index) =>
        status !== "open" || !listed.slice(index + 1).some((later) => isSameEdit(later.proposal, proposal)),
    );
  }

  /** Throws `ProposalNotFound`. */
  async proposal(id: string): Promise<ListedProposal> {
    const proposal = proposalOf(await this.#deps.journal.read(`proposal/${id}`));
    if (!proposal) throw new ProposalNotFound(id);
    const { experiments } = indexOf(await this.#deps.journal.read(`optimizer/${proposal.workflow}`));
    return this.#listed(id, experiments.get(id) ?? null);
  }

  async #listed(id: string, experiment: string | null): Promise<ListedProposal> {
    const proposal = proposalOf(await this.#deps.journal.read(`proposal/${id}`));
    if (!proposal) throw new ProposalNotFound(id);
    if (experiment === null) return { proposal, status: "open", experiment };
    const { stage } = await this.experimentShown(experiment);
    return {
      proposal,
      status: stage === "promoted" || stage === "rolledBack" ? stage : "testing",
      experiment,
    };
  }

  /** Begins the proof of a proposal; the id of the experiment. Throws `ProposalStale`. */
  async experiment(proposalId: string): Promise<string> {
    const { proposal, status } = await this.proposal(proposalId);
    if (status !== "open") throw new ProposalStale(proposalId, `it is ${status}`);
    const { registry, newId } = this.#deps;
    const line = `${proposal.asset.kind}/${proposal.asset.name}`;
    if (registry.labelled(line, "production") !== proposal.from)
      throw new ProposalStale(proposalId, `the production version of ${line} has changed since`);
    const running = registry.snapshot.rollouts.get(line);
    if (running) throw new ProposalStale(proposalId, `rollout ${running.id} of ${line} is running`);
    const id = newId();
    await this.#experiments.start(id, proposal);
    return id;
  }

  /** Throws `ExperimentNotFound`. */
  async experimentShown(id: string): Promise<Experiment> {
    const experiment = experimentOf(id, await this.#deps.journal.read(`experiment/${id}`));
    if (!experiment) throw new ExperimentNotFound(id);
    return experiment;
  }
}

function isSameEdit(one: Proposal, other: Proposal): boolean {
  return one.workflow === other.workflow && one.from === other.from && one.to === other.to;
}
