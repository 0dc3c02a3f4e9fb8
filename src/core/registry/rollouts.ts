import { messageOf } from "../base/index.ts";
import type { Append } from "../journal/index.ts";
import { keyExpression } from "./assign.ts";
import { appendOf, type Current } from "./current.ts";
import { RolloutEnded, RolloutInvalid, RolloutNotFound } from "./errors.ts";
import type { Breach, LineEvent, RolloutEvent, RolloutMode, RolloutStarted } from "./events.ts";
import { breachOf, breachText, guardOf, type WrittenGuard } from "./guards.ts";
import { checkProduction, refuseWhileRunning } from "./labels.ts";
import { rolloutsPerWorkflowMax } from "./limits.ts";
import { checkFit, runnableKinds } from "./resolve.ts";
import { checkMove, checkMover, productionLabel } from "./rules.ts";
import { type RunningRollout, withGuards, withRollout } from "./snapshot.ts";
import { lineId, startedRollout } from "./state.ts";
import { type ArmFigures, ArmStatistics } from "./statistics.ts";
import type { Arm, RolloutRow } from "./store.ts";

export interface RolloutRequest {
  readonly kind: string;
  readonly name: string;
  /** Digests or labels; `from` is the production version, and may be left out. */
  readonly from?: string | undefined;
  readonly to: string;
  readonly mode: RolloutMode;
  readonly share: number;
  /** What runs are told apart by; each for itself when absent. */
  readonly key?: string | undefined;
  readonly guards: readonly WrittenGuard[];
  readonly by: string;
}

type Figures = Readonly<Record<Arm, ArmFigures>>;
type Statistics = Readonly<Record<Arm, ArmStatistics>>;

/** Splits what new runs get between two versions of an asset, counts what comes of it, and takes it back when a guard says so. */
export class Rollouts {
  readonly #current: Current;
  /** Of those that are running. */
  readonly #statistics = new Map<string, Statistics>();

  /** Before any run goes on, so that nothing is counted twice. */
  constructor(current: Current) {
    this.#current = current;
    for (const { id } of current.snapshot.rollouts.values()) this.#statistics.set(id, this.#load(id));
  }

  /** What was reached before the process ended, and not acted on. */
  recover(): void {
    for (const { id } of this.#current.snapshot.rollouts.values()) void this.#guard(id);
  }

  #load(id: string): Statistics {
    const { store } = this.#current;
    return { from: ArmStatistics.load(store, id, "from"), to: ArmStatistics.load(store, id, "to") };
  }

