import assert from "node:assert/strict";
import type { Command, RunRow } from "../../src/core/executor/index.ts";
import { ReviewNotOpen } from "../../src/people/reviews/index.ts";
import { History } from "./history.ts";
import type { Ledger } from "./ledger.ts";
import { predict } from "./model.ts";
import {
  allSteps,
  correctedValue,
  idOf,
  innerSteps,
  type Plan,
  type Program,
  type RunRequest,
  skipValue,
} from "./plan.ts";
import type { EngineProcess, Machine } from "./process.ts";

/** Something that somebody outside wants done, and asks for until it is acknowledged. */
export interface Wish {
  readonly name: string;
  readonly kind: "start" | "decision" | Exclude<Command["kind"], "child">;
  readonly ask: (process: EngineProcess) => Promise<unknown>;
  /** The stream that is on disk once it is acknowledged. */
  readonly stream: string;
  /** The process that is asked, until it answers or goes. */
  askedOf: number | undefined;
  isGranted: boolean;
  repeatsLeft: number;
}

/** The people and systems around the engine: they start runs, signal, decide, mend, resume and cancel. */
export class Client {
  readonly wishes: Wish[] = [];
  /** Acknowledged, and not on disk. */
  readonly broken: string[] = [];
  readonly #machine: Machine;
  readonly #ledger: Ledger;
  readonly #known = new Set<string>();
  readonly #repeats: () => number;

  constructor(machine: Machine, ledger: Ledger, repeats: () => number) {
    this.#machine = machine;
    this.#ledger = ledger;
    this.#repeats = repeats;
  }

  /** The release by its digest: each process compiles it anew. */
  wantRun({ id, input, isCancelled, isPaused }: RunRequest, release: string): void {
    this.#wish(`start ${id}`, "start", `run/${id}`, (process) => process.startRun({ id, input }, release));
    if (isCancelled) this.#known.add(`cancel ${id}`);
    if (isPaused) this.#known.add(`pause ${id}`);
  }

  /** Looks at what is on disk, and wishes what a person or system would. */
  look(): void {
    const { control } = this.#machine.store;
    for (const [id, events] of this.#ledger.runs) {
      const row = control.run(id);
      if (!row) continue;
      this.#wishSignals(id, row);
      if (row.status === "paused")
        this.#wishResume(
          id,
          row,
          events.findLastIndex(({ type }) => type === "run.paused"),
        );
      if (this.#known.delete(`cancel ${id}`))
        this.#send(id, "cancel", { kind: "cancel", by: "ann", reason: null });
      if (this.#known.delete(`pause ${id}`))
        this.#send(id, "pause", { kind: "pause", by: "ann", reason: null });
    }
    for (const { id, run, path } of control.reviews({ status: "open", limit: 1_000 }))
      this.#wishDecision(id, run, path);
  }

  /** What has not been asked of anyone; or has been answered, and is asked once more. */
  get open(): readonly Wish[] {
    return this.wishes.filter(
      (wish) => wish.askedOf === undefined && (!wish.isGranted || wish.repeatsLeft > 0),
    );
  }

  ask(wish: Wish, process: EngineProcess): void {
    if (wish.isGranted) wish.repeatsLeft -= 1;
    wish.askedOf = process.id;
    const end = (isGranted: boolean) => {
      if (wish.askedOf === process.id) wish.askedOf = undefined;
      if (!isGranted) return;
      wish.isGranted = true;
      if (this.#machine.store.readStream(wish.stream).length === 0)
        this.broken.push(`${wish.name} was acknowledged, and ${wish.stream} is not on disk`);
    };
    wish.ask(process).then(
      () => end(true),
      (error) => end(error instanceof ReviewNotOpen),
    );
  }

  /** The process has gone without an answer. */
  lose(process: number): void {
    for (const wish of this.wishes) if (wish.askedOf === process) wish.askedOf = undefined;
  }

  #wish(name: string, kind: Wish["kind"], stream: string, ask: Wish["ask"]): void {
    if (this.#known.has(name)) return;
    this.#known.add(name);
    this.wishes.push({
      name,
      kind,
      ask,
      stream,
      askedOf: undefined,
      isGranted: false,
      repeatsLeft: this.#repeats(),
    });
  }

  #send(run: string, name: string, command: Command): void {
    const id = `${run}/${name}`;
    assert.ok(command.kind !== "child" && command.kind !== "decision", "a client sends neither");
    this.#wish(id, command.kind, `command/${run}/${id}`, ({ executor }) => executor.send(run, id, command));
  }

  #wishSignals(run: string, { workflow }: RunRow): void {
    if (this.#known.has(`signals of ${run}`)) return;
    this.#known.add(`signals of ${run}`);
    const { program } = this.#machine;
    const options = { program, history: new History([]), run, plan: planOf(program, workflow), input: null };
    for (const [index, event] of predict({ ...options, isMended: false }).signals.entries())
      this.#send(run, `signal-${index}`, { kind: "signal", event, data: `data of ${event}` });
  }

  #wishDecision(review: string, run: string, path: string): void {
    const plan = planOf(this.#machine.program, this.#machine.store.control.run(run)?.workflow ?? "");
    const work = allSteps(plan.steps).find(({ id }) => id === idOf(path))?.work;
    if (work?.type !== "ask" || !work.isAnswered) return;
    const value = work.decision === "correct" ? { value: correctedValue } : {};
    const request = { decision: work.decision, reviewer: "ann", ...value };
    this.#wish(`decide ${review}`, "decision", `review/${review}`, (process) =>
      process.decide(review, request),
    );
  }

