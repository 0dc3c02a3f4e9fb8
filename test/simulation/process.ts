import assert from "node:assert/strict";
import { type Json, messageOf } from "../../src/core/base/index.ts";
import {
  assetOf,
  controlChanges,
  coreKinds,
  createReleases,
  Executor,
  FlowProgram,
  forgottenRows,
  type Release,
  ReleaseMissing,
  type ReleaseParts,
  type Releases,
} from "../../src/core/executor/index.ts";
import { createJournal, type Journal, memoryBlobs, newSealKey } from "../../src/core/journal/index.ts";
import { compileWorkflow, kindRegistry } from "../../src/core/workflow/index.ts";
import { type DecisionRequest, decide, humanReviewKind } from "../../src/people/reviews/index.ts";
import type { SimulatedClock } from "./clock.ts";
import { Dice } from "./dice.ts";
import { flowOf } from "./flow.ts";
import type { Program } from "./plan.ts";
import type { SimulatedStore } from "./store.ts";
import type { SimulatedWorld } from "./world.ts";

export interface Machine {
  readonly program: Program;
  readonly clock: SimulatedClock;
  readonly store: SimulatedStore;
  readonly world: SimulatedWorld;
}

const sealKey = newSealKey();

/** One process of the engine on the simulated machine: the real executor, journal and writer. */
export class EngineProcess {
  readonly id: number;
  readonly journal: Journal;
  readonly executor: Executor;
  /** Problems that it told about, beside those that the scheduler made. */
  readonly troubles: string[] = [];
  /** Why it should end: it no longer owns the store, or does not know what came of a commit. */
  fatal: string | undefined;
  readonly #machine: Machine;
  readonly #releases: Releases;
  #flush: (() => void) | undefined;

  constructor(machine: Machine, id: number) {
    this.#machine = machine;
    this.id = id;
    const { store, world } = machine;
    const clock = machine.clock.of(id);
    this.journal = createJournal({
      storage: store.open(id),
      blobs: memoryBlobs(),
      clock,
      key: sealKey,
      derive: controlChanges,
      forget: forgottenRows,
      schedule: (flush) => {
        this.#flush = flush;
      },
      onFatal: (error) => {
        this.fatal = messageOf(error);
      },
    });
    const kinds = kindRegistry([...coreKinds, humanReviewKind, ...world.kinds(id)]);
    this.#releases = createReleases({
      journal: this.journal,
      isPublished: (digest) => store.control.asset(digest) !== undefined,
      define: ({ kind, content }) =>
        kind === "flow"
          ? { type: "flow", ...(content as { name: string; version: string }), kinds }
          : { type: "document", workflow: compileWorkflow(content as never, kinds) },
    });
    const flows = new Map(
      [...machine.program.plans]
        .filter(([, { form }]) => form === "flow")
        .map(([name, plan]) => [name, flowOf(plan)]),
    );
    this.executor = new Executor({
      journal: this.journal,
      control: store.control,
      releases: this.#releases,
      clock,
      random: new Dice(id),
      limits: { running: machine.program.running },
      newId: () => assert.fail("every run of a program has an id"),
      flowProgram({ name, version }, { id: run, started }) {
        const code = flows.get(name);
        if (!code) throw new ReleaseMissing(`The code of flow ${name}, version ${version},`);
        return new FlowProgram(code, kinds, { id: run, input: started.input, tags: started.tags ?? {} });
      },
      onTrouble: (message) => this.troubles.push(message),
    });
  }

  get hasFlush(): boolean {
    return this.#flush !== undefined;
  }

  flush(): void {
    const flush = this.#flush;
    this.#flush = undefined;
    flush?.();
  }

  publish(parts: Omit<ReleaseParts, "assets">, children: readonly Release[]): Promise<Release> {
    const assets = children.map((child) => assetOf("workflow", child.workflow, { release: child.digest }));
    return this.#releases.publish({ ...parts, assets });
  }

  async startRun(run: { readonly id: string; readonly input: Json }, release: string): Promise<void> {
    await this.executor.start({ ...run, release: await this.#releases.load(release) });
  }

  async decide(review: string, request: DecisionRequest): Promise<void> {
    const decided = await decide(this.journal, review, request);
    this.executor.wake(decided.request.run);
  }

  /** The process is gone, with all that it had not written. */
  kill(commitsKept: number): void {
    const { clock, world, store } = this.#machine;
    clock.drop(this.id);
    world.drop(this.id);
    store.crash(this.id, commitsKept);
    this.#flush = undefined;
  }
}
