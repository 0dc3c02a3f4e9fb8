import type { Command } from "commander";
import { systemClock, waited } from "../core/base/index.ts";
import type { JournalEvent } from "../core/journal/index.ts";
import { type Api, json, onFolder } from "./connect.ts";
import { untilInterrupted } from "./interrupt.ts";
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
import { showStep } from "./step.ts";

interface RunItem {
  readonly runId: string;
  readonly workflow: string;
  readonly status: string;
  readonly batch: string | null;
  readonly row: number | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly waiting: {
    readonly for: string;
    readonly path?: string;
    readonly since: string;
    readonly deadline: string | null;
  } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

interface ShownRun extends RunItem {
  readonly version: string;
  readonly input: unknown;
  readonly output: unknown;
  readonly cost: number;
  readonly paused: {
    readonly reason: string;
    readonly by: string | null;
    readonly comment: string | null;
  } | null;
  readonly undo: {
    readonly undone: readonly string[];
    readonly notUndone: readonly { readonly path: string; readonly error: { readonly message: string } }[];
  } | null;
  readonly forkedFrom: { readonly of: string; readonly from: string } | null;
  readonly steps: readonly {
    readonly path: string;
    readonly kind: string | null;
    readonly status: string;
    readonly attempts: number;
    readonly result: {
      readonly value?: unknown;
      readonly confidence?: unknown;
      readonly simulated?: unknown;
    } | null;
    readonly error: { readonly code: string; readonly message: string } | null;
  }[];
}

function pauseText({ reason, by, comment }: NonNullable<ShownRun["paused"]>): string {
  const who = by ? ` by ${by}` : "";
  return `${reason}${who}${comment ? `: ${comment}` : ""}`;
}

interface ListOptions extends CommonOptions {
  readonly workflow?: string;
  readonly status?: string;
  readonly batch?: string;
  readonly limit: string;
}

export function registerRuns(program: Command, done: (code: ExitCode) => void): void {
  const runs = program
    .command("runs")
    .summary("list, show, watch, pause, resume, cancel, restart and signal runs")
    .description("Looks at runs, and steers them.");
  const common = (command: Command) =>
    command.option("--home <dir>", "the data folder (default .flyball)").option("--json", "JSON");

  common(runs.command("list"))
    .description("Runs, newest first.")
    .option("--workflow <name>")
    .option(
      "--status <status>",
      "queued, running, waiting, paused, completed, failed, rejected, cancelled or expired",
    )
    .option("--batch <id>")
    .option("--limit <n>", "how many", "50")
    .action(async (options: ListOptions) => done(await onFolder(options, (api) => list(api, options))));

  common(runs.command("show <run>"))
    .description("A run with its steps: what it waits for, what each step gave.")
    .option("--step <path>", "what ran at one step: prompt, model, parameters, versions, cost, attempts")
    .action(async (run: string, options: CommonOptions & { step?: string }) =>
      done(
        await onFolder(options, (api) =>
          options.step === undefined ? show(api, run, options) : showStep(api, run, options.step, options),
        ),
      ),
    );

  common(runs.command("watch <run>"))
    .description("The events of a run as they come, until it ends.")
    .action(async (run: string, options: CommonOptions) =>
      done(await onFolder(options, (api) => watch(api, run, options))),
    );

  registerSteering(runs, common, done);
}

function registerSteering(
  runs: Command,
  common: (command: Command) => Command,
  done: (code: ExitCode) => void,
): void {
  common(runs.command("cancel <run>"))
    .description("Ends a run that has not ended.")
    .option("--reason <text>")
    .action(async (run: string, options: CommonOptions & { reason?: string }) =>
      done(
        await onFolder(options, (api) =>
          command(api, run, "cancel", options.reason ? { reason: options.reason } : {}, options),
        ),
      ),
    );

  common(runs.command("pause <run>"))
    .description("Starts nothing more of a run until it is resumed; what is under way may end.")
    .option("--reason <text>")
    .action(async (run: string, options: CommonOptions & { reason?: string }) =>
      done(
        await onFolder(options, (api) =>
          command(api, run, "pause", options.reason ? { reason: options.reason } : {}, options),
        ),
      ),
    );

  common(runs.command("restart <run>"))
    .description("A new run that goes on from a step of one that has ended, with the results before it.")
    .requiredOption("--from <step>", "the step to do again, such as draft or items[3].draft")
    .option("--latest", "in the version that is served now; steps that have changed are done again")
    .action(async (run: string, options: CommonOptions & { from: string; latest?: boolean }) => {
      const body = { from: options.from, release: options.latest ? "latest" : "same" };
      done(await onFolder(options, (api) => command(api, run, "restart", body, options)));
    });

  common(runs.command("resume <run>"))
    .description("Lets a paused run go on: the failed step runs again, or is skipped with a value.")
    .option("--skip <json>", "take this value as the failed step's result")
    .action(async (run: string, options: CommonOptions & { skip?: string }) =>
      done(await onFolder(options, (api) => command(api, run, "resume", skipOf(options.skip), options))),
    );

  common(runs.command("signal <run> <event>"))
    .description("Sends an event to a run; it counts even before the run waits for it.")
    .option("--data <json>", "what the event carries", "null")
    .option("--id <id>", "the same id again is the same signal")
    .action(async (run: string, event: string, options: CommonOptions & { data: string; id?: string }) => {
      const body = {
        event,
        data: parseJson(options.data, "--data"),
        ...(options.id ? { id: options.id } : {}),
      };
      done(await onFolder(options, (api) => command(api, run, "signals", body, options)));
    });
}

async function list(api: Api, options: ListOptions): Promise<ExitCode> {
  const query = new URLSearchParams({ limit: options.limit });
  for (const name of ["workflow", "status", "batch"] as const)
    if (options[name]) query.set(name, options[name]);
  const { items } = await json<{ items: RunItem[] }>(await api.request("GET", `/v1/runs?${query}`));
  if (options.json) for (const item of items) printJson(item);
  else if (items.length === 0) print("No runs.");
  else
    print(
      table([["run", "workflow", "row", "status", "started", "waits for / error"], ...items.map(listRow)]),
    );
  return exit.done;
}

function listRow(item: RunItem): string[] {
  const why = item.waiting
    ? `${item.waiting.for}${item.waiting.deadline ? ` until ${item.waiting.deadline}` : ""}`
    : (item.error?.message ?? "");
  return [
    item.runId,
    item.workflow,
    item.row === null ? "" : String(item.row),
    item.status,
    item.startedAt,
    oneLine(why, 60),
  ];
}

async function show(api: Api, run: string, options: CommonOptions): Promise<ExitCode> {
  const shown = await json<ShownRun>(await api.request("GET", `/v1/runs/${encodeURIComponent(run)}`));
  if (options.json) printJson(shown);
  else print(describeRun(shown));
  return exit.done;
}

function describeRun(run: ShownRun): string {
  const facts = [
    ["run", run.runId],
    ["workflow", `${run.workflow} ${run.version.slice(0, 12)}`],
    ["status", run.status],
    ["started", run.startedAt],
    ...(run.endedAt ? [["ended", run.endedAt]] : []),
    ...(run.waiting
      ? [
          [
            "waits for",
            `${run.waiting.for} at step ${run.waiting.path}, since ${run.waiting.since}${run.waiting.deadline ? `, until ${run.waiting.deadline}` : ""}`,
          ],
        ]
      : []),
    ...(run.paused ? [["paused", pauseText(run.paused)]] : []),
    ...(run.forkedFrom ? [["goes on from", `${run.forkedFrom.of}, step ${run.forkedFrom.from}`]] : []),
    ...(run.undo ? [["taken back", run.undo.undone.join(", ") || "nothing"]] : []),
    ...(run.undo ?? { notUndone: [] }).notUndone.map(({ path, error }) => [
      "NOT taken back",
      `${path}: ${oneLine(error.message, 200)}`,
    ]),
    ...(run.error ? [["error", `${run.error.code}: ${oneLine(run.error.message, 200)}`]] : []),
    ["input", oneLine(JSON.stringify(run.input), 200)],
    ...(run.output === null ? [] : [["output", oneLine(JSON.stringify(run.output), 400)]]),
  ];
  const steps = run.steps.map((step) => [
    step.path,
    step.kind ?? "",
    step.status,
    String(step.attempts),
    typeof step.result?.confidence === "number" ? step.result.confidence.toFixed(2) : "",
    oneLine(
      step.error ? `${step.error.code}: ${step.error.message}` : JSON.stringify(step.result?.value ?? null),
      70,
    ) + (step.result?.simulated === true ? " (simulated)" : ""),
  ]);
  return [
    table(facts),
    "",
    table([["step", "kind", "status", "attempts", "confidence", "value"], ...steps]),
  ].join("\n");
}

const watchEveryMs = 300;

async function watch(api: Api, run: string, options: CommonOptions): Promise<ExitCode> {
  const stop = new AbortController();
  untilInterrupted(stop);
  let seq = 0;
  while (!stop.signal.aborted) {
    const { items } = await json<{ items: JournalEvent[] }>(
      await api.request("GET", `/v1/runs/${encodeURIComponent(run)}/events`),
    );
    for (const event of items.slice(seq)) {
      seq = event.seq;
      if (options.json) printJson(event);
      else
        print(
          `${String(event.seq).padStart(4)}  ${event.type.padEnd(16)}  ${oneLine(JSON.stringify(event.data), 100)}`,
        );
    }
    const { endedAt, status } = await json<ShownRun>(
      await api.request("GET", `/v1/runs/${encodeURIComponent(run)}`),
    );
    if (endedAt) return exit.done;
    if (api.engine) {
      print(`The run is ${status}; nothing works on it now. \`flyball serve\` lets it go on.`);
      return exit.done;
    }
    await waited(systemClock, watchEveryMs);
  }
  return exit.done;
}

async function command(
  api: Api,
  run: string,
  verb: string,
  body: unknown,
  options: CommonOptions,
): Promise<ExitCode> {
  const shown = await json<ShownRun>(
    await api.request("POST", `/v1/runs/${encodeURIComponent(run)}/${verb}`, body),
  );
  if (options.json) printJson(shown);
  else print(`Run ${shown.runId} is ${shown.status}.`);
  return exit.done;
}

function skipOf(text: string | undefined): unknown {
  return text === undefined ? {} : { skip: { value: parseJson(text, "--skip") } };
}

export function parseJson(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandRefused(
      `${option} is ${JSON.stringify(text)}, which is not JSON; a text needs quotes: '"yes"'.`,
    );
  }
}