  #wishResume(run: string, { workflow }: RunRow, pause: number): void {
    const { program } = this.#machine;
    const isAsked = this.#ledger.events(run)[pause]?.data.reason === "asked";
    const name = `${isAsked ? "resume" : program.pausePlan}-${pause}`;
    if (isAsked) return this.#send(run, name, { kind: "resume", by: "ann" });
    if (program.pausePlan === "cancel")
      return this.#send(run, name, { kind: "cancel", by: "ann", reason: "paused" });
    if (program.pausePlan === "skip")
      return this.#send(run, name, { kind: "resume", by: "ann", skip: { value: skipValue } });
    if (!this.#known.has(`${run}/${name}`)) this.#mend(run, planOf(program, workflow));
    this.#send(run, name, { kind: "resume", by: "ann" });
  }

  /** Mends what the run's failed steps met; where that is a child, everything that the child may meet. */
  #mend(run: string, plan: Plan): void {
    const events = this.#ledger.events(run);
    const done = new Set(events.filter(({ type }) => type === "step.completed").map(({ path }) => path));
    const failed = events.filter(({ type, path }) => type === "step.failed" && !done.has(path));
    const ids = new Set(failed.map(({ path }) => idOf(path)).filter((id) => !keptIds(plan).has(id)));
    for (const { id, work } of allSteps(plan.steps)) if (ids.has(id)) this.#mendWork(work);
  }

  #mendWork(work: Plan["steps"][number]["work"]): void {
    const { program, world } = this.#machine;
    if (work.type === "call") world.mended.add(work.name);
    if (work.type !== "child") return;
    for (const step of allSteps(planOf(program, work.plan).steps)) this.#mendWork(step.work);
  }
}

/** The steps whose errors a map keeps: nobody is asked about them. */
function keptIds(plan: Plan): ReadonlySet<string> {
  const keepers = allSteps(plan.steps).filter(
    ({ work }) => work.type === "map" && work.onItemError === "keep",
  );
  return new Set(keepers.flatMap(({ work }) => allSteps(innerSteps(work)).map(({ id }) => id)));
}

export function planOf(program: Program, name: string): Plan {
  const plan = program.plans.get(name);
  assert.ok(plan, `${name} is a plan of the program`);
  return plan;
}
