import assert from "node:assert/strict";
import { type JsonObject, sha256 } from "../../src/core/base/index.ts";
import { assetOf, isFinal, type Release } from "../../src/core/executor/index.ts";
import type { EventRow } from "../../src/core/journal/index.ts";
import { Client, planOf, type Wish } from "./client.ts";
import { SimulatedClock } from "./clock.ts";
import { Dice } from "./dice.ts";
import { documentOf } from "./document.ts";
import { type InjectionPoint, type Weather, weatherOf } from "./faults.ts";
import { generateProgram } from "./generate.ts";
import { Ledger } from "./ledger.ts";
import { allSteps, farMs, idOf, type Plan, type Program } from "./plan.ts";
import { EngineProcess, type Machine } from "./process.ts";
import { SimulatedStore } from "./store.ts";
import { type Effect, type Sent, SimulatedWorld } from "./world.ts";

// One program, from its start to its end, in one seed's order of events. Between two steps of the
// scheduler the engine goes as far as it can by itself; then the seed decides what comes next: an answer,
// a commit, time, a command, or a fault.

const turnsMax = 20_000;

interface Action {
  readonly weight: number;
  readonly name: string;
  readonly act: () => void | Promise<void>;
}

export class Simulation {
  readonly seed: number;
  readonly program: Program;
  readonly weather: Weather;
  readonly clock = new SimulatedClock();
  readonly store: SimulatedStore;
  readonly world: SimulatedWorld;
  readonly ledger = new Ledger();
  readonly client: Client;
  /** What happened, in order. */
  readonly trace: string[] = [];
  readonly injected = new Map<InjectionPoint, number>();
  readonly problems: string[] = [];
  process: EngineProcess;
  processes = 0;
  /** Commits that did not happen although the process went on. */
  refusals = 0;
  readonly #dice: Dice;
  readonly #zombies: EngineProcess[] = [];
  #budget: number;
  #hasNews = false;
  #hasProgress = false;
  #isRecovering = false;
  #isStopped = false;
  #mayDisturb = false;

