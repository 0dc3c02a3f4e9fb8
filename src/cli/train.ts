import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Command } from "commander";
import { formatDuration, nearestName, systemClock } from "../core/base/index.ts";
import { type ClassifierModel, saveClassifier, trainClassifier } from "../models/learning/index.ts";
import { readTable, type Table } from "../project/index.ts";
import {
  CommandRefused,
  type CommonOptions,
  type ExitCode,
  exit,
  oneLine,
  print,
  printJson,
  table,
} from "./io.ts";
import { Progress } from "./progress.ts";

interface TrainOptions extends CommonOptions {
  readonly data: string;
  readonly text: string;
  readonly label: string;
  readonly out: string;
  readonly precision: string;
  readonly seed: string;
}

export function registerTrain(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("train")
    .summary("train a small local model from a labelled file")
    .description("Trains models that run on this machine, without a network and without cost.")
    .command("classifier")
    .description(
      "Trains a classifier. Its confidence is calibrated on held-out folds, so that it means what it says;\n" +
        "the figures that are printed come from examples that the scoring model had not seen.",
    )
    .requiredOption("--data <file>", "a .csv, .tsv or .jsonl file, also gzipped")
    .requiredOption("--text <column>", "the column with the text")
    .requiredOption("--label <column>", "the column with the right label")
    .requiredOption("--out <file>", "where to write the model")
    .option("--precision <share>", "what must be right of what the model decides alone", "0.95")
    .option("--seed <n>", "the same data and seed give the same model", "1")
    .option("--json", "one JSON value")
    .action(async (options: TrainOptions) => done(await train(options)));
}

async function train(options: TrainOptions): Promise<ExitCode> {
  const data = readTable(options.data);
  const text = column(data, options.text, options.data);
  const label = column(data, options.label, options.data);
  const precision = shareOf(options.precision);
  const seed = Number(options.seed);
  if (!Number.isInteger(seed))
    throw new CommandRefused(`--seed is ${JSON.stringify(options.seed)}; expected a whole number.`);
  const examples = data.rows.map((row) => ({ text: row[text] ?? "", label: row[label] ?? "" }));
  const progress = new Progress(100, "training");
  const startedMs = systemClock.monotonic();
  const onProgress = (share: number, what: string) => progress.update(Math.round(share * 100), what);
  const model = await trainClassifier(examples, { seed, precision, onProgress });
  progress.end();
  mkdirSync(dirname(options.out), { recursive: true });
  const digest = saveClassifier(model, options.out);
  const tookMs = systemClock.monotonic() - startedMs;
  if (options.json) printJson(facts(model, options.out, digest, tookMs));
  else print(describe(model, options.out, tookMs, examples));
  return exit.done;
}

function facts(model: ClassifierModel, out: string, digest: string, tookMs: number) {
  const { labels, examples, seed, precision, threshold, measured } = model;
  return {
    out,
    digest,
    labels: labels.length,
    examples,
    seed,
    precision,
    threshold,
    measured,
    seconds: tookMs / 1_000,
  };
}

const suspectsShown = 5;

function describe(
  model: ClassifierModel,
  out: string,
  tookMs: number,
  examples: readonly { text: string }[],
): string {
  const { measured, precision, threshold } = model;
  const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
  const rows = [
    ["examples", `${model.examples} with ${model.labels.length} labels`],
    ["accuracy", `${percent(measured.accuracy)} on held-out examples, ${measured.folds} folds`],
    ["calibration", `expected error ${measured.expectedCalibrationError.toFixed(3)}`],
    [
      "decides alone",
      threshold === null
        ? `nothing: too few examples to promise ${percent(precision)} precision`
        : `${percent(measured.coverage)} of the cases, from confidence ${threshold.toFixed(3)}, for ${percent(precision)} precision`,
    ],
    ["model", `${out}, in ${formatDuration(tookMs)}`],
  ];
  const suspects = measured.suspects
    .slice(0, suspectsShown)
    .map(
      ({ example, label, predicted, confidence }) =>
        `  row ${example + 1} is ${label}; the others say ${predicted} (${confidence.toFixed(2)}): ${oneLine(examples[example]?.text ?? "", 60)}`,
    );
  return [table(rows), ...(suspects.length > 0 ? ["", "Labels worth a second look:", ...suspects] : [])].join(
    "\n",
  );
}

/** A column that is there, or an error that names the nearest one. */
export function column(data: Table, name: string, file: string): string {
  if (data.columns.includes(name)) return name;
  const nearest = nearestName(name, data.columns);
  const hint = nearest
    ? `; did you mean ${JSON.stringify(nearest)}?`
    : `; it has ${data.columns.join(", ")}.`;
  throw new CommandRefused(`${file} has no column ${JSON.stringify(name)}${hint}`);
}

export function shareOf(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share < 1))
    throw new CommandRefused(
      `--precision is ${JSON.stringify(text)}; expected a share between 0 and 1, such as 0.95.`,
    );
  return share;
}
