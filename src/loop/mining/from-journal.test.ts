import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../core/base/index.ts";
import { applyRetention } from "../../core/executor/index.ts";
import {
  type Bundle,
  block,
  call,
  document,
  ending,
  letTimePass,
  Outage,
  openReviews,
  publish,
  run,
  send,
  setup,
  start,
  step,
  ticks,
  value,
  World,
} from "../../core/executor/testing.ts";
import { pagesOf } from "../../core/journal/index.ts";
import { decide, humanReviewKind } from "../../people/reviews/index.ts";
import {
  JournalLog,
  type JournalLogOptions,
  readLog,
  summarize,
  writeCsv,
  writeXes,
  xesPartsOf,
} from "./index.ts";
import type { EventLog } from "./log.ts";
import { fileOf } from "./testing.ts";

const minute = 60_000;

async function mined({ journal, control }: Bundle, options: Partial<JournalLogOptions> = {}) {
  const describe = (id: string) => {
    const row = control.run(id);
    return row && { workflow: row.workflow, tags: JSON.parse(row.tags), beganAt: row.startedAt };
  };
  const log = new JournalLog({ activity: "path", describe, ...options });
  for await (const page of pagesOf(journal)) for (const event of page) log.add(event);
  return log.build();
}

/** The events of a log, in words and minutes; what is not known is left out. */
function eventsOf(log: EventLog, from = log.measured.startedAt?.[0] ?? 0): readonly Record<string, Json>[] {
  const minutes = (ms: number | undefined) => (ms === undefined ? Number.NaN : ms / minute);
  return Array.from(log.activity, (activity, event) => {
    const numbers = {
      start: minutes((log.measured.startedAt?.[event] ?? Number.NaN) - from),
      end: minutes((log.at[event] ?? Number.NaN) - from),
      queue: minutes(log.measured.queueMs?.[event]),
      human: minutes(log.measured.humanMs?.[event]),
      external: minutes(log.measured.externalMs?.[event]),
      cost: log.measured.cost?.[event] ?? Number.NaN,
    };
    const known = Object.entries(numbers).filter(([, number]) => !Number.isNaN(number));
    return {
      activity: log.activities[activity] ?? "",
      by: log.resources[log.resource[event] ?? 0] ?? "",
      ...Object.fromEntries(known),
    };
  });
}

async function reviewed(bundle: Bundle, id: string, waitedMs: number, decision: "approve" | "reject") {
  await ending(bundle, id);
  const [review = ""] = openReviews(bundle, id);
  bundle.clock.advance(waitedMs);
  await decide(bundle.journal, review, { decision, reviewer: "ann" });
  return review;
}

test("a review is work of a person, who was waited for from the question to the answer, and then a queue", async () => {
  const bundle = setup({ kinds: [humanReviewKind] });
  const id = await start(bundle, [value("a", 1), step("check", "human_review", { draft: 1 }), value("b", 2)]);
  await reviewed(bundle, id, 30 * minute, "approve");
  bundle.clock.advance(5 * minute);
  bundle.executor.wake(id);
  await ending(bundle, id);
  assert.deepEqual(eventsOf((await mined(bundle)).log), [
    { activity: "a", by: "machine", start: 0, end: 0 },
    { activity: "check", by: "ann", start: 0, end: 35, human: 30, queue: 5 },
    { activity: "b", by: "machine", start: 35, end: 35 },
  ]);
});

test("who rejects has done the step, though the run ends there", async () => {
  const bundle = setup({ kinds: [humanReviewKind] });
  const id = await start(bundle, [step("check", "human_review", { draft: 1 }), value("b", 2)]);
  await reviewed(bundle, id, 10 * minute, "reject");
  bundle.executor.wake(id);
  assert.equal((await ending(bundle, id)).status, "rejected");
  const { log, notes } = await mined(bundle);
  assert.deepEqual(eventsOf(log), [{ activity: "check", by: "ann", start: 0, end: 10, human: 10 }]);
  assert.deepEqual(notes, []);
});

test("what the machine approves by itself is no work of a person", async () => {
  const bundle = setup({ kinds: [humanReviewKind] });
  await run(bundle, [step("check", "human_review", { draft: 1, confidence: 0.9, below: 0.5 })]);
  assert.deepEqual(eventsOf((await mined(bundle)).log), [
    { activity: "check", by: "machine", start: 0, end: 0 },
  ]);
});

