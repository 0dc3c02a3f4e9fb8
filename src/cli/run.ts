import type { Command } from "commander";
import { InvalidText } from "../core/base/index.ts";
import type { BatchLine, Summary } from "../http/index.ts";
import { isModule, projectFolderOf, readSettings } from "../project/index.ts";
import { type Api, connect, homeOf, json, jsonLines } from "./connect.ts";
import { dryRun } from "./dry-run.ts";
import { handOverSignals, untilInterrupted } from "./interrupt.ts";
import { type CommonOptions, type ExitCode, exit, note, OwnerLeft, print, printJson } from "./io.ts";
import { Progress } from "./progress.ts";
import { summaryTable } from "./summary-table.ts";
import { superviseCommand } from "./supervise.ts";

interface RunOptions extends CommonOptions {
  readonly input?: string;
  readonly concurrency: string;
  readonly batch: string;
  readonly again?: boolean;
  readonly continue?: boolean;
  readonly dryRun?: boolean;
  readonly serve?: boolean;
  readonly port?: string;
}

export function registerRun(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("run")
    .argument("<file>", "a workflow (.yaml, .json), or a module whose default export is a flow")
    .summary("run a workflow over one input, or over a file of inputs")
    .description(
      "Runs a workflow over one JSON object, or over every row of a .jsonl or .csv file.\n\n" +
        "The same command takes an unfinished batch up where it stopped, whatever stopped it, and shows\n" +
        "the result of a finished one again without starting anything.",
    )
    .option("-i, --input <input>", "a .json, .jsonl or .csv file, or a JSON object")
    .option("-c, --concurrency <n>", "runs at once", "8")
    .option("--batch <name>", "names the batch: the same input under another name is another batch", "")
    .option("--again", "start a new batch although there is one over this input")
    .option("--continue", "go on with the version that the batch began with")
    .option("--dry-run", "show steps, effects and inputs; start nothing")
    .option("--serve", "afterwards, go on serving the API")
    .option("-p, --port <port>", "with --serve: the port")
    .option("--home <dir>", "the data folder (default .flyball)")
    .option("--json", "JSON Lines: one a run, then one with the summary")
    .addHelpText(
      "after",
      "\nExamples:\n" +
        '  flyball run triage.yaml --input \'{"message": "Where is my order?"}\'\n' +
        "  flyball run triage.yaml --input messages.csv --concurrency 16\n",
    )
    .action(async (file: string, options: RunOptions) => done(await run(file, options)));
}

async function run(file: string, options: RunOptions): Promise<ExitCode> {
  const concurrency = wholeNumber(options.concurrency, "--concurrency", 1, 1_000);
  if (options.dryRun) return dryRun(file, options);
  if (options.input === undefined)
    throw new InvalidText("", "an input: give --input with a JSON object or a .json, .jsonl or .csv file");
  const { limits } = readSettings(projectFolderOf(file));
  const api = await connect(homeOf(options), {
    create: true,
    limits,
    prepare: async (engine) => {
      await engine.keepBudgets(engine.project(projectFolderOf(file)));
      if (isModule(file)) await engine.open(file);
      // Only now: a run whose code is not loaded yet would be parked for want of it.
      await engine.recover();
    },
  });
  const stop = new AbortController();
  untilInterrupted(stop);
  const asked = { file, ...options, input: options.input, concurrency };
  const code = await batch(api, asked, stop.signal).finally(() => api.close());
  if (!options.serve || stop.signal.aborted) return code;
  if (api.engine) return serveOn(file, options);
  note("The process that owns this data folder serves it already.");
  return code;
}

type BatchOptions = RunOptions & { readonly file: string; readonly input: string };

