import type { Command } from "commander";
import { InvalidText } from "../core/base/index.ts";
import { readText } from "../project/index.ts";
import { json } from "./connect.ts";
import { type CommonOptions, type ExitCode, exit, note, print, printJson, table } from "./io.ts";
import {
  absolute,
  amount,
  collected,
  intervalText,
  type ShownEstimate,
  versionsOf,
  withFolder,
} from "./measures.ts";

interface EvalOptions extends CommonOptions {
  readonly data: string;
  readonly save?: string;
  readonly last: string;
  readonly score: readonly string[];
  readonly schema?: string;
  readonly judge?: string;
  readonly against?: string;
  readonly gate: readonly string[];
  readonly version: string;
  readonly with: readonly string[];
  readonly allow: readonly string[];
  readonly concurrency: string;
  readonly seed: string;
}

interface ShownEvaluation {
  readonly workflow: string;
  readonly version: string;
  readonly dataset: { readonly from: string; readonly digest: string | null; readonly rows: number };
  readonly figures: Readonly<Record<string, ShownEstimate>>;
  readonly gates: readonly { readonly gate: string; readonly value: number; readonly passed: boolean }[];
  readonly comparison: {
    readonly release: string;
    readonly figures: Readonly<Record<string, ShownEstimate>>;
    readonly paired: Readonly<
      Record<string, { readonly difference: ShownEstimate; readonly higher: number; readonly lower: number }>
    >;
  } | null;
}

export function registerEval(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("eval")
    .argument("<workflow>", "a workflow file, or the name of a workflow")
    .summary("measure a workflow's answers against what is known to be right")
    .description(
      "Answers every row in memory: models are asked, and what writes outside is simulated unless it is allowed by\n" +
        "name. Shares have Wilson intervals, everything else bootstrap intervals, 95% each. Exit code 1 if a gate fails.",
    )
    .requiredOption(
      "--data <data>",
      "a .jsonl or .csv file, dataset/NAME[@VERSION], or `journal` for runs on record",
    )
    .option("--save <name>", "keep the rows as a version of dataset/NAME")
    .option("--last <n>", "with journal: the newest runs", "1000")
    .option(
      "--score <scorer>",
      "exact, normalised, numeric[:0.5|:1%], regex[:PATTERN], schema, json, rouge_l, judge; the first decides `accuracy`",
      collected,
      [],
    )
    .option("--schema <file>", "the JSON Schema of the scorer `schema`")
    .option("--judge <file>", "a workflow that makes a score of 0 to 1 of input, output and expected")
    .option("--against <version>", "a file or version to compare with, row by row")
    .option(
      "--gate <gate>",
      "accuracy>=0.9, accuracy.low>=0.85, cost_mean<=0.01; may be repeated",
      collected,
      [],
    )
    .option("--version <version>", "of a named workflow: a label or digest", "production")
    .option("--with <asset=version>", "another version of an asset: prompt/draft=canary", collected, [])
    .option("--allow <name>", "what may be touched outside (default model:*)", collected, [])
    .option("-c, --concurrency <n>", "rows at once", "8")
    .option("--seed <n>", "of the bootstrap", "1")
    .option("--home <dir>", "the data folder (default .flyball)")
    .option("--json", "one JSON value, with every row")
    .action(async (workflow: string, options: EvalOptions) => done(await evaluate(workflow, options)));
}

function evaluate(workflow: string, options: EvalOptions): Promise<ExitCode> {
  const { data, save, score, judge, against, gate: gates, version, allow } = options;
  const body = {
    workflow: absolute(workflow),
    version,
    assets: versionsOf(options.with),
    data: data.startsWith("dataset/") ? data : absolute(data),
    ...(save === undefined ? {} : { save }),
    last: wholeNumber(options.last, "--last", 1),
    ...(score.length > 0 ? { scorers: score } : {}),
    ...(options.schema === undefined ? {} : { schema: schemaOf(options.schema) }),
    ...(judge === undefined ? {} : { judge: absolute(judge) }),
    ...(against === undefined ? {} : { against: absolute(against) }),
    gates,
    ...(allow.length > 0 ? { allow } : {}),
    concurrency: wholeNumber(options.concurrency, "--concurrency", 1),
    seed: wholeNumber(options.seed, "--seed", 0),
  };
  return withFolder(options, async (api) => {
    const shown = await json<ShownEvaluation>(await api.request("POST", "/v1/evals", body));
    if (options.json) printJson(shown);
    else print(describe(shown));
    const failed = shown.gates.filter(({ passed }) => !passed);
    for (const { gate, value } of failed)
      note(`The gate ${gate} fails: it is ${Number(value.toPrecision(6))}.`);
    return failed.length > 0 ? exit.withFailures : exit.done;
  });
}

function wholeNumber(text: string, name: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new InvalidText(text, `a whole number from ${least} on for ${name}`);
  return value;
}

function schemaOf(file: string): unknown {
  try {
    return JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidText(file, "a file with a JSON Schema");
    throw error;
  }
}

function describe({ workflow, version, dataset, figures, comparison, gates }: ShownEvaluation): string {
  const kept = dataset.digest ? ` ${dataset.digest.slice(0, 12)}` : "";
  const rows = Object.entries(figures).map(([name, figure]) => [
    name,
    amount(name, figure.value),
    intervalText(name, figure),
    figure.method,
    String(figure.n),
  ]);
  const parts = [
    `${workflow} ${version.slice(0, 12)} on ${dataset.from}${kept}: ${dataset.rows} rows`,
    "",
    table([["figure", "value", "95% interval", "method", "n"], ...rows]),
  ];
  if (comparison) {
    const paired = Object.entries(comparison.paired).map(([name, { difference, higher, lower }]) => [
      name,
      amount(name, difference.value),
      intervalText(name, difference),
      String(higher),
      String(lower),
    ]);
    parts.push("", `held against ${comparison.release.slice(0, 12)}, row by row`, "");
    parts.push(table([["difference", "value", "95% interval", "higher", "lower"], ...paired]));
  }
  if (gates.length > 0)
    parts.push("", ...gates.map(({ gate, passed }) => `${passed ? "passed" : "FAILED"}  ${gate}`));
  return parts.join("\n");
}
