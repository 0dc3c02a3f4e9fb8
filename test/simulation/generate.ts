import { retryClasses } from "../../src/core/base/index.ts";
import type { Dice } from "./dice.ts";
import {
  type Arm,
  allSteps,
  type Call,
  type Condition,
  farMs,
  type PausePlan,
  type Plan,
  type PlanStep,
  type Program,
  type RunRequest,
  type Trouble,
  type Value,
  type Work,
} from "./plan.ts";

// Makes a program from a seed. What would make an outcome depend on the order of events is left out, with
// the reason beside it; everything else that the format knows may come up.

const stepsMax = 20;
const levelsMax = 3;
const plansMax = 3;

/** What a step may use, and what it must not do, at the place where it stands. */
interface Place {
  readonly form: Plan["form"];
  readonly level: number;
  /** Steps that are surely done or skipped before. */
  readonly visible: readonly string[];
  readonly hasItem: boolean;
  readonly hasIndex: boolean;
  /** Inside a map that keeps the errors of its items. */
  readonly isKept: boolean;
}

export function generateProgram(dice: Dice): Program {
  const pausePlan = dice.pick(["repair", "repair", "skip", "cancel"] as const);
  const generator = new Generator(dice, pausePlan);
  const names = [generator.plan(true), ...(dice.chance(0.3) ? [generator.plan(true)] : [])];
  const runs: RunRequest[] = Array.from({ length: dice.between(1, 3) }, (_, index) => ({
    id: `run-${index + 1}`,
    plan: dice.pick(names),
    input: dice.between(0, 3),
    isCancelled: dice.chance(0.08),
    isPaused: dice.chance(0.08),
  }));
  return { plans: generator.plans, runs, pausePlan, running: dice.chance(0.2) ? dice.between(1, 2) : 1_000 };
}

class Generator {
  readonly plans = new Map<string, Plan>();
  readonly #dice: Dice;
  readonly #pausePlan: PausePlan;
  #stepsLeft = stepsMax;
  #lastId = 0;

  constructor(dice: Dice, pausePlan: PausePlan) {
    this.#dice = dice;
    this.#pausePlan = pausePlan;
  }

