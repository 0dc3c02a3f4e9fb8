// How good the local classifier is: accuracy, calibration, what it may decide alone and what it wrongly
// decides of questions that belong to none of its labels; on public data sets beside the project.
//   node bench/classifier.ts [--json] [--quick] [--data FOLDER] [--seed N]
// --quick measures one fold of banking77 instead of five. Without data it says so and ends well.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { type Random, seededRandom, systemClock } from "../src/core/base/index.ts";
import {
  type ClassifierModel,
  expectedCalibrationError,
  type LabelledText,
  loadClassifier,
  type Prediction,
  saveClassifier,
  shareLowerBound,
  trainClassifier,
} from "../src/models/learning/index.ts";
import { machine } from "./machine.ts";

interface Options {
  readonly data: string;
  readonly quick: boolean;
  readonly seed: number;
  /** Progress, to standard error. */
  readonly say: (text: string) => void;
}

/** One training and the texts to judge it by; `outside` are texts that belong to none of the labels. */
interface Split {
  readonly train: readonly LabelledText[];
  readonly test: readonly LabelledText[];
  readonly outside: Readonly<Record<string, readonly string[]>>;
}

interface DataSet {
  readonly name: string;
  readonly folder: string;
  readonly protocol: string;
  readonly bars: Readonly<Record<string, number>>;
  splits(folder: string, options: Options): readonly Split[];
}

const labelled = z.object({ text: z.string(), label: z.string() });
const pairs = z.array(z.tuple([z.string(), z.string()]));
const clincFile = z.object({ train: pairs, val: pairs, oos_train: pairs, oos_val: pairs });
const bankingRows = z.array(z.object({ text: z.string(), category: z.string() }));

const dataSets: readonly DataSet[] = [
  {
    name: "banking77",
    folder: "banking77",
    protocol: "5-fold cross-validation, folds drawn at random",
    bars: { accuracy: 0.9, expectedCalibrationError: 0.02, coverage: 0.85 },
    splits(folder, { quick, seed }) {
      const rows = bankingRows
        .parse(parse(unpacked(join(folder, "train.csv.gz")), { columns: true }))
        .map(({ text, category }) => ({ text, label: category }));
      return randomFolds(rows, 5, seededRandom(seed)).slice(0, quick ? 1 : 5);
    },
  },
  {
    name: "clinc150",
    folder: "clinc150",
    protocol: "train, judged by val",
    bars: { accuracy: 0.925, expectedCalibrationError: 0.02, coverage: 0.95 },
    splits(folder) {
      const file = clincFile.parse(JSON.parse(unpacked(join(folder, "train_val.json.gz"))));
      const outside = [...file.oos_train, ...file.oos_val].map(([text]) => text);
      return [{ train: fromPairs(file.train), test: fromPairs(file.val), outside: { oos: outside } }];
    },
  },
  {
    name: "banking77_oos",
    folder: "banking77_oos",
    protocol: "train, judged by valid; about 6% of train and 4% of valid carry a wrong label",
    bars: { expectedCalibrationError: 0.03, coverage: 0.85 },
    splits(folder) {
      const rows = (name: string) => z.array(labelled).parse(jsonLines(join(folder, `${name}.jsonl.gz`)));
      const texts = (name: string) =>
        z
          .array(z.object({ text: z.string() }))
          .parse(jsonLines(join(folder, `${name}.jsonl.gz`)))
          .map(({ text }) => text);
      const outside = { inDomain: texts("id_oos_valid"), outOfDomain: texts("ood_oos_valid") };
      return [{ train: rows("train"), test: rows("valid"), outside }];
    },
  },
  {
    name: "sms_spam",
    folder: "sms_spam",
    protocol: "first 30% to train, the rest to judge",
    bars: { accuracy: 0.98 },
    splits(folder) {
      const rows = unpacked(join(folder, "SMSSpamCollection.tsv.gz"))
        .split("\n")
        .filter((line) => line.includes("\t"))
        .map((line) => ({
          label: line.slice(0, line.indexOf("\t")),
          text: line.slice(line.indexOf("\t") + 1),
        }));
      const first = Math.round(rows.length * 0.3);
      return [{ train: rows.slice(0, first), test: rows.slice(first), outside: {} }];
    },
  },
];

function unpacked(file: string): string {
  return gunzipSync(readFileSync(file)).toString("utf8");
}

function jsonLines(file: string): readonly unknown[] {
  return unpacked(file)
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
}

function fromPairs(rows: readonly (readonly [string, string])[]): readonly LabelledText[] {
  return rows.map(([text, label]) => ({ text, label }));
}

/** Equal parts at random; each is the test of one split, and the rest keeps its order. */
function randomFolds(rows: readonly LabelledText[], count: number, random: Random): readonly Split[] {
  const order = rows.map((_, index) => ({ index, key: random.next() })).sort((a, b) => a.key - b.key);
  const foldOf = new Map(order.map(({ index }, place) => [index, place % count]));
  return Array.from({ length: count }, (_, fold) => ({
    train: rows.filter((_, index) => foldOf.get(index) !== fold),
    test: rows.filter((_, index) => foldOf.get(index) === fold),
    outside: {},
  }));
}

/** What one split's model said, with what it took to make it say so. */
interface Judged {
  readonly predictions: readonly Prediction[];
  readonly correct: readonly number[];
  readonly outside: Readonly<Record<string, readonly boolean[]>>;
  readonly model: ClassifierModel;
  readonly fileBytes: number;
  readonly trainSeconds: number;
  readonly predictMicroseconds: number;
}

