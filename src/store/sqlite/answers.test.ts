import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { sqliteAnswers } from "./answers.ts";

const folder = mkdtempSync(join(tmpdir(), "flyball-answers-"));
after(() => rmSync(folder, { recursive: true }));

const answer = (at: number, text = "So.") => ({
  models: "v1",
  runId: "run-1",
  path: "draft",
  at,
  reply: { value: text },
});

test("answers are there again after a restart", () => {
  const file = join(folder, "kept", "answers.db");
  const first = sqliteAnswers(file);
  assert.equal(first.get("a"), undefined);
  first.put("a", answer(1));
  first.put("a", answer(2, "Now."));
  first.close();
  const second = sqliteAnswers(file);
  assert.deepEqual(second.get("a"), answer(2, "Now."));
  second.close();
});

test("their number and size are bounded, and the oldest go first", () => {
  const few = sqliteAnswers(join(folder, "few.db"), { answersMax: 100, bytesMax: 1e9 });
  for (let at = 0; at < 250; at++) few.put(`key ${at}`, answer(at));
  const left = Array.from({ length: 250 }, (_, at) => at).filter((at) => few.get(`key ${at}`));
  assert.ok(left.length <= 100 && left.length >= 90, `${left.length} left`);
  assert.equal(left[0], 250 - left.length);
  few.close();
  const small = sqliteAnswers(join(folder, "small.db"), { answersMax: 1e6, bytesMax: 10_000 });
  for (let at = 0; at < 50; at++) small.put(`key ${at}`, answer(at, "x".repeat(1_000)));
  // The same answer again is one answer, not two.
  for (let at = 0; at < 50; at++) small.put("key 49", answer(50, "x".repeat(1_000)));
  const bytes = Array.from(
    { length: 50 },
    (_, at) => JSON.stringify(small.get(`key ${at}`)?.reply ?? "").length,
  );
  assert.ok(bytes.reduce((sum, each) => sum + each) <= 10_200);
  assert.ok(small.get("key 48"));
  small.close();
});

test("a place that cannot be written keeps nothing, and fails nobody", () => {
  const folderInstead = join(folder, "taken.db");
  mkdirSync(join(folderInstead, "full"), { recursive: true });
  const answers = sqliteAnswers(folderInstead);
  answers.put("a", answer(1));
  assert.equal(answers.get("a"), undefined);
  answers.close();
});

test("a damaged file is begun anew", () => {
  const file = join(folder, "damaged.db");
  writeFileSync(file, "no database at all, but long enough to be taken for one".repeat(100));
  const answers = sqliteAnswers(file);
  answers.put("a", answer(1));
  assert.ok(answers.get("a"));
  answers.close();
});