  /** Only what nobody waits for may expire: whether a child did so in time would be chance. */
  plan(mayExpire = false): string {
    const name = `plan-${this.plans.size + 1}`;
    const form = this.#dice.chance(0.2) ? "flow" : "document";
    const place = { form, level: 1, visible: [], hasItem: false, hasIndex: false, isKept: false } as const;
    // Its place is taken before its children ask for theirs.
    const isDocument = form === "document";
    const expiresMs =
      isDocument && mayExpire && this.#dice.chance(0.1) ? this.#dice.pick([2_000, 3_600_000]) : null;
    const atOnce = isDocument && this.#dice.chance(0.1) ? this.#dice.between(1, 2) : null;
    const empty: Plan = { name, form, steps: [], expiresMs, atOnce };
    this.plans.set(name, empty);
    this.plans.set(name, { ...empty, steps: this.#block(place, this.#dice.between(1, 7)) });
    return name;
  }

  #block(place: Place, length: number, isParallel = false): readonly PlanStep[] {
    const style = isParallel ? "parallel" : this.#dice.chance(0.3) ? "graph" : "sequence";
    const steps: PlanStep[] = [];
    const before = new Map<string, readonly string[]>();
    for (let count = 0; count < length && (count === 0 || this.#stepsLeft > 0); count++) {
      const above = steps.map(({ id }) => id);
      const needs = style === "graph" && count > 0 ? above.filter(() => this.#dice.chance(0.5)) : null;
      const direct = style === "parallel" ? [] : (needs ?? above.slice(-1));
      const visible = [...new Set(direct.flatMap((id) => [id, ...(before.get(id) ?? [])]))];
      const step = this.#step({ ...place, visible: [...place.visible, ...visible] }, needs);
      before.set(step.id, visible);
      steps.push(step);
    }
    return steps;
  }

  #step(place: Place, needs: readonly string[] | null): PlanStep {
    this.#stepsLeft -= 1;
    const id = `s${++this.#lastId}`;
    const work = this.#work(id, place);
    const condition = this.#dice.chance(0.15) ? this.#condition(place) : null;
    const canPause = this.#pausePlan !== "repair" || place.isKept || this.#isMendable(work);
    const onFailure = canPause && this.#dice.chance(0.65) ? "pause" : "fail";
    return { id, if: condition, needs, onFailure, work };
  }

  /**
   * Whether mending the world makes a failed step go through: a deadline that has passed stays passed. Of
   * a child nothing may have turned out otherwise before, neither by a fallback nor by a kept error.
   */
  #isMendable(work: Work): boolean {
    if (work.type === "receive" || work.type === "ask") return false;
    if (work.type !== "child") return true;
    return allSteps(this.plans.get(work.plan)?.steps ?? []).every(({ work: inner }) => {
      if (inner.type === "map" && inner.onItemError === "keep") return false;
      return this.#isMendable(inner) && !(inner.type === "call" && inner.fallback);
    });
  }

  #work(id: string, place: Place): Work {
    const dice = this.#dice;
    const canNest = place.level < levelsMax && this.#stepsLeft > 1;
    const canCall = canNest && this.plans.size < plansMax;
    const { type } = dice.weighted([
      { type: "call", weight: 9 },
      { type: "value", weight: 3 },
      { type: "sleep", weight: 1.5 },
      { type: "receive", weight: 1.5 },
      { type: "ask", weight: 1.5 },
      { type: "child", weight: canCall ? 1.5 : 0 },
      { type: "parallel", weight: canNest ? 1.2 : 0 },
      { type: "map", weight: canNest ? 1.5 : 0 },
      { type: "branch", weight: canNest ? 1 : 0 },
      { type: "loop", weight: canNest ? 1 : 0 },
    ] as const);
    switch (type) {
      case "call":
        return this.#call(id, place);
      case "value":
        return { type, value: this.#value(place) };
      case "sleep":
        return { type, forMs: dice.pick([1, 300, 900, 4_000, 90_000, 3_600_000]) };
      case "receive":
        return this.#receive(id, place);
      case "ask":
        return this.#ask(place);
      case "child":
        return { type, plan: this.plan(), input: this.#value(place) };
      default:
        return this.#nested(type, { ...place, level: place.level + 1 });
    }
  }

  #nested(type: "parallel" | "map" | "branch" | "loop", inner: Place): Work {
    const dice = this.#dice;
    switch (type) {
      case "parallel":
        return { type, steps: this.#block(inner, dice.between(1, 3), true) };
      case "branch":
        return { type, arms: this.#arms(inner) };
      case "map": {
        // A flow has no such block: its code would catch the errors itself.
        const isKept = inner.form === "document" && dice.chance(0.5);
        const items = Array.from({ length: dice.between(0, 4) }, (_, index) => `item ${index}`);
        const place = { ...inner, hasItem: true, hasIndex: true, isKept: inner.isKept || isKept };
        return {
          type,
          over: { type: "constant", value: items },
          concurrency: dice.between(1, 4),
          onItemError: isKept ? "keep" : "fail",
          steps: this.#block(place, dice.between(1, 2)),
        };
      }
      case "loop": {
        const place = { ...inner, hasItem: false, hasIndex: true };
        const steps = this.#block(place, dice.between(1, 2));
        const until = dice.chance(0.5)
          ? this.#condition({ ...place, visible: steps.map(({ id }) => id) })
          : null;
        return { type, times: dice.between(1, 3), until, steps };
      }
    }
  }

  #arms(place: Place): readonly Arm[] {
    return Array.from({ length: this.#dice.between(1, 2) }, () => ({
      when: this.#dice.chance(0.8) ? this.#condition(place) : null,
      steps: this.#block(place, this.#dice.between(1, 2)),
    }));
  }

  #call(id: string, place: Place): Call {
    const dice = this.#dice;
    const kind = dice.pick(["call", "call", "code", "now"] as const);
    const attempts = dice.between(1, 4);
    const timeoutMs = kind === "now" || dice.chance(0.6) ? null : dice.pick([800, 5_000, 60_000]);
    const once = dice.chance(0.15) ? (place.isKept ? "fail" : dice.pick(["pause", "fail"] as const)) : null;
    const isDocument = place.form === "document";
    // What takes the place of a step in doubt is a person's answer, never its fallback.
    const hasFallback = isDocument && once === null && dice.chance(0.2);
    const hasUndo = isDocument && dice.chance(0.25);
    return {
      type: "call",
      kind,
      name: `world-${id}`,
      with: this.#value(place),
      troubles: once === null ? this.#troubles(attempts, timeoutMs) : this.#onceTroubles(timeoutMs),
      troubledAt: place.hasIndex && dice.chance(0.5) ? dice.between(0, 2) : null,
      attempts: once === null ? attempts : 4,
      backoffMs: dice.pick([20, 500, 5_000]),
      retryOn: once !== null || dice.chance(0.8) ? retryClasses : ["server"],
      timeoutMs,
      fallback: hasFallback
        ? { name: `other-${id}`, with: this.#value(place), fails: dice.chance(0.3) }
        : null,
      undo: hasUndo ? { name: `undo-${id}`, troubles: this.#undoTroubles() } : null,
      once,
      atOnce: isDocument && dice.chance(0.1) ? dice.between(1, 2) : null,
    };
  }

  #troubles(attempts: number, timeoutMs: number | null): readonly Trouble[] {
    const dice = this.#dice;
    if (dice.chance(0.5)) return [];
    const known: readonly Trouble[] = ["server", "network", "limited", "refused"];
    const count = dice.between(1, dice.chance(0.7) ? Math.max(1, attempts - 1) : 5);
    return Array.from({ length: count }, () => dice.pick(timeoutMs === null ? known : [...known, "hang"]));
  }

  /** It fails in doubt or not at all: a crash may leave the same doubt, so that any other error would be chance. */
  #onceTroubles(timeoutMs: number | null): readonly Trouble[] {
    const dice = this.#dice;
    const doubts = ["server", "network", ...(timeoutMs === null ? [] : (["hang"] as const))] as const;
    const turnedAway = Array.from({ length: dice.between(0, 2) }, () => "limited" as const);
    return dice.chance(0.7) ? turnedAway : [...turnedAway, dice.pick(doubts)];
  }