test("another try is waited for in a queue; a failed step was done, and a person paused what it left", async () => {
  const world = new World().failing("flaky", 3);
  const bundle = setup({ world });
  const retry = { attempts: 2, backoffMs: 4 * minute, factor: 1, maxMs: 4 * minute, on: ["server"] } as const;
  const id = await start(bundle, [call("a", "flaky", 1, { retry })]);
  await letTimePass(bundle, id, minute);
  assert.equal((await ending(bundle, id)).status, "paused");
  bundle.clock.advance(60 * minute);
  await send(bundle, id, { kind: "resume", by: "bob" });
  await letTimePass(bundle, id, minute);
  assert.equal((await ending(bundle, id)).status, "completed");
  const { log } = await mined(bundle);
  const [failed, completed] = eventsOf(log);
  assert.deepEqual(failed, { activity: "a", by: "machine", start: 0, end: 3, queue: 3 });
  assert.deepEqual([completed?.activity, completed?.human, completed?.queue], ["a", 60, 3]);
  assert.deepEqual(
    [...log.transition].map((transition) => log.transitions[transition]),
    ["ate_abort", "complete"],
  );
  const { rework, edges } = summarize(log, { variantsMax: 1 });
  assert.deepEqual(rework, [{ activity: "a", cases: 1, repeats: 1 }]);
  assert.deepEqual([edges[0]?.human?.totalMs, edges[0]?.service?.totalMs], [60 * minute, 0]);
});

test("a run that is paused while it waits for a person has not waited twice", async () => {
  const bundle = setup({ kinds: [humanReviewKind] });
  const id = await start(bundle, [step("check", "human_review", { draft: 1 })]);
  await ending(bundle, id);
  await send(bundle, id, { kind: "pause", by: "bob", reason: null }, "pause");
  await ending(bundle, id);
  await reviewed(bundle, id, 10 * minute, "approve");
  await send(bundle, id, { kind: "resume", by: "bob" }, "resume");
  assert.equal((await ending(bundle, id)).status, "completed");
  assert.deepEqual(eventsOf((await mined(bundle)).log), [
    { activity: "check", by: "ann", start: 0, end: 10, human: 10 },
  ]);
});

test("a moment and a signal are waited for outside; steps of a map are one activity", async () => {
  const bundle = setup();
  const wait = (id: string, config: Record<string, Json>) => step(id, "wait", config);
  const id = await start(bundle, [
    wait("pause", { for: "10m" }),
    wait("paid", { event: "paid" }),
    block("each", "map", { over: [1, 2], steps: [value("twice", "{{ item * 2 }}")] }),
  ]);
  await ending(bundle, id);
  bundle.clock.advance(10 * minute);
  await ticks();
  await ending(bundle, id);
  bundle.clock.advance(20 * minute);
  await send(bundle, id, { kind: "signal", event: "paid", data: null });
  assert.equal((await ending(bundle, id)).status, "completed");
  const { log } = await mined(bundle);
  assert.deepEqual(eventsOf(log), [
    { activity: "pause", by: "machine", start: 0, end: 10, external: 10 },
    { activity: "paid", by: "machine", start: 10, end: 30, external: 20 },
    { activity: "each.twice", by: "machine", start: 30, end: 30 },
    { activity: "each.twice", by: "machine", start: 30, end: 30 },
  ]);
  const kinds = await mined(bundle, { activity: "kind" });
  assert.deepEqual(kinds.log.activities, ["wait", "transform"]);
});

test("a run that waits for its turn waits in a queue, before its first step", async () => {
  const world = new World();
  const held = world.holding("slow");
  const bundle = setup({ world, limits: { running: 1 } });
  const first = await start(bundle, [call("a", "slow")]);
  const second = await start(bundle, [value("b", 1)]);
  await ticks();
  bundle.clock.advance(7 * minute);
  held.get("a")?.resolve({ result: { value: 1, cost: 0.25, model: "house/small" } });
  await ending(bundle, first);
  await ending(bundle, second);
  const { log } = await mined(bundle);
  assert.deepEqual(eventsOf(log), [
    { activity: "a", by: "house/small", start: 0, end: 7, cost: 0.25 },
    { activity: "b", by: "machine", start: 0, end: 7, queue: 7 },
  ]);
});

