import type { Command } from "commander";
import { formatMoney, InvalidText } from "../core/base/index.ts";
import type { BatchLine, Summary } from "../http/index.ts";
import { json, jsonLines } from "./connect.ts";
import { CommandRefused, type CommonOptions, type ExitCode, exit, print, printJson, table } from "./io.ts";
import { absolute, withFolder } from "./measures.ts";
import { Progress } from "./progress.ts";
import { summaryTable } from "./summary-table.ts";

interface BenchOptions extends CommonOptions {
  readonly data: string;
  readonly concurrency: string;
  readonly live?: boolean;
}

export function registerBench(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("bench")
    .argument("<workflow>", "a workflow file")
    .summary("measure a workflow's speed, cost and accuracy over a file of inputs")
    .description(
      "Runs every row for real, durably recorded, and prints time to result, latency by step, tasks a minute, cost a\n" +
        "run, accuracy where the rows say what is right, agent utilization, error and fallback rates. Models are asked;\n" +
        "what writes outside is simulated and nobody is asked for a review, unless --live.",
    )
    .requiredOption("--data <file>", "a .jsonl or .csv file")
    .option("-c, --concurrency <n>", "runs at once", "8")
    .option("--live", "do what the runs do outside, and ask people")
    .option("--home <dir>", "the data folder (default .flyball)")
    .option("--json", "one JSON value")
    .action(async (workflow: string, options: BenchOptions) => done(await bench(workflow, options)));
}

function bench(workflow: string, options: BenchOptions): Promise<ExitCode> {
  const concurrency = Number(options.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new InvalidText(options.concurrency, "a whole number above 0 for --concurrency");
  const effects = options.live ? {} : { effects: "simulated" };
  const body = {
    workflow: absolute(workflow),
    input: absolute(options.data),
    name: "bench",
    concurrency,
    again: true,
    ...effects,
  };
  return withFolder(options, async (api) => {
    const summary = await summaryOf(jsonLines<BatchLine>(await api.request("POST", "/v1/batches", body)));
    if (options.json) printJson(summary);
    else print(describe(summary, concurrency));
    return (summary.errorRate ?? 0) > 0 || summary.refused.length > 0 ? exit.withFailures : exit.done;
  });
}

async function summaryOf(lines: AsyncIterable<BatchLine>): Promise<Summary> {
  let progress: Progress | undefined;
  let [rows, done] = [0, 0];
  for await (const line of lines) {
    if (line.type === "opened") rows = line.rows;
    else if (line.type === "begun") progress = new Progress(rows, line.batch.workflow);
    else if (line.type === "run" || line.type === "refused") progress?.update(++done, "");
    else if (line.type === "error")
      await json(new Response(JSON.stringify(line.problem), { status: Number(line.problem.status ?? 500) }));
    else if (line.type === "summary") {
      progress?.end();
      return line.summary;
    }
  }
  throw new CommandRefused("The benchmark broke off before its end.", 3);
}

function describe(summary: Summary, concurrency: number): string {
  const { tasksPerMinute, errorRate, fallbackRate, costTotal } = summary;
  const percent = (share: number | null) => (share === null ? "none done" : `${(share * 100).toFixed(1)}%`);
  const facts = [
    [
      "tasks a minute",
      `${tasksPerMinute === null ? "none done" : tasksPerMinute.toFixed(1)}, ${concurrency} at once`,
    ],
    ["cost in all", formatMoney(costTotal)],
    ["errors", `${percent(errorRate)} of the runs`],
    ["fallbacks", `${percent(fallbackRate)} of the steps`],
  ];
  return `${summaryTable(summary)}\n\n${table(facts)}`;
}