  /** The default retries are used: more than three of them cannot be got over. */
  #undoTroubles(): readonly Trouble[] {
    if (this.#dice.chance(0.2)) return ["refused"];
    return Array.from({ length: this.#dice.between(0, 4) }, () => "server" as const);
  }

  /** A signal that is sent has no deadline that could pass before: which came first would be chance. */
  #receive(id: string, place: Place): Work {
    const dice = this.#dice;
    const isSent = dice.chance(0.7);
    const event = `event-${id}${place.hasIndex ? "-each" : ""}`;
    const withinMs = isSent ? (dice.chance(0.5) ? null : farMs) : dice.pick([700, 3_000, 7_200_000]);
    return { type: "receive", event, isSent, withinMs, onTimeout: dice.pick(["fail", "continue"] as const) };
  }

  /** In a kept item nothing ends the run: whether an error of the same item came first would be chance. */
  #ask(place: Place): Work {
    const dice = this.#dice;
    const draft = this.#value(place);
    const onTimeout = dice.pick(
      place.isKept ? (["escalate", "fail"] as const) : (["escalate", "reject", "fail"] as const),
    );
    const isAnswered = onTimeout === "escalate" || dice.chance(0.6);
    const soon = [900, 5_000, 7_200_000];
    const withinMs = !isAnswered || onTimeout === "escalate" ? dice.pick(soon) : dice.pick([null, farMs]);
    const decision = dice.pick(["approve", "approve", "correct", "reject"] as const);
    const onReject = place.isKept ? "continue" : dice.pick(["end", "continue"] as const);
    return { type: "ask", draft, decision, onReject, isAnswered, withinMs, onTimeout };
  }

  #value(place: Place): Value {
    const dice = this.#dice;
    const known: Value[] = [
      { type: "constant", value: dice.between(0, 9) },
      { type: "input" },
      ...(place.hasItem ? [{ type: "item" } as const] : []),
      ...(place.hasIndex ? [{ type: "index" } as const] : []),
      ...place.visible.map((id) => ({ type: "step", id }) as const),
      ...place.visible.map((id) => ({ type: "step", id }) as const),
    ];
    if (dice.chance(0.75)) return dice.pick(known);
    return { type: "list", values: [dice.pick(known), dice.pick(known)] };
  }

  #condition(place: Place): Condition {
    const dice = this.#dice;
    const known: Condition[] = [{ type: "always", holds: dice.chance(0.6) }];
    if (place.hasIndex) known.push({ type: "indexFrom", least: dice.between(0, 2) });
    if (place.visible.length > 0) known.push({ type: "skipped", id: dice.pick(place.visible) });
    return dice.pick(known);
  }
}