  constructor(seed: number) {
    this.seed = seed;
    this.#dice = new Dice(seed);
    this.program = generateProgram(this.#dice);
    this.weather = weatherOf(this.#dice);
    this.#budget = this.weather.budget;
    this.store = new SimulatedStore(this.weather.commitsLater, (rows) => this.#written(rows));
    this.world = new SimulatedWorld({
      program: this.program,
      elapsed: () => this.clock.elapsed(),
      onSend: (effect) => this.#sent(effect),
    });
    this.client = new Client(this.#machine, this.ledger, () =>
      this.#dice.chance(this.weather.repeat) ? 1 : 0,
    );
    this.process = this.#start();
  }

  /** The whole program; resolves when every run has ended, or something is wrong. */
  async run(): Promise<void> {
    const releases = await this.#publish();
    for (const request of this.program.runs) {
      const release = releases.get(request.plan);
      assert.ok(release, `${request.plan} is published`);
      this.client.wantRun(request, release.digest);
    }
    this.#mayDisturb = true;
    for (let turn = 0; turn < turnsMax; turn++) {
      await settled();
      this.#observe();
      if (this.problems.length > 0 || this.#isOver) return;
      if (this.weather.name === "evict" && this.#hasProgress) this.#evict();
      this.#hasNews = false;
      this.#hasProgress = false;
      const actions = this.#actions();
      if (actions.length === 0)
        return void this.problems.push(`nothing is left to do, and ${this.#open} is open`);
      const action = this.#dice.weighted(actions);
      this.trace.push(action.name);
      await action.act();
    }
    this.problems.push(`${this.#open} did not end within ${turnsMax} turns`);
  }

  /** Ends what is left of its processes. */
  close(): void {
    for (const process of [this.process, ...this.#zombies]) process.kill(0);
  }

  /** Equal for equal runs of a seed. */
  get digest(): string {
    return sha256(this.trace.join("\n"));
  }

  /** How often a process went on although another one had taken over. */
  get zombies(): number {
    return this.injected.get("zombie: goes on beside the new owner") ?? 0;
  }

  get #machine(): Machine {
    return { program: this.program, clock: this.clock, store: this.store, world: this.world };
  }

  get #isOver(): boolean {
    if (this.client.wishes.some((wish) => !wish.isGranted) || this.client.open.length > 0) return false;
    if (this.#open !== "") return false;
    const { inbox = [] } = this.store.control.dump();
    return inbox.length === 0 && this.process.executor.isIdle && !this.process.hasFlush;
  }

  /** The runs that have not ended. */
  get #open(): string {
    const ids = [...this.ledger.runs.keys()].filter(
      (id) => !isFinal(this.store.control.run(id)?.status ?? ""),
    );
    const missing = this.program.runs.filter(({ id }) => !this.ledger.runs.has(id)).map(({ id }) => id);
    return [...missing, ...ids].join(", ");
  }

  #start(): EngineProcess {
    this.processes += 1;
    const process = new EngineProcess(this.#machine, this.processes);
    this.#isRecovering = true;
    this.#isStopped = false;
    process.executor.recover();
    return process;
  }

  async #publish(): Promise<Map<string, Release>> {
    const releases = new Map<string, Release>();
    // Children have the higher numbers, so they come first.
    for (const plan of [...this.program.plans.values()].reverse()) {
      const children = allSteps(plan.steps).flatMap(({ work }) =>
        work.type === "child" ? [releases.get(work.plan)] : [],
      );
      const known = children.filter((child) => child !== undefined);
      const isFlow = plan.form === "flow";
      const content = isFlow
        ? { name: plan.name, version: "1" }
        : (documentOf(plan) as unknown as JsonObject);
      const definition = assetOf(isFlow ? "flow" : "workflow", plan.name, content);
      const published = this.process.publish({ workflow: plan.name, version: "1", definition }, known);
      for (let turn = 0; turn < 20; turn++) {
        await settled();
        this.process.flush();
        this.store.finish("written");
      }
      releases.set(plan.name, await published);
    }
    return releases;
  }

  #written(rows: readonly EventRow[]): void {
    this.ledger.write(rows);
    this.trace.push(
      `  on disk: ${rows.map(({ stream, seq, type, body }) => `${stream}#${seq} ${type}${pathIn(body)}`).join(", ")}`,
    );
    this.#hasNews = true;
    // What has been announced is to be executed once, or a `once` step would be in doubt for ever.
    this.#hasProgress ||= rows.every(({ type }) => type !== "step.started");
    this.#isRecovering = false;
  }

  #sent(effect: Effect): void {
    const { run, path } = effect;
    this.trace.push(`  executes ${run}/${path}`);
    const workflow = this.store.control.run(run)?.workflow;
    if (workflow === undefined)
      return void this.problems.push(`${run}/${path} is executed, and the run is not on disk`);
    const plan = planOf(this.program, workflow);
    const isOwner = effect.process === this.process.id;
    // What was due and is set going may find the clock set back meanwhile.
    const nowMs = this.injected.has("clock: set back") ? Number.POSITIVE_INFINITY : this.clock.now();
    const problem = this.ledger.send({ ...effect, isOwner }, plan, nowMs);
    if (problem) this.problems.push(problem);
    if (isOwner && this.refusals === 0) this.#checkLimits(effect, plan);
  }

  /** What is under way in this process, this one included; a refused commit leaves calls that nobody counts. */
  #checkLimits({ run, path, name }: Effect, plan: Plan): void {
    const wanted = this.world.sent.filter((sent) => sent.process === this.process.id && sent.isWanted());
    const planNameOf = (id: string) => this.store.control.run(id)?.workflow;
    const runs = new Set([run, ...wanted.map((sent) => sent.run)]);
    const ofPlan = [...runs].filter((id) => planNameOf(id) === plan.name);
    const same = wanted.filter((sent) => sent.name === name);
    const work = allSteps(plan.steps).find(({ id }) => id === idOf(path))?.work;
    const limits = [
      { what: "runs", count: runs.size, limit: this.program.running },
      { what: `runs of ${plan.name}`, count: ofPlan.length, limit: plan.atOnce },
      {
        what: `executions of ${path}`,
        count: same.length + 1,
        limit: work?.type === "call" && name === work.name ? work.atOnce : null,
      },
    ];
    for (const { what, count, limit } of limits)
      if (limit !== null && count > limit)
        this.problems.push(`${count} ${what} at once, at most ${limit} may be`);
  }

  #observe(): void {
    if (this.#hasNews) this.client.look();
    this.problems.push(...this.client.broken);
    // A process that no longer owns the store may well find that another one has gone on.
    const unexpected = this.process.troubles.filter(
      (text) => !this.process.fatal && !this.#isStopped && !/is full/.test(text),
    );
    this.process.troubles.length = 0;
    this.problems.push(...unexpected.map((text) => `process ${this.process.id}: ${text}`));
  }

  #actions(): readonly Action[] {
    const actions = [...this.#engineActions(), ...this.#worldActions(), ...this.#clientActions()];
    if (this.#mayDisturb && this.#budget > 0) actions.push(...this.#faultActions());
    const isAlone = actions.every(({ name }) => name.startsWith("fault"));
    const time = this.#timeAction(isAlone);
    return time ? [...actions, time] : actions;
  }

  #engineActions(): Action[] {
    const actions: Action[] = [];
    const { process, store } = this;
    if (process.hasFlush) actions.push({ weight: 10, name: "flush", act: () => process.flush() });
    if (store.hasPending) actions.push({ weight: 8, name: "commit", act: () => store.finish("written") });
    if (process.fatal || this.#isStopped)
      actions.push({ weight: 3, name: "start again", act: () => this.#restart() });
    for (const zombie of this.#zombies) {
      const flush = () => {
        const before = store.refused;
        zombie.flush();
        if (store.refused > before) this.#inject("zombie: its commit is refused");
      };
      if (zombie.hasFlush) actions.push({ weight: 2, name: `zombie ${zombie.id} flushes`, act: flush });
      actions.push({ weight: 0.3, name: `zombie ${zombie.id} ends`, act: () => this.#bury(zombie) });
    }
    return actions;
  }

  #worldActions(): Action[] {
    const { world, clock } = this;
    const actions: Action[] = [];
    for (const sent of world.sent) {
      const text = `${sent.run}/${sent.path} (${sent.id})`;
      if (!sent.isDone && sent.trouble !== "hang")
        actions.push({ weight: 3, name: `the world does ${text}`, act: () => this.#perform(sent) });
      const isLate = sent.trouble === "hang" && clock.elapsed() > (sent.deadlineMs ?? 0);
      if (sent.isDone || isLate)
        actions.push({
          weight: isLate ? 1 : 3,
          name: `the world answers ${text}`,
          act: () => this.#answer(sent, isLate),
        });
    }
    return actions;
  }

  #perform(sent: Sent): void {
    sent.isDone = true;
    this.world.perform(sent);
  }

  #answer(sent: Sent, isLate: boolean): void {
    this.world.sent.splice(this.world.sent.indexOf(sent), 1);
    if (isLate) this.#inject("answer: after its timeout");
    sent.answer();
  }

  #clientActions(): Action[] {
    if (this.process.fatal || this.#isStopped) return [];
    return this.client.open.map((wish) => ({
      weight: wish.kind === "start" ? 4 : 1.5,
      name: `${wish.isGranted ? "again: " : ""}${wish.name}`,
      act: () => this.#ask(wish),
    }));
  }

  #ask(wish: Wish): void {
    if (wish.isGranted) this.#inject(`duplicate: ${wish.kind}`);
    if (wish.kind === "signal" && !wish.isGranted) {
      const row = this.store.control.run(wish.name.split("/")[0] ?? "");
      if (row?.waitingFor !== "event") this.#inject("early: a signal before its wait");
    }
    this.client.ask(wish, this.process);
  }

  /** Time to the next thing that falls due; a call that answers in time is never overtaken by its timeout. */
  #timeAction(isAlone: boolean): Action | undefined {
    const nextMs = this.#nextInMs();
    // Nothing of a program needs the far bounds: what would wait for one has been lost.
    if (nextMs === undefined || nextMs > farMs / 100) return undefined;
    if (this.weather.name === "calm" && this.process.hasFlush) return undefined;
    const deadlines = this.world.sent.flatMap(({ process, trouble, deadlineMs }) =>
      process !== this.process.id || trouble === "hang" || deadlineMs === null ? [] : [deadlineMs],
    );
    const limitMs = Math.min(...deadlines) - this.clock.elapsed() - 1;
    if (nextMs > limitMs) return undefined;
    const act = () => {
      const isLate = this.#mayDisturb && this.#budget > 0 && this.#dice.chance(this.weather.late * 0.2);
      const byMs = isLate ? Math.min(limitMs, nextMs + this.#dice.between(1, 7_200_000)) : nextMs;
      if (isLate) this.#disturb("delay: the process wakes up late");
      if (this.store.hasPending) this.#inject("delay: time passes beside a commit under way");
      if (this.world.sent.length > 0) this.#inject("delay: time passes beside a call under way");
      this.trace.push(`  ${byMs} ms pass`);
      this.clock.pass(byMs);
    };
    return { weight: isAlone ? 3 : 1, name: "time passes", act };
  }

  /** To the next timer; where nothing is in memory, straight to what falls due, over all the polls before. */
  #nextInMs(): number | undefined {
    const timerMs = this.clock.nextInMs;
    const dueAt = this.store.control.nextDueAt(this.clock.now());
    const isFar = dueAt === undefined || dueAt - this.clock.now() > farMs / 100;
    if (isFar || !this.process.executor.isIdle) return timerMs;
    return timerMs === undefined && this.#isStopped ? undefined : dueAt - this.clock.now();
  }

  #faultActions(): Action[] {
    const { weather, process } = this;
    const fault = (weight: number, name: string, act: () => void) => ({
      weight,
      name: `fault: ${name}`,
      act,
    });
    const possible = [
      fault(weather.crash * (this.#isRecovering ? 1.5 : 1), "crash", () => this.#crash()),
      fault(this.#isStopped || process.fatal ? 0 : weather.stop, "stop", () => this.#stop()),
      fault(process.fatal ? 0 : weather.zombie, "zombie", () => this.#takeOver()),
      fault(this.#hasCommit ? weather.commit * 2 : 0, "commit", () => this.#disturbCommit()),
      fault(weather.clock, "clock", () => this.#setClock()),
      fault(weather.crash + weather.clock > 0 ? 0.1 : 0, "seal", () => this.#seal()),
    ];
    return possible.filter(({ weight }) => weight > 0);
  }

  get #hasCommit(): boolean {
    return this.weather.commitsLater ? this.store.hasPending : this.process.hasFlush;
  }

  #crash(): void {
    const { process, store, world } = this;
    const mine = world.sent.filter((sent) => sent.process === process.id);
    const kept = store.hasPending && this.#dice.chance(0.5) ? 1 : 0;
    this.#disturb(
      store.hasPending
        ? `crash: a commit is under way and ${kept > 0 ? "kept" : "lost"}`
        : process.hasFlush
          ? "crash: appends are queued"
          : this.#isRecovering
            ? "crash: during recovery"
            : mine.some(({ isDone }) => isDone)
              ? "crash: a call is done, its answer is not there"
              : mine.length > 0
                ? "crash: a call is on its way"
                : "crash: at rest",
    );
    this.#restart(kept);
  }

  #restart(kept = 0): void {
    this.process.kill(kept);
    this.client.lose(this.process.id);
    this.process = this.#start();
    this.#hasNews = true;
  }

  #evict(): void {
    this.#inject("crash: after a commit, at each of them");
    this.#restart();
  }

  #stop(): void {
    this.#disturb("stop: drained, closed, started again");
    const { process } = this;
    this.#isStopped = true;
    process.executor
      .drain(5_000)
      .then(() => process.journal.close())
      .catch(() => {});
  }

  #takeOver(): void {
    this.#disturb("zombie: goes on beside the new owner");
    this.#zombies.push(this.process);
    this.client.lose(this.process.id);
    this.process = this.#start();
    this.#hasNews = true;
  }

  #bury(zombie: EngineProcess): void {
    zombie.kill(0);
    this.#zombies.splice(this.#zombies.indexOf(zombie), 1);
  }

  #disturbCommit(): void {
    const outcome = this.#dice.pick(["full", "full", "unknown, written", "unknown, lost"] as const);
    const words = {
      full: "refused, the disk is full",
      "unknown, written": "unknown, and written",
      "unknown, lost": "unknown, and lost",
    } as const;
    this.#disturb(`commit: ${words[outcome]}`);
    this.refusals += 1;
    if (this.weather.commitsLater) return this.store.finish(outcome);
    this.store.nextOutcome = outcome;
    this.process.flush();
    this.store.nextOutcome = "written";
  }

  #setClock(): void {
    const isBack = this.#dice.chance(0.5);
    const byMs = this.#dice.pick([500, 60_000, 7_200_000]);
    this.#disturb(isBack ? "clock: set back" : "clock: set forward");
    this.trace.push(`  by ${byMs} ms`);
    this.clock.set(isBack ? -byMs : byMs);
  }

  #seal(): void {
    this.#inject("seal: signed meanwhile");
    this.process.journal
      .seal()
      .catch((error) => this.problems.push(`the journal could not be sealed: ${error}`));
  }

  #disturb(point: InjectionPoint): void {
    this.#budget -= 1;
    this.#inject(point);
  }

  #inject(point: InjectionPoint): void {
    this.trace.push(`  ${point}`);
    this.injected.set(point, (this.injected.get(point) ?? 0) + 1);
  }
}

/** Lets the engine go as far as it can by itself: all promises, and every turn of the event loop that code has asked for. */
async function settled(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (process.getActiveResourcesInfo().includes("Immediate"));
}

function pathIn(body: string | null): string {
  const path = /"path":"([^"]*)"/.exec(body ?? "")?.[1];
  return path === undefined ? "" : ` ${path}`;
}