test("cases are chosen: by workflow, by when they began, by a tag; and what is left out is said", async () => {
  const bundle = setup();
  const begin = async (workflow: string, tags: Record<string, string>) => {
    const release = await publish(bundle, document([value("a", 1)], { workflow }));
    await ending(bundle, await bundle.executor.start({ release, input: null, tags }));
    bundle.clock.advance(minute);
  };
  const from = bundle.clock.now();
  await begin("one", { order: "7" });
  await begin("two", { order: "7" });
  await begin("two", {});
  const shadow = await publish(bundle, document([value("a", 1)], { workflow: "three" }));
  await ending(bundle, await bundle.executor.start({ release: shadow, input: null, effects: "simulated" }));
  const cases = async (options: Partial<JournalLogOptions>) =>
    (await mined(bundle, options)).log.cases.length;
  assert.equal(await cases({}), 3);
  assert.equal(await cases({ workflow: "two" }), 2);
  assert.equal(await cases({ workflow: "three" }), 0);
  assert.deepEqual((await mined(bundle, { workflow: "three" })).notes, [
    "1 run is left out: it had no effects, as a shadow or replay.",
  ]);
  assert.equal(await cases({ fromMs: from + minute }), 2);
  assert.equal(await cases({ fromMs: from + minute, toMs: from + 2 * minute }), 1);
  const tagged = await mined(bundle, { caseTag: "order", workflow: "two" });
  assert.deepEqual([tagged.log.cases, [...tagged.log.offsets]], [["7"], [0, 1]]);
  assert.deepEqual(tagged.notes, ["1 run without the tag is left out."]);
});

test("what was copied from another run counts there alone; a run under way is said", async () => {
  const world = new World().failing("flaky", 1, () => new Outage(null));
  const bundle = setup({ world });
  const steps = [
    value("a", 1),
    call("b", "flaky", 1, { onFailure: "fail" }),
    step("c", "wait", { event: "x" }),
  ];
  const failed = await run(bundle, steps);
  const restarted = await bundle.executor.restart({ of: failed.id, from: "b" });
  await ending(bundle, restarted);
  const { log, notes } = await mined(bundle);
  assert.deepEqual(
    [...log.activity].map((activity) => log.activities[activity]),
    ["a", "b", "b"],
  );
  assert.deepEqual(notes, [
    "1 run has not ended.",
    "1 result is that of a run restarted from; it counts there.",
  ]);
});

test("steps whose bodies retention has taken are counted, and never guessed", async () => {
  const bundle = setup();
  await run(bundle, [value("a", 1), value("b", 2)]);
  bundle.clock.advance(24 * 60 * minute);
  await applyRetention(bundle, { bodies: "1h", decisions: "forever" });
  await run(bundle, [value("a", 1)]);
  const { log, notes } = await mined(bundle);
  assert.deepEqual([log.cases.length, log.activities], [2, ["a"]]);
  assert.deepEqual(notes, ["2 steps are left out: their bodies were erased."]);
  const blind = await mined(bundle, { describe: () => undefined });
  assert.deepEqual(blind.notes, ["1 run is left out: its start was erased or pruned."]);
});

test("what goes out as XES or CSV shows the same when it comes in", async (t) => {
  const bundle = setup({ kinds: [humanReviewKind] });
  const steps = [call("a", "x"), step("check", "human_review", { draft: "{{ a.value }}" })];
  for (const waitedMs of [minute, 3 * minute, 90 * minute]) {
    const id = await start(bundle, steps);
    await reviewed(bundle, id, waitedMs, "approve");
    bundle.executor.wake(id);
    await ending(bundle, id);
  }
  const { log } = await mined(bundle);
  const shown = summarize(log, { variantsMax: 10 });
  assert.equal(shown.edges[0]?.human?.meanMs, (94 / 3) * minute);
  for (const [name, texts] of [
    ["runs.xes", writeXes(xesPartsOf(log))],
    ["runs.csv.gz", writeCsv(log)],
  ] as const) {
    const read = await readLog(fileOf(t, name, [...texts].join("")), { columns: {} });
    assert.deepEqual(summarize(read.log, { variantsMax: 10 }), shown);
  }
});
