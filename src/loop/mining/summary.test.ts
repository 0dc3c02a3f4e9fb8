import assert from "node:assert/strict";
import { test } from "node:test";
import { summarize } from "./index.ts";
import { activitiesMax } from "./limits.ts";
import { LogBuilder } from "./log.ts";
import { logOf } from "./testing.ts";

const second = 1_000;
const summaryOf = (events: Parameters<typeof logOf>[0]) => summarize(logOf(events), { variantsMax: 9 });

test("what follows what, and which ways cases go, in the order of time and stably", () => {
  const summary = summaryOf([
    { case: "1", activity: "b", at: 2 },
    { case: "1", activity: "c", at: 2 },
    { case: "2", activity: "a", at: 5 },
    { case: "1", activity: "a", at: 1 },
    { case: "2", activity: "c", at: 6 },
    { case: "3", activity: "a", at: 8 },
    { case: "3", activity: "c", at: 9 },
  ]);
  assert.deepEqual(summary.dfg, [
    ["a", "c", 2],
    ["a", "b", 1],
    ["b", "c", 1],
  ]);
  assert.deepEqual(summary.startActivities, { a: 3 });
  assert.deepEqual(summary.endActivities, { c: 3 });
  assert.deepEqual(summary.topVariants, [
    {
      activities: ["a", "c"],
      cases: 2,
      share: 2 / 3,
      duration: { meanMs: 1, totalMs: 2, medianMs: 1 },
      cost: null,
      example: "2",
    },
    {
      activities: ["a", "b", "c"],
      cases: 1,
      share: 1 / 3,
      duration: { meanMs: 1, totalMs: 1, medianMs: 1 },
      cost: null,
      example: "1",
    },
  ]);
  assert.deepEqual([summary.cases, summary.events, summary.activities, summary.variants], [3, 7, 3, 2]);
});

test("a way that cases went has their time, and what of their cost is known", () => {
  const { topVariants } = summaryOf([
    { case: "1", activity: "a", at: 0, cost: 2 },
    { case: "1", activity: "b", at: 10 },
    { case: "2", activity: "a", at: 20, cost: 1 },
    { case: "2", activity: "b", at: 50, cost: 4 },
    { case: "3", activity: "b", at: 60 },
  ]);
  assert.deepEqual(
    topVariants.map(({ duration, cost, example }) => [duration?.medianMs, cost, example]),
    [
      [20, 7, "1"],
      [0, null, "3"],
    ],
  );
});

test("an event without a time keeps its place behind the one before it", () => {
  const log = logOf([
    { case: "1", activity: "c", at: 9 },
    { case: "1", activity: "d", at: Number.NaN },
    { case: "1", activity: "a", at: 3 },
    { case: "1", activity: "b", at: Number.NaN },
  ]);
  assert.deepEqual(
    [...log.activity].map((activity) => log.activities[activity]),
    ["a", "b", "c", "d"],
  );
  const { caseDuration, edges } = summarize(log, { variantsMax: 1 });
  assert.deepEqual([caseDuration, edges[0]?.elapsed], [null, null]);
});

test("the time of an edge is split into work and waits, and nothing of it is counted twice", () => {
  const { edges, caseDuration, bottlenecks, activityTimes } = summaryOf([
    { case: "1", activity: "a", startedAt: 0, at: second },
    {
      case: "1",
      activity: "b",
      startedAt: 3 * second,
      at: 13 * second,
      queueMs: second,
      humanMs: 4 * second,
      externalMs: 2 * second,
      cost: 0.5,
    },
  ]);
  const spread = (ms: number) => ({ meanMs: ms, totalMs: ms });
  const parts = {
    elapsed: { ...spread(12 * second), medianMs: 12 * second },
    service: spread(3 * second),
    queue: spread(3 * second),
    human: spread(4 * second),
    external: spread(2 * second),
    cost: 0.5,
  };
  assert.deepEqual(edges, [{ from: "a", to: "b", count: 1, ...parts }]);
  const { service, queue, human, external, elapsed } = parts;
  assert.equal(service.totalMs + queue.totalMs + human.totalMs + external.totalMs, elapsed.totalMs);
  assert.equal(caseDuration?.meanMs, 13 * second);
  assert.deepEqual(bottlenecks, [
    { from: "a", to: "b", count: 1, of: "human", waitMs: 9 * second, share: 0.75 },
  ]);
  assert.deepEqual(
    activityTimes.map(({ activity, queue: waited }) => [activity, waited?.totalMs]),
    [
      ["a", 0],
      ["b", 3 * second],
    ],
  );
});

