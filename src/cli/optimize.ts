import type { Command } from "commander";
import { formatMoney } from "../core/base/index.ts";
import { type Api, json, onFolder, queryOf } from "./connect.ts";
import { type CommonOptions, type ExitCode, exit, oneLine, print, printJson, table } from "./io.ts";

interface Range {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

interface ProposalItem {
  readonly id: string;
  readonly workflow: string;
  readonly kind: string;
  readonly status: string;
  readonly declined: { readonly by: string; readonly reason: string } | null;
  readonly diff: string;
  readonly finding: { readonly summary: string };
  readonly before: { readonly costPerRun: Range };
  readonly expected: { readonly costPerRun: Range };
}

interface ExperimentItem {
  readonly id: string;
  readonly stage: string;
  readonly share: number;
  readonly maxShare: number;
  readonly reason: string;
  readonly comparison: {
    readonly runs: number;
    readonly savedUsdPerRun: Range & { readonly realised: number; readonly isInside: boolean };
  } | null;
}

type DeclineOptions = CommonOptions & { readonly by: string; readonly reason: string };

/** `flyball optimize`: what a workflow could do better, and the proof of it. */
export function registerOptimize(program: Command, done: (code: ExitCode) => void): void {
  const optimize = program
    .command("optimize")
    .summary("find what a workflow could do better, and prove it")
    .description("Looks at the record of a workflow, proposes changes, and proves them on running traffic.");
  const common = (command: Command) =>
    command.option("--home <dir>", "the data folder (default .flyball)").option("--json", "JSON");

  common(optimize.command("look <workflow>"))
    .description("One cycle: findings and proposals. Changes nothing, unless --mode says so.")
    .option(
      "--mode <mode>",
      "advise; propose: at bounded cost; act_within: begins the first experiment too",
      "advise",
    )
    .action(async (workflow: string, options: CommonOptions & { mode: string }) =>
      done(await onFolder(options, (api) => look(api, workflow, options))),
    );

  common(optimize.command("proposals"))
    .description("Every proposal that was made, and what became of it.")
    .option("--workflow <name>")
    .option("--status <status>", "open, declined, testing, promoted or rolledBack")
    .action(async (options: CommonOptions & { workflow?: string; status?: string }) =>
      done(await onFolder(options, (api) => list(api, options))),
    );

  common(optimize.command("try <proposal>"))
    .description("Approves of a proposal: its experiment begins.")
    .option("--by <name>", "who approves", "local")
    .action(async (id: string, options: CommonOptions & { by: string }) =>
      done(await onFolder(options, (api) => begin(api, id, options))),
    );

  common(optimize.command("decline <proposal>"))
    .description(
      "Says no to an open proposal. It is not made again as long as what it would change stays the same; " +
        "a new version of that may bring it back.",
    )
    .requiredOption("--reason <text>", "why not, for whoever reads it later")
    .option("--by <name>", "who declines", "local")
    .action(async (id: string, options: DeclineOptions) =>
      done(await onFolder(options, (api) => decline(api, id, options))),
    );

  common(optimize.command("show <experiment>"))
    .description("How far an experiment is.")
    .action(async (id: string, options: CommonOptions) =>
      done(await onFolder(options, (api) => show(api, id, options))),
    );
}

async function look(
  api: Api,
  workflow: string,
  options: CommonOptions & { mode: string },
): Promise<ExitCode> {
  const body = { workflow, mode: options.mode };
  const cycle = await json<{
    findings: readonly { kind: string; summary: string }[];
    proposals: ProposalItem[];
  }>(await api.request("POST", "/v1/optimizer/cycles", body));
  if (options.json) printJson(cycle);
  else if (cycle.findings.length === 0) print("Nothing found.");
  else {
    print(table(cycle.findings.map(({ kind, summary }) => [kind, summary])));
    for (const proposal of cycle.proposals) print(described(proposal));
  }
  return exit.done;
}

function described({ id, diff, before, expected }: ProposalItem): string {
  const { low, mid, high } = expected.costPerRun;
  const cost = `${formatMoney(mid)} a run (${formatMoney(low)} to ${formatMoney(high)}), now ${formatMoney(before.costPerRun.mid)}`;
  return `\nproposal ${id}\nexpected: ${cost}\n\n${diff}`;
}

async function list(
  api: Api,
  options: CommonOptions & { workflow?: string; status?: string },
): Promise<ExitCode> {
  const { workflow, status } = options;
  const query = queryOf({ workflow: workflow || undefined, status: status || undefined });
  const { items } = await json<{ items: ProposalItem[] }>(await api.request("GET", `/v1/proposals?${query}`));
  const row = ({ id, workflow, kind, status, declined, finding }: ProposalItem) => [
    id,
    workflow,
    kind,
    status,
    oneLine(declined ? declinedText(declined) : finding.summary, 80),
  ];
  if (options.json) for (const item of items) printJson(item);
  else if (items.length === 0) print("No proposals.");
  else print(table([["proposal", "workflow", "kind", "status", "why"], ...items.map(row)]));
  return exit.done;
}

async function begin(api: Api, proposal: string, options: CommonOptions & { by: string }): Promise<ExitCode> {
  const path = `/v1/proposals/${encodeURIComponent(proposal)}/experiments`;
  const { id } = await json<{ id: string }>(await api.request("POST", path, { by: options.by }));
  return show(api, id, options);
}

async function decline(
  api: Api,
  proposal: string,
  { by, reason, ...options }: DeclineOptions,
): Promise<ExitCode> {
  const path = `/v1/proposals/${encodeURIComponent(proposal)}/decline`;
  const shown = await json<ProposalItem>(await api.request("POST", path, { by, reason }));
  if (options.json) printJson(shown);
  else if (shown.declined) print(declinedText(shown.declined));
  return exit.done;
}

function declinedText({ by, reason }: NonNullable<ProposalItem["declined"]>): string {
  return `declined by ${by}: ${reason}`;
}

async function show(api: Api, id: string, options: CommonOptions): Promise<ExitCode> {
  const path = `/v1/experiments/${encodeURIComponent(id)}`;
  const shown = await json<ExperimentItem>(await api.request("GET", path));
  const { stage, share, maxShare, reason, comparison } = shown;
  if (options.json) printJson(shown);
  else
    print(
      table([
        ["experiment", id],
        ["stage", stage],
        ["share", `${share * 100}%, ${maxShare * 100}% at most`],
        ["reason", reason],
        ...(comparison ? [["saved", saved(comparison)]] : []),
      ]),
    );
  return exit.done;
}

function saved({ runs, savedUsdPerRun }: NonNullable<ExperimentItem["comparison"]>): string {
  const { low, high, realised, isInside } = savedUsdPerRun;
  const expected = `${formatMoney(low)} to ${formatMoney(high)}`;
  return `${formatMoney(realised)} a run, over ${runs} runs; ${isInside ? "as" : "not as"} expected (${expected})`;
}
