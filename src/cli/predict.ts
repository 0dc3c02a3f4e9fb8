import type { Command } from "commander";
import { loadClassifier } from "../models/learning/index.ts";
import { readTable, readText } from "../project/index.ts";
import { type CommonOptions, type ExitCode, exit, oneLine, print, printJson, table } from "./io.ts";
import { column, shareOf } from "./train.ts";

interface PredictOptions extends CommonOptions {
  readonly model: string;
  readonly data: string;
  readonly text: string;
  readonly precision?: string;
}

export function registerPredict(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("predict")
    .summary("label a file with a local model, with confidence")
    .description(
      "Labels every row. `decided` is true where the model may answer alone at the wished precision.",
    )
    .requiredOption("--model <file>", "a model that `flyball train` wrote")
    .requiredOption("--data <file>", "a .csv, .tsv or .jsonl file, also gzipped")
    .requiredOption("--text <column>", "the column with the text")
    .option("--precision <share>", "what must be right of what is decided alone (default: the model's own)")
    .option("--json", "a line of JSON for each row: label, confidence, top, decided")
    .action((options: PredictOptions) => done(predict(options)));
}

function predict(options: PredictOptions): ExitCode {
  readText(options.model);
  const model = loadClassifier(options.model);
  const data = readTable(options.data);
  const text = column(data, options.text, options.data);
  const precision = options.precision === undefined ? model.precision : shareOf(options.precision);
  const rows = data.rows.map((row) => ({
    text: row[text] ?? "",
    prediction: model.predictAt(row[text] ?? "", precision),
  }));
  if (options.json)
    for (const [index, { prediction }] of rows.entries()) printJson({ row: index + 1, ...prediction });
  else {
    const lines = rows.map(({ text: shown, prediction }, index) => [
      String(index + 1),
      prediction.label,
      prediction.confidence.toFixed(3),
      prediction.decided ? "decided" : "",
      oneLine(shown, 60),
    ]);
    print(table([["row", "label", "confidence", "", "text"], ...lines]));
  }
  return exit.done;
}
