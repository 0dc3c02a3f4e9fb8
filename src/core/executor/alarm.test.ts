import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../base/index.ts";
import { Alarm } from "./alarm.ts";

/** A clock whose wall can be set. */
class TornClock extends ManualClock {
  aheadMs = 0;
  override now(): number {
    return super.now() + this.aheadMs;
  }
}

function ringing() {
  const clock = new TornClock();
  const rung: number[] = [];
  const alarm = new Alarm(clock, () => rung.push(clock.monotonic()));
  return { clock, rung, alarm };
}

test("the earliest moment rings, once, and a past one at once", () => {
  const { clock, rung, alarm } = ringing();
  alarm.set(undefined);
  alarm.set(clock.now() + 1_000);
  alarm.set(clock.now() + 500);
  alarm.set(clock.now() + 2_000);
  clock.advance(5_000);
  assert.deepEqual(rung, [500]);
  alarm.set(clock.now() - 1);
  clock.advance(0);
  assert.deepEqual(rung, [500, 5_000]);
  alarm.set(clock.now() + 1);
  alarm.stop();
  alarm.set(clock.now());
  clock.advance(10);
  assert.equal(rung.length, 2);
});

test("a wall that is set back does not put off what was near", () => {
  const { clock, rung, alarm } = ringing();
  const dueAt = clock.now() + 900;
  alarm.set(clock.now() + 1_000);
  clock.aheadMs = -3_600_000;
  // Earlier on the wall than the alarm was set to, and an hour away.
  alarm.set(dueAt);
  clock.advance(1_000);
  assert.deepEqual(rung, [1_000]);
});
