import assert from "node:assert/strict";
import { test } from "node:test";
import type { JournalEvent } from "../journal/index.ts";
import { blamed, suspicionOf } from "./suspects.ts";
import { type Bundle, call, ending, restart, send, setup, start, ticks, typesOf } from "./testing.ts";

const eventsOf = (...types: string[]) => types.map((type) => ({ type }) as JournalEvent);

test("crashes count since the run last got on", () => {
  const cases: readonly (readonly [readonly string[], number, boolean])[] = [
    [["run.started"], 0, false],
    [["run.started", "run.suspected", "run.suspected"], 2, false],
    [["run.suspected", "run.suspected", "run.tried"], 2, true],
    [["run.suspected", "run.tried", "run.suspected"], 2, false],
    [["run.suspected", "run.tried", "step.completed"], 0, false],
    [["run.suspected", "step.started", "run.suspected"], 2, false],
    [["run.suspected", "run.paused", "run.resumed"], 0, false],
  ];
  for (const [types, crashes, isAlone] of cases)
    assert.deepEqual(suspicionOf(eventsOf(...types)), { crashes, isAlone }, types.join(" "));
});

test("whoever was tried alone is blamed alone; otherwise all are", () => {
  const runs = new Map([
    ["a", { crashes: 1, isAlone: false }],
    ["b", { crashes: 2, isAlone: true }],
  ]);
  assert.deepEqual(blamed(runs), ["b"]);
  runs.delete("b");
  assert.deepEqual(blamed(runs.set("c", { crashes: 0, isAlone: false })), ["a", "c"]);
});

/** A process that crashes by itself, and the one after it; what was under way never answers. */
async function crash(bundle: Bundle): Promise<Bundle> {
  const next = restart(bundle, { recover: false });
  await next.executor.recoverFromCrash();
  await ticks(20);
  return next;
}

test("a run that crashes the engine is quarantined after three crashes; one that was beside it completes", async () => {
  let bundle = setup();
  const never = () => new Promise<never>(() => {});
  bundle.world.on("poison", never).on("slow", never);
  const poison = await start(bundle, [call("a", "poison")]);
  const other = await start(bundle, [call("a", "slow"), call("b", "echo", 1)]);
  await ticks(20);
  bundle = await crash(bundle);
  bundle = await crash(bundle);
  const tried = await bundle.journal.read(`run/${poison}`);
  assert.equal(typesOf(tried).at(-1), "run.tried");
  assert.equal(typesOf(await bundle.journal.read(`run/${other}`)).at(-1), "run.suspected");
  bundle.world.on("slow", () => ({ result: { value: "done" } }));
  bundle = await crash(bundle);
  await ticks(20);
  const paused = await ending(bundle, poison);
  assert.equal(paused.status, "paused");
  assert.equal(paused.events.at(-1)?.data?.reason, "quarantined");
  assert.match(paused.row.error ?? "", /QUARANTINED/);
  assert.equal((await ending(bundle, other)).status, "completed");
  bundle.world.on("poison", () => ({ result: { value: "cured" } }));
  await send(bundle, poison, { kind: "resume", by: "ann" });
  assert.equal((await ending(bundle, poison)).status, "completed");
});
