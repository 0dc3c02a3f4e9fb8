import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import {
  readLog,
  type Summary,
  summarize,
  writeCsv,
  writeXes,
  XesWriter,
  type XmlElement,
  xesPartsOf,
} from "./index.ts";
import { fileOf, placeless } from "./testing.ts";

// Public logs, with what pm4py makes of them. They are data beside the project, and not part of it.

const folder = resolve(import.meta.dirname, "../../../../shared/data/pm4py_logs");
const skip = existsSync(folder) ? false : "skipped: no data";
const variantsMax = 10_000;

const counts = z.record(z.string(), z.number());
const expectedSchema = z.object({
  events: z.number(),
  cases: z.number(),
  activities: z.number(),
  variants: z.number(),
  dfg: z.array(z.tuple([z.string(), z.string(), z.number()])),
  start_activities: counts,
  end_activities: counts,
  activity_counts: counts,
  rework_cases: counts,
  top_variants: z.array(z.tuple([z.array(z.string()), z.number()])),
  performance_dfg_mean_s: z.array(z.tuple([z.string(), z.string(), z.number(), z.number()])),
  median_case_duration_s: z.number(),
  mean_case_duration_s: z.number(),
});

const logs = {
  "running-example": "running-example.xes",
  receipt: "receipt.xes.gz",
  roadtraffic100: "roadtraffic100.xes.gz",
  helpdesk: "helpdesk.xes.gz",
  bpic2013_closed: "bpic2013_closed.xes.gz",
  repairExample: "repairExample.xes.gz",
} as const;

async function mined(file: string, columns = {}): Promise<Summary> {
  const { log, notes } = await readLog(file, { columns });
  return summarize(log, { variantsMax, notes });
}

function expectedOf(name: string) {
  return expectedSchema.parse(JSON.parse(readFileSync(join(folder, `expected/${name}.json`), "utf8")));
}

function textOf(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}

for (const [name, file] of Object.entries(logs)) {
  test(`${name}: cases, variants, graph, starts, ends and rework are those of pm4py`, { skip }, async () => {
    const expected = expectedOf(name);
    const found = await mined(join(folder, file));
    for (const figure of ["events", "cases", "activities", "variants", "dfg"] as const)
      assert.deepEqual(found[figure], expected[figure], figure);
    assert.deepEqual(found.startActivities, expected.start_activities);
    assert.deepEqual(found.endActivities, expected.end_activities);
    assert.deepEqual(
      Object.fromEntries(found.activityTimes.map(({ activity, count }) => [activity, count])),
      expected.activity_counts,
    );
    assert.deepEqual(
      Object.fromEntries(found.rework.map(({ activity, cases }) => [activity, cases])),
      expected.rework_cases,
    );
    const ways = new Map(found.topVariants.map(({ activities, cases }) => [activities.join("\n"), cases]));
    for (const [activities, cases] of expected.top_variants)
      assert.equal(ways.get(activities.join("\n")), cases);
    assert.deepEqual(found.notes, []);
  });

  // pm4py has dropped the offsets, so its durations are an hour off where the clocks changed in between.
  test(`${name}: without its offsets, every duration is that of pm4py to the millisecond`, {
    skip,
  }, async (t) => {
    const expected = expectedOf(name);
    const local = textOf(join(folder, file)).replace(
      /(<date [^>]*\d\d:\d\d:\d\d[.\d]*)(?:[+-]\d\d:\d\d|Z)"/g,
      '$1"',
    );
    const found = await mined(fileOf(t, "log.xes", local));
    const near = (ms: number | undefined, seconds: number, what: string) =>
      assert.ok(
        Math.abs((ms ?? Number.NaN) - seconds * 1_000) <= 1,
        `${what}: ${ms} ms, expected ${seconds} s`,
      );
    near(found.caseDuration?.medianMs, expected.median_case_duration_s, "median of a case");
    near(found.caseDuration?.meanMs, expected.mean_case_duration_s, "mean of a case");
    const edges = new Map(found.edges.map((edge) => [`${edge.from}\n${edge.to}`, edge.elapsed]));
    for (const [from, to, mean, median] of expected.performance_dfg_mean_s) {
      near(edges.get(`${from}\n${to}`)?.meanMs, mean, `mean from ${from} to ${to}`);
      near(edges.get(`${from}\n${to}`)?.medianMs, median, `median from ${from} to ${to}`);
    }
  });
}

async function partsAndSummary(file: string): Promise<{ parts: readonly XmlElement[]; summary: Summary }> {
  const parts: XmlElement[] = [];
  const onParts = async (some: readonly XmlElement[]) => {
    parts.push(...some);
  };
  const { log, notes } = await readLog(file, { columns: {}, onParts });
  return { parts: parts.map(placeless), summary: summarize(log, { variantsMax, notes }) };
}

async function assertKept(t: TestContext, file: string): Promise<void> {
  const first = await partsAndSummary(file);
  const writer = new XesWriter();
  const text = first.parts.map((part) => writer.part(part)).join("") + writer.end();
  const again = await partsAndSummary(fileOf(t, "again.xes.gz", text));
  assert.deepEqual(again.parts, first.parts);
  assert.deepEqual(again.summary, first.summary);
}

const others = ["interval_event_log.xes.gz", "conformance/a12f0n00.xes.gz", "conformance/a12f0n50.xes.gz"];
for (const file of [...Object.values(logs), ...others])
  test(`${basename(file)}: nothing is lost on the way through XES`, { skip }, (t) =>
    assertKept(t, join(folder, file)),
  );

test("logs without a time: cases, events and variants are those of pm4py", { skip }, async () => {
  const rows = z
    .array(z.object({ log: z.string(), cases: z.number(), events: z.number(), variants: z.number() }))
    .parse(JSON.parse(readFileSync(join(folder, "expected/_conformance.json"), "utf8")));
  const seen = rows.filter(({ log }) => log.startsWith("a12"));
  assert.ok(seen.length >= 5);
  for (const { log, cases, events, variants } of seen) {
    const found = await mined(join(folder, "conformance", log));
    assert.deepEqual([found.cases, found.events, found.variants], [cases, events, variants], log);
    assert.deepEqual([found.caseDuration, found.firstAt], [null, null]);
  }
});

test("the same log as CSV and as XES shows the same; so does what is written of it", { skip }, async (t) => {
  const names = { case: "case:concept:name", activity: "concept:name", timestamp: "time:timestamp" };
  const { log } = await readLog(join(folder, "running-example.csv"), { columns: names });
  const fromXes = await mined(join(folder, "running-example.xes"));
  const figures = ({ dfg, caseDuration, rework, startActivities, endActivities }: Summary) => ({
    dfg,
    caseDuration,
    rework,
    startActivities,
    endActivities,
  });
  const fromCsv = summarize(log, { variantsMax });
  assert.deepEqual(figures(fromCsv), figures(fromXes));
  for (const [name, text] of [
    ["log.xes", [...writeXes(xesPartsOf(log))].join("")],
    ["log.csv", [...writeCsv(log)].join("")],
  ] as const)
    assert.deepEqual(await mined(fileOf(t, name, text)), fromCsv);
});

test("where a log says when work began, work and queue are told apart", { skip }, async () => {
  const { edges } = await mined(join(folder, "interval_event_log.xes.gz"));
  const told = edges.filter(({ service, queue, elapsed }) => service && queue && elapsed);
  assert.equal(told.length, edges.length);
  assert.ok(told.some(({ queue }) => (queue?.meanMs ?? 0) > 0));
});