  start(request: RolloutRequest): Promise<RolloutRow> {
    return this.#current.inTurn(async () => {
      const started = await this.#checked(request);
      const id = this.#current.options.newId();
      const { kind, name, to, by } = started;
      const [line, label] = [lineId(kind, name), labelOf(started.mode)];
      await this.#checkFits(started, id);
      const from = this.#current.labelled(line, label) ?? null;
      const approvals = this.#current.approvers(line, label, to);
      const moved: LineEvent = {
        type: "label.moved",
        data: { label, to, from, by, reason: `${started.mode} ${id}`, approvals, rollout: id },
      };
      this.#statistics.set(id, { from: new ArmStatistics(), to: new ArmStatistics() });
      await this.#current.append([
        appendOf({ stream: `rollout/${id}`, events: [{ type: "rollout.started", data: started }] }, by),
        appendOf({ stream: `line/${line}`, events: [moved] }, by),
      ]);
      return this.row(id);
    });
  }

  async #checked(request: RolloutRequest): Promise<RolloutStarted> {
    const { kind, name, mode, share, key, by } = request;
    const line = lineId(kind, name);
    const current = this.#current;
    const to = current.version(line, request.to);
    const from = current.labelled(line, productionLabel);
    if (from === undefined) throw new RolloutInvalid(`${line} has no production version to start from`);
    if (request.from !== undefined && current.version(line, request.from) !== from)
      throw new RolloutInvalid(`from: the production version of ${line} is ${from.slice(0, 12)}`);
    if (from === to) throw new RolloutInvalid(`to: ${to.slice(0, 12)} is the production version already`);
    if (!(share > 0 && share <= 1)) throw new RolloutInvalid("share: expected more than 0, and 1 at most");
    refuseWhileRunning(current, line);
    const label = labelOf(mode);
    const approvers = current.approvers(line, label, to);
    checkMove(await current.rules(), { line, label, digest: to, actor: by, approvers });
    const guards = request.guards.map(guardOf);
    const expression = key === undefined ? {} : { key: keyExpression(key) };
    return { kind, name, from, to, mode, share, ...expression, guards, by };
  }

  /** Throws unless every workflow that uses the asset can run in every combination of arms. */
  async #checkFits(started: RolloutStarted, id: string): Promise<void> {
    const { snapshot: before, resolver, options } = this.#current;
    const row = startedRollout(id, started, options.clock.now());
    const after = withRollout(before, withGuards(row));
    for (const runnable of after.production.keys()) {
      if (!runnableKinds.some((kind) => runnable.startsWith(`${kind}/`))) continue;
      const others = await resolver.rolloutsOf(runnable, after);
      if (others.length > rolloutsPerWorkflowMax)
        throw new RolloutInvalid(`${runnable} would be in more than ${rolloutsPerWorkflowMax} rollouts`);
    }
    await checkFit(resolver, { before, after, lines: [row.line] });
  }

  /** Changes the share. Whoever had the new version keeps it when the share grows. */
  resize(id: string, share: number, by: string): Promise<RolloutRow> {
    return this.#current.inTurn(async () => {
      const { share: from } = this.#running(id);
      if (!(share > 0 && share <= 1)) throw new RolloutInvalid("share: expected more than 0, and 1 at most");
      const event: RolloutEvent = { type: "rollout.resized", data: { share, from, by } };
      await this.#current.append([appendOf({ stream: `rollout/${id}`, events: [event] }, by)]);
      return this.row(id);
    });
  }

  /** The new version becomes production, with the approvals that the label asks for. */
  promote(id: string, { by, reason }: { by: string; reason: string | null }): Promise<RolloutRow> {
    return this.#current.inTurn(async () => {
      const rollout = this.#running(id);
      const { line, fromDigest: from, toDigest: to } = rollout;
      const approvals = this.#current.approvers(line, productionLabel, to);
      const move = { line, label: productionLabel, digest: to, actor: by, approvers: approvals };
      checkMove(await this.#current.rules(), move);
      await checkProduction(this.#current, new Map([[line, to]]));
      const moved: LineEvent = {
        type: "label.moved",
        data: {
          label: productionLabel,
          to,
          from,
          by,
          reason: reason ?? `promoted by ${rollout.mode} ${id}`,
          approvals,
          rollout: id,
        },
      };
      const ended: RolloutEvent = { type: "rollout.promoted", data: { by, reason } };
      await this.#end(rollout, { ended, lineEvents: [moved], by, reason: "promoted" });
      return this.row(id);
    });
  }

  /** From then on new runs get the version from before; those under way keep what they have. */
  rollBack(
    id: string,
    { by, reason, breach }: { by: string; reason: string; breach?: Breach },
  ): Promise<RolloutRow> {
    return this.#current.inTurn(async () => {
      const ended: RolloutEvent = { type: "rollout.rolled_back", data: { by, reason, ...breach } };
      if (this.row(id).status === "promoted") await this.#takeBack(this.row(id), { ended, by, reason });
      else await this.#end(this.#running(id), { ended, lineEvents: [], by, reason });
      return this.row(id);
    });
  }

  /**
   * The version from before becomes production again, for as long as nothing has come after the one that was
   * promoted. It needs no approval anew: it was production, and what must be taken back should not wait.
   */
  async #takeBack(
    { id, line, status, fromDigest: to, toDigest: from }: RolloutRow,
    { ended, by, reason }: { ended: RolloutEvent; by: string; reason: string },
  ): Promise<void> {
    const current = this.#current;
    if (current.labelled(line, productionLabel) !== from) throw new RolloutEnded(id, status);
    refuseWhileRunning(current, line);
    checkMover(await current.rules(), productionLabel, by);
    await checkProduction(current, new Map([[line, to]]));
    const data = { label: productionLabel, to, from, by, reason, approvals: [], rollout: id };
    await current.append([
      appendOf({ stream: `rollout/${id}`, events: [ended] }, by),
      appendOf({ stream: `line/${line}`, events: [{ type: "label.moved", data }] }, by),
    ]);
    current.options.onRolloutEnded?.(id);
  }

  async #end(
    { id, line, mode, toDigest }: RolloutRow,
    how: { ended: RolloutEvent; lineEvents: readonly LineEvent[]; by: string; reason: string },
  ): Promise<void> {
    const { ended, lineEvents, by, reason } = how;
    const data = { label: labelOf(mode), from: toDigest, by, reason, rollout: id };
    const events = [...lineEvents, { type: "label.removed", data } satisfies LineEvent];
    const appends: Append[] = [
      appendOf({ stream: `rollout/${id}`, events: [ended] }, by),
      appendOf({ stream: `line/${line}`, events }, by),
    ];
    await this.#current.append(appends);
    this.#statistics.delete(id);
    this.#current.options.onRolloutEnded?.(id);
  }

  /** Throws `RolloutNotFound`. */
  row(id: string): RolloutRow {
    const row = this.#current.store.rollout(id);
    if (!row) throw new RolloutNotFound(id);
    return row;
  }

  #running(id: string): RunningRollout {
    const row = this.row(id);
    if (row.status !== "running") throw new RolloutEnded(id, row.status);
    return withGuards(row);
  }

  figures(id: string): Figures {
    const { from, to } = this.#statistics.get(id) ?? this.#load(id);
    return { from: from.figures, to: to.figures };
  }

  /** A run has ended, or stands still because it failed. */
  stopped(run: string): void {
    for (const { rollout, arm, status, startedAt, endedAt, costUsd } of this.#current.store.armsOf(run)) {
      const statistics = this.#statistics.get(rollout);
      if (!statistics || status === null) continue;
      const latencyMs = (endedAt ?? startedAt) - startedAt;
      statistics[arm].stop({ run, status, latencyMs, costUsd: costUsd ?? 0 });
      void this.#guard(rollout);
    }
  }

  /** A run was judged; resolves once what follows from that is on disk. */
  async scored(run: string, name: string, value: number): Promise<void> {
    for (const { rollout, arm } of this.#current.store.armsOf(run)) {
      this.#statistics.get(rollout)?.[arm].score(name, value);
      await this.#guard(rollout);
    }
  }

  async #guard(id: string): Promise<void> {
    const rollout = [...this.#current.snapshot.rollouts.values()].find((each) => each.id === id);
    const figures = this.#statistics.get(id)?.to.figures;
    const breach = rollout && figures && breachOf(rollout.parsedGuards, figures);
    if (!breach) return;
    try {
      await this.rollBack(id, { by: "guard", reason: breachText(breach), breach });
    } catch (error) {
      // Several runs may have shown it before the first of them was acted on.
      if (error instanceof RolloutEnded) return;
      this.#current.options.onTrouble(`rollout ${id} was not rolled back: ${messageOf(error)}`);
    }
  }
}

/** The label that a rollout puts onto the new version for as long as it runs. */
function labelOf(mode: RolloutMode): string {
  return mode === "shadow" ? "shadow" : "canary";
}
