import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parse as parseCsv } from "csv-parse/sync";
import { parse as parseYaml } from "yaml";
import { z } from "zod";

// What the examples promise about their own texts; that they run is tested where the engine is.

const triage = new URL("support-triage/", import.meta.url);
const fiveStages = new URL("five-stages/", import.meta.url);

const message = z.object({
  id: z.string().regex(/^m\d{3}$/),
  message: z.string().max(8000),
  customer: z.string().regex(/^[\w.-]+@example\.(com|org|net)$/),
});
const training = z.array(message.extend({ intent: z.string() }).strict()).parse(readCsv("train.csv"));
const heldOut = z
  .array(message.extend({ "expected.intent": z.string() }).strict())
  .parse(readCsv("held-out.csv"));
const everything = [
  ...training.map(({ intent, ...row }) => ({ ...row, label: intent, part: "train" })),
  ...heldOut.map(({ "expected.intent": label, ...row }) => ({ ...row, label, part: "held-out" })),
];

const classifyPrompt = z
  .object({ output: z.object({ enum: z.array(z.string()) }) })
  .parse(parseYaml(readText(new URL("prompts/classify-intent.yaml", triage))));
const labels = classifyPrompt.output.enum;

function readText(file: URL): string {
  return readFileSync(file, "utf8");
}

function readCsv(name: string): unknown {
  return parseCsv(readText(new URL(name, triage)), { columns: true });
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
}

/** Shared words over all words (Jaccard), 0 to 1. */
function overlap(first: ReadonlySet<string>, second: ReadonlySet<string>): number {
  const shared = [...first].filter((word) => second.has(word)).length;
  const all = first.size + second.size - shared;
  return all === 0 ? 0 : shared / all;
}

test("there are at least 240 messages, and about a third of each label is held out", () => {
  assert.ok(everything.length >= 240, `${everything.length} messages`);
  assert.ok(heldOut.length >= 80, `${heldOut.length} held out`);
  for (const label of labels) {
    const ofLabel = everything.filter((row) => row.label === label);
    const share = ofLabel.filter((row) => row.part === "held-out").length / ofLabel.length;
    assert.ok(ofLabel.length >= 15, `${label}: ${ofLabel.length} messages`);
    assert.ok(share > 0.27 && share < 0.4, `${label}: ${share.toFixed(2)} held out`);
  }
});

test("ids, customers and messages are unique", () => {
  for (const field of ["id", "customer", "message"] as const)
    assert.equal(new Set(everything.map((row) => row[field])).size, everything.length, field);
});

test("the labels are those of the prompt, and the README explains each", () => {
  assert.deepEqual([...new Set(everything.map((row) => row.label))].sort(), [...labels].sort());
  const readme = readText(new URL("README.md", triage));
  for (const label of labels) assert.match(readme, new RegExp(`^\\| \`${label}\` +\\|`, "m"));
});

test("no held-out message is a near copy of one in the training part", () => {
  const trained = training.map((row) => ({ id: row.id, words: wordsOf(row.message) }));
  for (const row of heldOut) {
    const words = wordsOf(row.message);
    for (const other of trained)
      assert.ok(overlap(words, other.words) <= 0.8, `${row.id} repeats ${other.id}`);
  }
});

test("the messages are as messy as real ones, in both parts", () => {
  const oddities = {
    empty: (text: string) => text.trim() === "",
    lines: (text: string) => text.trim().includes("\n"),
    shouting: (text: string) => /\p{Lu}{2,} \p{Lu}{2,} \p{Lu}{2,}/u.test(text),
    short: (text: string) => text.trim().length > 0 && text.length < 25,
    foreign: (text: string) => /[äöüßéèçñãõąęłśż¿]/i.test(text),
    orders: (text: string) => /"role":"system"|ignore all previous|your system prompt|SYSTEM:/i.test(text),
  };
  for (const [name, isOdd] of Object.entries(oddities))
    for (const part of ["train", "held-out"])
      assert.ok(
        everything.some((row) => row.part === part && isOdd(row.message)),
        `${name} in ${part}`,
      );
});

test("every help article has a title and 120 to 300 words", () => {
  const folder = new URL("help-center/", triage);
  const files = readdirSync(folder);
  assert.ok(files.length >= 28 && files.length <= 32, `${files.length} articles`);
  const titles = files.map((file) => {
    assert.match(file, /^[a-z0-9]+(-[a-z0-9]+)*\.md$/);
    const text = readText(new URL(file, folder));
    const words = text.split(/\s+/).length;
    assert.ok(words >= 120 && words <= 300, `${file}: ${words} words`);
    return /^# (\S.*)\n\n/.exec(text)?.[1] ?? assert.fail(`${file} does not begin with a title`);
  });
  assert.equal(new Set(titles).size, files.length);
});

test("an article that is referred to by its title exists", () => {
  const folder = new URL("help-center/", triage);
  const texts = readdirSync(folder).map((file) => readText(new URL(file, folder)));
  const titles = texts.map((text) => text.slice(2, text.indexOf("\n")));
  const references = texts.flatMap((text) =>
    [...text.matchAll(/(?:see|under|listed under):? "([A-Z][^"]+)"/g)].map((match) => match[1] ?? ""),
  );
  assert.ok(references.length >= 5);
  for (const reference of references) assert.ok(titles.includes(reference), reference);
});

test("five-stages has documents, rules and questions", () => {
  assert.ok(readdirSync(new URL("documents/", fiveStages)).length >= 6);
  const rules = z.array(z.object({ name: z.string(), check: z.string(), message: z.string() }).strict());
  assert.ok(rules.parse(JSON.parse(readText(new URL("rules.json", fiveStages)))).length >= 2);
  const rows = readText(new URL("inputs.jsonl", fiveStages)).trimEnd().split("\n");
  const questions = rows.map((row) => z.object({ question: z.string() }).strict().parse(JSON.parse(row)));
  assert.ok(questions.length >= 3);
});