test("work that overlaps what was before it has waited for nothing", () => {
  const [edge] = summaryOf([
    { case: "1", activity: "a", startedAt: 0, at: 10 },
    { case: "1", activity: "b", startedAt: 4, at: 11 },
  ]).edges;
  assert.deepEqual([edge?.queue?.totalMs, edge?.service?.totalMs, edge?.elapsed?.totalMs], [0, 7, 1]);
});

test("a mean and a median are over the events that say how long they took", () => {
  const { edges } = summaryOf(
    [1, 2, 9].flatMap((ms, index) => [
      { case: String(index), activity: "a", at: 0 },
      { case: String(index), activity: "b", at: ms, ...(index === 0 ? {} : { startedAt: 0 }) },
    ]),
  );
  assert.deepEqual(edges[0]?.elapsed, { meanMs: 4, totalMs: 12, medianMs: 2 });
  assert.deepEqual(edges[0]?.service, { meanMs: 5.5, totalMs: 11 });
  assert.deepEqual([edges[0]?.human, edges[0]?.cost], [null, null]);
});

test("start and complete events are paired in their order, and both count", () => {
  const { edges, activityTimes } = summaryOf([
    { case: "1", activity: "r", at: 0, transition: "complete" },
    { case: "1", activity: "a", at: 10, transition: "START" },
    { case: "1", activity: "a", at: 12, transition: "start" },
    { case: "1", activity: "a", at: 30, transition: "complete" },
    { case: "1", activity: "a", at: 40, transition: "complete" },
  ]);
  assert.equal(activityTimes.find(({ activity }) => activity === "a")?.service?.totalMs, 30 - 10 + (40 - 12));
  assert.deepEqual(
    edges.map(({ from, to, count, queue }) => [from, to, count, queue?.totalMs]),
    [
      ["a", "a", 3, 2],
      ["r", "a", 1, 10],
    ],
  );
});

test("rework and hand-overs", () => {
  const { rework, handovers } = summaryOf([
    { case: "1", activity: "a", at: 1, resource: "ann" },
    { case: "1", activity: "b", at: 2, resource: "bob" },
    { case: "1", activity: "a", at: 3, resource: "ann" },
    { case: "1", activity: "a", at: 4, resource: "ann" },
    { case: "1", activity: "c", at: 5 },
    { case: "1", activity: "c", at: 6, resource: "bob" },
    { case: "2", activity: "a", at: 7, resource: "ann" },
    { case: "2", activity: "b", at: 8, resource: "bob" },
  ]);
  assert.deepEqual(rework, [
    { activity: "a", cases: 1, repeats: 2 },
    { activity: "c", cases: 1, repeats: 1 },
  ]);
  assert.deepEqual(handovers, [
    { from: "ann", to: "bob", count: 2 },
    { from: "bob", to: "ann", count: 1 },
  ]);
});

test("an empty log, and cases without events, show nothing and break nothing", () => {
  const builder = new LogBuilder();
  const empty = summarize(builder.build(), { variantsMax: 3 });
  assert.deepEqual([empty.cases, empty.events, empty.dfg, empty.caseDuration], [0, 0, [], null]);
  builder.newCase("nothing was done");
  const one = summarize(builder.build(), { variantsMax: 3 });
  assert.deepEqual([one.cases, one.variants, one.startActivities], [1, 1, {}]);
  assert.deepEqual(one.topVariants, [
    { activities: [], cases: 1, share: 1, duration: null, cost: null, example: "nothing was done" },
  ]);
});

test("a column that was not meant as activities is told, not mined", () => {
  const builder = new LogBuilder();
  const index = builder.newCase("1");
  const addAll = () => {
    for (let count = 0; count <= activitiesMax; count++)
      builder.add(index, { activity: `a${count}`, at: count });
  };
  assert.throws(addAll, { code: "LOG_TOO_LARGE", message: /more than 10000 activities/ });
});