async function judge(split: Split, what: string, { seed, say }: Options): Promise<Judged> {
  const trainFromMs = systemClock.monotonic();
  const onProgress = (share: number, part: string) => say(`${what}: ${Math.round(100 * share)}% ${part}`);
  const trained = await trainClassifier(split.train, { seed, onProgress });
  const trainSeconds = (systemClock.monotonic() - trainFromMs) / 1_000;
  const { model, fileBytes } = throughFile(trained);
  const predictFromMs = systemClock.monotonic();
  const predictions = split.test.map(({ text }) => model.predict(text));
  const predictMicroseconds = ((systemClock.monotonic() - predictFromMs) * 1_000) / split.test.length;
  return {
    predictions,
    correct: predictions.map(({ label }, index) => (label === split.test[index]?.label ? 1 : 0)),
    outside: Object.fromEntries(
      Object.entries(split.outside).map(([name, texts]) => [
        name,
        texts.map((text) => model.predict(text).decided),
      ]),
    ),
    model,
    fileBytes,
    trainSeconds,
    predictMicroseconds,
  };
}

/** What is judged is the model as users have it: saved and loaded again. */
function throughFile(model: ClassifierModel): { model: ClassifierModel; fileBytes: number } {
  const folder = mkdtempSync(join(tmpdir(), "flyball-bench-"));
  try {
    const file = join(folder, "classifier.model");
    saveClassifier(model, file);
    return { model: loadClassifier(file), fileBytes: statSync(file).size };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const round = (value: number, digits = 4) => Number(value.toFixed(digits));
const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** The splits' predictions together; times and sizes are means over the splits. */
function figures(judged: readonly Judged[]) {
  const predictions = judged.flatMap((one) => one.predictions);
  const correct = judged.flatMap((one) => one.correct);
  const decided = predictions.flatMap((prediction, index) =>
    prediction.decided ? [correct[index] ?? 0] : [],
  );
  const right = decided.reduce((sum, value) => sum + value, 0);
  const outsideNames = Object.keys(judged[0]?.outside ?? {});
  const outsideDecided = outsideNames.map((name) => {
    const all = judged.flatMap((one) => one.outside[name] ?? []);
    return [name, round(all.filter((isDecided) => isDecided).length / all.length)] as const;
  });
  return {
    splits: judged.length,
    examples: round(mean(judged.map(({ model }) => model.examples)), 0),
    labels: judged[0]?.model.labels.length ?? 0,
    tested: correct.length,
    accuracy: round(mean(correct)),
    expectedCalibrationError: round(
      expectedCalibrationError(
        predictions.map(({ confidence }) => confidence),
        correct,
      ),
    ),
    coverage: round(decided.length / predictions.length),
    precisionOfDecided: decided.length > 0 ? round(right / decided.length) : null,
    precisionLowerBound: decided.length > 0 ? round(shareLowerBound(right, decided.length)) : null,
    outsideDecided: Object.fromEntries(outsideDecided),
    promised: {
      accuracy: round(mean(judged.map(({ model }) => model.measured.accuracy))),
      coverage: round(mean(judged.map(({ model }) => model.measured.coverage))),
      threshold: judged.map(({ model }) => (model.threshold === null ? null : round(model.threshold))),
    },
    trainSeconds: round(mean(judged.map(({ trainSeconds }) => trainSeconds)), 1),
    predictMicroseconds: round(mean(judged.map(({ predictMicroseconds }) => predictMicroseconds)), 0),
    fileMegabytes: round(mean(judged.map(({ fileBytes }) => fileBytes)) / 1e6, 1),
    memoryMegabytesMax: Math.round(process.resourceUsage().maxRSS / 1_000),
  };
}

async function measure(dataSet: DataSet, options: Options) {
  const { name, protocol, bars } = dataSet;
  const folder = join(options.data, dataSet.folder);
  if (!existsSync(folder)) return { bench: "classifier", name, skipped: "skipped: no data" };
  const splits = dataSet.splits(folder, options);
  const judged: Judged[] = [];
  for (const [index, split] of splits.entries())
    judged.push(await judge(split, `${name} ${index + 1}/${splits.length}`, options));
  return { bench: "classifier", name, protocol, seed: options.seed, ...figures(judged), bars };
}

function printTable(row: Awaited<ReturnType<typeof measure>>): void {
  console.log(`\n${row.name}`);
  for (const [key, value] of Object.entries(row))
    if (key !== "bench" && key !== "name")
      console.log(`  ${key.padEnd(26)} ${typeof value === "object" ? JSON.stringify(value) : value}`);
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      data: { type: "string", default: resolve(import.meta.dirname, "../../shared/data") },
      seed: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log("usage: node bench/classifier.ts [--json] [--quick] [--data FOLDER] [--seed N]");
    return;
  }
  const isLive = process.stderr.isTTY;
  const say = (text: string) => isLive && process.stderr.write(`\r\u001b[2K${text}`);
  const options = { data: resolve(values.data), quick: values.quick, seed: Number(values.seed), say };
  const where = machine();
  if (!values.json)
    console.log(
      `${where.cpu}, ${where.cores} cores, Node ${where.node}, V8 ${where.v8}, seed ${options.seed}`,
    );
  for (const dataSet of dataSets) {
    const row = await measure(dataSet, options);
    say("");
    if (values.json) console.log(JSON.stringify({ ...row, ...where }));
    else printTable(row);
  }
}

if (import.meta.main) await main(process.argv.slice(2));
