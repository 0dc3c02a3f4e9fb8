import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { readLog, summarize } from "./index.ts";
import { fileOf } from "./testing.ts";

const folder = resolve(import.meta.dirname, "../../../../shared/data/ocel");
const skip = existsSync(folder) ? false : "skipped: no data";
const expectedSchema = z.record(
  z.string(),
  z.object({
    flatten: z.record(z.string(), z.object({ cases: z.number(), events: z.number(), variants: z.number() })),
    ocdfg_edges_event_couples: z.record(z.string(), z.record(z.string(), z.number())),
  }),
);

const mined = async (file: string, type: string) =>
  summarize((await readLog(file, { columns: { case: type } })).log, { variantsMax: 10 });

/**
 * Counted by hand, where pm4py says 6, 3 and 4: of interleaved cases it counts pieces. Two invoices of the
 * second log went the same way (Insert Invoice, Insert Payment), and the third another one.
 */
const variantsByHand: Readonly<Record<string, number>> = { element: 5, Invoice: 2, item: 2 };

test("each type of object gives the cases, events and edges that pm4py finds", { skip }, async () => {
  const expected = expectedSchema.parse(JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")));
  assert.equal(Object.keys(expected).length, 5);
  for (const [name, { flatten, ocdfg_edges_event_couples: edges }] of Object.entries(expected))
    for (const [type, figures] of Object.entries(flatten)) {
      const { cases, events, variants, dfg } = await mined(join(folder, name), type);
      const wanted = { ...figures, variants: variantsByHand[type] ?? figures.variants };
      assert.deepEqual({ cases, events, variants }, wanted, `${name}, ${type}`);
      assert.deepEqual(
        dfg.map(([from, to]) => `${from}->${to}`).sort(),
        Object.keys(edges[type] ?? {}).sort(),
        `${name}, ${type}`,
      );
    }
});

const small = {
  objects: [
    { id: "o1", type: "order" },
    { id: "i1", type: "item" },
  ],
  events: [
    {
      id: "e2",
      type: "pay",
      time: "2026-01-02T00:00:00Z",
      relationships: [{ objectId: "o1" }, { objectId: "o1" }],
    },
    {
      id: "e1",
      type: "place",
      time: "2026-01-01T00:00:00Z",
      relationships: [{ objectId: "o1" }, { objectId: "i1" }],
    },
    { id: "e3", type: "note", time: "2026-01-03T00:00:00Z" },
  ],
};

test("an event counts once for each object that has part in it", async (t) => {
  const file = fileOf(t, "log.jsonocel.gz", `\uFEFF${JSON.stringify(small)}`);
  assert.deepEqual((await mined(file, "order")).dfg, [["place", "pay", 1]]);
  assert.deepEqual((await mined(file, "item")).startActivities, { place: 1 });
});

test("a type that is not there, and what is no log, are told", async (t) => {
  const problem = (text: string, columns = {}) => readLog(fileOf(t, "log.json", text), { columns });
  await assert.rejects(problem(JSON.stringify(small)), /name a type of object with --case: "item", "order"$/);
  await assert.rejects(problem(JSON.stringify(small), { case: "ordr" }), /did you mean "order"\?/);
  await assert.rejects(problem("{"), /this is no JSON/);
  await assert.rejects(
    problem('{"objects":[],"events":[{"type":1}]}'),
    /this is no OCEL log: at events\.0\.type/,
  );
  const later = { ...small, events: [{ ...small.events[0], time: "later" }] };
  await assert.rejects(
    problem(JSON.stringify(later), { case: "order" }),
    /an event of "o1": "later" is not a timestamp/,
  );
});