async function batch(
  api: Api,
  options: Omit<BatchOptions, "concurrency"> & { concurrency: number },
  signal: AbortSignal,
): Promise<ExitCode> {
  const { file, input, concurrency, again = false } = options;
  const body = {
    workflow: file,
    input,
    name: options.batch,
    concurrency,
    again,
    continue: options.continue ?? false,
  };
  const reporter = new Reporter(api, options.json ?? false);
  const follow = async () => {
    // What has begun already is gone on with, not begun again.
    const asked = { ...absolute(body), again: again && !reporter.hasBegun };
    const response = await api.request("POST", "/v1/batches", asked, signal);
    for await (const line of jsonLines<BatchLine>(response, signal)) await reporter.take(line);
  };
  while (!signal.aborted)
    try {
      await follow();
      break;
    } catch (error) {
      const mayFollowOn = error instanceof OwnerLeft && reporter.hasBegun;
      if (!signal.aborted && !mayFollowOn) throw error;
    }
  return reporter.end();
}

/** The owner of the folder may have another working directory. */
function absolute<T extends { workflow: string; input: string }>(body: T): T {
  const path = (name: string) => (name.startsWith("/") ? name : `${process.cwd()}/${name}`);
  return {
    ...body,
    workflow: path(body.workflow),
    input: /^\s*[{[]/.test(body.input) ? body.input : path(body.input),
  };
}

/** Turns the news of a batch into a progress bar and a table, or into JSON Lines. */
class Reporter {
  readonly #api: Api;
  readonly #json: boolean;
  #progress: Progress | undefined;
  readonly #told = new Set<number>();
  #rows = 0;
  readonly #counts: Record<string, number> = {};
  #summary: Summary | undefined;

  constructor(api: Api, asJson: boolean) {
    this.#api = api;
    this.#json = asJson;
  }

  get hasBegun(): boolean {
    return this.#progress !== undefined;
  }

  /** Of a batch that is gone on with by another owner, every row is told once more. */
  async take(line: BatchLine): Promise<void> {
    if ("row" in line) {
      if (this.#told.has(line.row)) return;
      this.#told.add(line.row);
    }
    switch (line.type) {
      case "opened":
        this.#rows = line.rows;
        if (this.hasBegun) return;
        for (const warning of line.warnings) note(`warning: ${warning}`);
        return;
      case "begun":
        if (this.hasBegun) return;
        if (!line.isNew)
          note(
            line.batch.status === "completed"
              ? "This batch is finished; its result:"
              : `Going on with a batch of which ${line.done} of ${this.#rows} are done.`,
          );
        this.#progress = new Progress(this.#rows, line.batch.workflow);
        return;
      case "refused":
        this.#progress?.end();
        note(`row ${line.row}: ${line.problem}`);
        return this.#count("refused");
      case "run":
        if (this.#json) printJson(await json(await this.#api.request("GET", `/v1/runs/${line.run}`)));
        return this.#count(line.status);
      case "summary":
        this.#summary = line.summary;
        return;
      case "error":
        await json(
          new Response(JSON.stringify(line.problem), { status: Number(line.problem.status ?? 500) }),
        );
    }
  }

  #count(status: string): void {
    this.#counts[status] = (this.#counts[status] ?? 0) + 1;
    const detail = Object.entries(this.#counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ");
    this.#progress?.update(this.#told.size, detail);
  }

  end(): ExitCode {
    this.#progress?.end();
    if (!this.#summary) return exit.notPossible;
    if (this.#json) printJson({ summary: this.#summary });
    else print(summaryTable(this.#summary));
    const { failed = 0, paused = 0 } = this.#summary.status;
    return failed + paused + this.#summary.refused.length > 0 ? exit.withFailures : exit.done;
  }
}

/** Another command from here on, which starts again when it crashes. */
function serveOn(file: string, { port, home }: RunOptions): Promise<ExitCode> {
  handOverSignals();
  const given = Object.entries({ port, home }).flatMap(([name, value]) =>
    value ? [`--${name}`, value] : [],
  );
  return superviseCommand(["serve", file, ...given]);
}

function wholeNumber(text: string, name: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new InvalidText(text, `a whole number from ${least} to ${most} for ${name}`);
  return value;
}
