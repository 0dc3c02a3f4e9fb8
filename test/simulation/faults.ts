import type { Dice } from "./dice.ts";

/** What the scheduler does to a program, each counted. */
export const injectionPoints = [
  "crash: a call is on its way",
  "crash: a call is done, its answer is not there",
  "crash: appends are queued",
  "crash: a commit is under way and lost",
  "crash: a commit is under way and kept",
  "crash: during recovery",
  "crash: at rest",
  "crash: after a commit, at each of them",
  "stop: drained, closed, started again",
  "zombie: goes on beside the new owner",
  "zombie: its commit is refused",
  "commit: refused, the disk is full",
  "commit: unknown, and written",
  "commit: unknown, and lost",
  "delay: time passes beside a commit under way",
  "delay: time passes beside a call under way",
  "delay: the process wakes up late",
  "clock: set back",
  "clock: set forward",
  "answer: after its timeout",
  "duplicate: start",
  "duplicate: signal",
  "duplicate: decision",
  "duplicate: resume",
  "duplicate: cancel",
  "duplicate: pause",
  "early: a signal before its wait",
  "seal: signed meanwhile",
] as const;

export type InjectionPoint = (typeof injectionPoints)[number];

/** How a program is disturbed: nothing goes wrong in some, so that promises about time can be checked. */
export interface Weather {
  readonly name: "calm" | "crashes" | "disk" | "zombies" | "clocks" | "everything" | "evict";
  readonly commitsLater: boolean;
  /** How many disturbances there may be, so that each program ends. */
  readonly budget: number;
  readonly crash: number;
  readonly stop: number;
  readonly zombie: number;
  readonly commit: number;
  readonly clock: number;
  readonly late: number;
  readonly repeat: number;
}

const calm = { crash: 0, stop: 0, zombie: 0, commit: 0, clock: 0, late: 0, repeat: 0.2 };
const kinds = [
  { ...calm, name: "calm", weight: 3 },
  { ...calm, name: "crashes", weight: 3, crash: 1.5, stop: 0.3 },
  { ...calm, name: "disk", weight: 2, commit: 1.5, crash: 0.2 },
  { ...calm, name: "zombies", weight: 2, zombie: 1, crash: 0.2 },
  { ...calm, name: "clocks", weight: 2, clock: 1, late: 1, crash: 0.2 },
  {
    ...calm,
    name: "everything",
    weight: 4,
    crash: 0.6,
    stop: 0.2,
    zombie: 0.4,
    commit: 0.6,
    clock: 0.4,
    late: 0.5,
  },
  { ...calm, name: "evict", weight: 2 },
] as const;

export function weatherOf(dice: Dice): Weather {
  const { weight, ...kind } = dice.weighted(kinds);
  return { ...kind, commitsLater: dice.chance(0.4), budget: kind.name === "calm" ? 0 : dice.between(3, 25) };
}
