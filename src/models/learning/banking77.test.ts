import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { expectedCalibrationError } from "./statistics.ts";
import { trainClassifier } from "./train.ts";

const file = resolve(import.meta.dirname, "../../../../shared/data/banking77/train.csv.gz");
const rowsSchema = z.array(z.object({ text: z.string(), category: z.string() }));
const labelsUsed = 15;

test("real questions to a bank: accurate, calibrated, and right when it decides", async (t) => {
  if (!existsSync(file)) return t.skip("skipped: no data");
  const csv = gunzipSync(readFileSync(file)).toString("utf8");
  const all = rowsSchema.parse(parse(csv, { columns: true }));
  const labels = new Set([...new Set(all.map(({ category }) => category))].sort().slice(0, labelsUsed));
  const rows = all.filter(({ category }) => labels.has(category));
  const train = rows.filter((_, index) => index % 3 !== 0);
  const held = rows.filter((_, index) => index % 3 === 0);
  const model = await trainClassifier(
    train.map(({ text, category }) => ({ text, label: category })),
    { seed: 1 },
  );
  const said = held.map(({ text }) => model.predict(text));
  const correct = said.map(({ label }, index) => (label === held[index]?.category ? 1 : 0));
  const accuracy = correct.reduce<number>((sum, value) => sum + value, 0) / held.length;
  assert.ok(accuracy > 0.9, `accuracy ${accuracy}`);
  const error = expectedCalibrationError(
    said.map(({ confidence }) => confidence),
    correct,
  );
  assert.ok(error < 0.04, `calibration error ${error}`);
  const decided = said.flatMap(({ decided: isDecided }, index) => (isDecided ? [correct[index] ?? 0] : []));
  const precision = decided.reduce((sum, value) => sum + value, 0) / decided.length;
  assert.ok(precision > 0.945 && decided.length / held.length > 0.8, `${precision} of ${decided.length}`);
});
