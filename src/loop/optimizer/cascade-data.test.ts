import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { seededRandom } from "../../core/base/index.ts";
import type { WorkflowDocument } from "../../core/workflow/index.ts";
import type { RecordedAnswer } from "./answers.ts";
import { cascadeOpportunity } from "./cascade.ts";
import type { Observation } from "./observations.ts";
import { pupilOf } from "./pupil.ts";

// Public data sets beside the project, as the record of a workflow. Without them, skipped: no data.

const data = new URL("../../../../shared/data/", import.meta.url);
const skip = existsSync(data) ? false : "no data";

interface Row {
  readonly text: string;
  readonly label: string;
}

const unpacked = (file: string) => gunzipSync(readFileSync(new URL(file, data))).toString("utf8");
const table = (file: string): Record<string, string>[] => parse(unpacked(file), { columns: true });

function shuffled(rows: readonly Row[]): readonly Row[] {
  const random = seededRandom(1);
  return rows
    .map((row) => ({ row, key: random.next() }))
    .sort((one, other) => one.key - other.key)
    .map(({ row }) => row);
}

const recorded = ({ text, label }: Row, index: number): RecordedAnswer => ({
  run: String(index),
  event: "",
  startedAt: index,
  input: { text },
  text,
  answer: label,
  label,
  from: "expected",
  by: null,
});

const observed = ({ run, startedAt, answer }: RecordedAnswer): Observation => {
  const step = {
    path: "intent",
    kind: "inference",
    value: answer,
    confidence: null,
    costUsd: 0.001,
    tookMs: 500,
  };
  const steps = [{ ...step, question: run, isAsked: true, isRight: true }];
  const ended = { status: "completed", hasEnded: true, costUsd: 0.001, tookMs: 600 };
  return { run, startedAt, ...ended, steps, reviews: [], isRight: true };
};

const document = { workflow: "w", steps: [], targets: { accuracy: 0.95 } } as unknown as WorkflowDocument;

/** What follows from these answers, and what the classifier would make of others. */
async function learned(rows: readonly Row[]) {
  const answers = rows.map(recorded);
  const pupil = await pupilOf(answers);
  assert.ok(pupil);
  const change = { kind: "cascade", step: "intent", route: "intent", model: "m" } as const;
  const observations = answers.map(observed);
  const found = cascadeOpportunity({ change, pupil, document, observations, level: 0.95, provenance: {} });
  return { found, model: pupil.model };
}

const sets = [
  {
    name: "sms_spam",
    answers: 2_500,
    coverageMin: 0.95,
    rows: () =>
      unpacked("sms_spam/SMSSpamCollection.tsv.gz")
        .split("\n")
        .map((line) => line.split("\t"))
        .flatMap(([label = "", text]) => (text === undefined ? [] : [{ label, text }])),
  },
  {
    name: "banking77",
    answers: 5_000,
    coverageMin: 0.65,
    rows: () =>
      table("banking77/train.csv.gz").map(({ text = "", category = "" }) => ({ text, label: category })),
  },
];

for (const { name, answers, coverageMin, rows } of sets)
  test(`of ${name}, what is answered alone is right as often as was asked for`, { skip }, async () => {
    const all = shuffled(rows());
    const { found, model } = await learned(all.slice(0, answers));
    assert.ok(found?.change.kind === "cascade");
    const { below } = found.change;
    const fresh = all.slice(answers, answers + 4_000);
    const sure = fresh
      .map(({ text, label }) => ({ label, said: model.predict(text) }))
      .filter(({ said }) => said.confidence >= below);
    const right = sure.filter(({ label, said }) => said.label === label).length;
    assert.ok(right / sure.length >= 0.95, `${right} of ${sure.length}`);
    assert.ok(sure.length / fresh.length >= coverageMin, `${sure.length} of ${fresh.length}`);
    const { calibrationError, coverage } = found.finding.evidence as {
      calibrationError: number;
      coverage: { low: number; high: number };
    };
    assert.ok(calibrationError <= 0.03, `calibration error ${calibrationError}`);
    const share = sure.length / fresh.length;
    assert.ok(
      share > coverage.low - 0.02 && share < coverage.high + 0.02,
      `${share}, ${JSON.stringify(coverage)}`,
    );
  });

test("a thousand answers with 77 labels, a sixth of them wrong, are no lesson", { skip }, async () => {
  const rows = table("ocats_banking77_llm_labels/dev_gpt4.csv.gz").map((row) => ({
    text: row.text ?? "",
    label: row["gpt-label"] ?? "",
  }));
  assert.equal((await learned(shuffled(rows))).found, undefined);
});
