import assert from "node:assert/strict";
import { ManualClock } from "../../src/core/base/index.ts";
import { type Bundle, restart, setup, start, step, ticks } from "../../src/core/executor/testing.ts";
import { type Fault, type Measure, percentile, report, zero } from "./fault.ts";

// The wall is set while runs wait, or while no process is up; durations go on as they do. A timer goes by
// the wall: it must not fire before the wall shows its time, and must fire once when it does.

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const year = 365 * 24 * hour;

/** What the wall does, and what else is done so that every timer comes to its time. */
const jumps: readonly { readonly name: string; readonly byMs: number }[] = [
  { name: "an hour back", byMs: -hour },
  { name: "an hour forward", byMs: hour },
  { name: "ten years forward", byMs: 10 * year },
  { name: "a leap second, a second twice", byMs: -second },
  { name: "a leap second, smeared back", byMs: second },
  { name: "to 1970", byMs: -Date.UTC(2026, 0, 1) + 1 },
];
const sleepsMs = [400, 1_500, 5 * second, 30 * minute, 2 * hour];

/** A clock whose wall can be set; its timers go by what has passed. */
class TornClock extends ManualClock {
  #aheadMs = 0;
  override now(): number {
    return super.now() + this.#aheadMs;
  }
  set(byMs: number): void {
    this.#aheadMs += byMs;
  }
}

interface Tally {
  runs: number;
  early: number;
  lost: number;
  twice: number;
  readonly lateMs: number[];
}

export const fault: Fault = {
  id: "R8",
  title: "the wall clock is set: an hour, ten years, leap seconds, with runs waiting and with no process up",
  promise: "G6",
  async run({ full }) {
    const tally: Tally = { runs: 0, early: 0, lost: 0, twice: 0, lateMs: [] };
    const momentsMs = full ? [0, 200, 399, 1_000, 4_999, 20 * minute, 30 * minute - 1, hour] : [200, 4_999];
    for (const { byMs } of jumps)
      for (const afterMs of momentsMs)
        for (const isDown of [false, true]) await jump({ byMs, afterMs, isDown }, tally);
    return measuresOf(tally);
  },
};

async function jump(
  { byMs, afterMs, isDown }: { readonly byMs: number; readonly afterMs: number; readonly isDown: boolean },
  tally: Tally,
): Promise<void> {
  let clock = new TornClock();
  let bundle = setup({ clock });
  bundle.world.failing("flaky", 1);
  const ids = await Promise.all([
    ...sleepsMs.map((ms) => start(bundle, [step("timer", "wait", { for: ms / second })])),
    start(bundle, [step("timer", "wait", { event: "go", within: "45m", onTimeout: "continue" })]),
  ]);
  await pass(bundle, clock, afterMs);
  const sets = [setWall(clock, byMs)];
  if (isDown) {
    const next = new TornClock(clock.now());
    bundle = restart(bundle, { clock: next });
    clock = next;
  }
  await pass(bundle, clock, 3 * hour + minute);
  // What was set back further than that is set right again.
  if (byMs < -hour) sets.push(setWall(clock, -byMs));
  await pass(bundle, clock, 10 * second);
  for (const id of ids) await judge(bundle, id, sets, tally);
  bundle.kill();
}

/** What the wall showed before it was set, and after. */
interface WallSet {
  readonly before: number;
  readonly after: number;
}

function setWall(clock: TornClock, byMs: number): WallSet {
  const before = clock.now();
  clock.set(byMs);
  return { before, after: clock.now() };
}

/** Lets time pass, and everything happen that falls due in it: fine at first and around what falls due, coarse in between. */
async function pass(bundle: Bundle, clock: TornClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; ) {
    const nextMs = (bundle.control.nextDueAt(clock.now()) ?? Number.POSITIVE_INFINITY) - clock.now();
    const isFar = passed > 10 * second && nextMs > 2 * minute;
    const part = Math.min(ms - passed, isFar ? minute : 100);
    await ticks(3);
    clock.advance(part);
    await ticks(3);
    passed += part;
  }
}

async function judge({ journal }: Bundle, id: string, sets: readonly WallSet[], tally: Tally): Promise<void> {
  const events = await journal.read(`run/${id}`);
  const waited = events.find(({ type }) => type === "step.waited");
  const woken = events.filter(({ type }) => type === "step.completed");
  const dueAt = Number((waited?.data?.wait as { dueAt?: number } | undefined)?.dueAt);
  assert.ok(dueAt > 0, `run ${id} does not wait`);
  tally.runs += 1;
  if (woken.length === 0) tally.lost += 1;
  if (woken.length > 1) tally.twice += 1;
  const [first] = woken;
  if (!first) return;
  if (first.at < dueAt) tally.early += 1;
  const passedOver = sets.find(({ before, after }) => before < dueAt && dueAt < after);
  tally.lateMs.push(first.at - (passedOver?.after ?? dueAt));
}

function measuresOf({ runs, early, lost, twice, lateMs }: Tally): readonly Measure[] {
  const late = percentile(lateMs, 1);
  return [
    zero("timers that fired before the wall showed their time", early, runs),
    zero("timers that never fired", lost, runs),
    zero("timers that fired twice", twice, runs),
    report("fired after the wall showed their time, p50", percentile(lateMs, 0.5), "ms"),
    { name: "the latest", value: late, unit: "ms", target: "<= 1200 ms", ok: late <= 1_200 },
  ];
}
