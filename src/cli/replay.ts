import type { Command } from "commander";
import { InvalidText, type Json } from "../core/base/index.ts";
import { json } from "./connect.ts";
import { type CommonOptions, type ExitCode, exit, oneLine, print, printJson, table } from "./io.ts";
import {
  absolute,
  amount,
  collected,
  intervalText,
  type ShownEstimate,
  versionsOf,
  withFolder,
} from "./measures.ts";

interface ReplayOptions extends CommonOptions {
  readonly of?: string;
  readonly run: readonly string[];
  readonly last: string;
  readonly version: string;
  readonly with: readonly string[];
  readonly allow: readonly string[];
  readonly simulate?: boolean;
}

interface ShownReplay {
  readonly workflow: string;
  readonly release: string;
  readonly items: readonly ShownRun[];
  readonly summary: {
    readonly runs: number;
    readonly replayed: number;
    readonly blocked: number;
    readonly notReplayable: number;
    readonly damaged: number;
    readonly needsReview: number;
    readonly changed: ShownEstimate;
    readonly costUsd: ShownEstimate | null;
    readonly tookMs: ShownEstimate | null;
  };
}

interface ShownRun {
  readonly run: string;
  readonly status: string;
  readonly problem: string | null;
  readonly reused: number;
  readonly computed: number;
  readonly rerun: number;
  readonly differences: readonly { in: string; at: string; before?: Json; after?: Json }[];
  readonly blockedEffects: readonly { path: string; effect: string; name: string }[];
}

export function registerReplay(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("replay")
    .argument("<workflow>", "a workflow file, or the name of a workflow")
    .summary("walk recorded runs again with a changed workflow, touching nothing outside")
    .description(
      "Recorded answers stand for every step that asks the same as before; what is pure is computed again. What\n" +
        "depends on the change is done again if it is local or simulated, or if it was allowed by name. An attempt to\n" +
        "touch anything else ends the replay of that run. Exit code 1 if a run was blocked, or its record damaged.",
    )
    .option("--of <workflow>", "whose runs, where the candidate has another name")
    .option("--run <id>", "this run; may be repeated", collected, [])
    .option("--last <n>", "the newest finished runs", "100")
    .option("--version <version>", "of a named workflow: a label or digest", "production")
    .option("--with <asset=version>", "another version of an asset: prompt/draft=canary", collected, [])
    .option(
      "--allow <name>",
      "model:NAME, tool:NAME, kind:NAME, script:NAME, step:PATH, flow:NAME",
      collected,
      [],
    )
    .option("--simulate", "what writes outside gives a simulated result, and the replay goes on")
    .option("--home <dir>", "the data folder (default .flyball)")
    .option("--json", "one JSON value")
    .action(async (workflow: string, options: ReplayOptions) => done(await replay(workflow, options)));
}

function replay(workflow: string, options: ReplayOptions): Promise<ExitCode> {
  const last = Number(options.last);
  if (!Number.isInteger(last) || last < 1)
    throw new InvalidText(options.last, "a whole number above 0 for --last");
  const runs = options.run.length > 0 ? options.run : { last, ...(options.of ? { of: options.of } : {}) };
  const { version, allow, simulate = false } = options;
  const assets = versionsOf(options.with);
  return withFolder(options, async (api) => {
    const body = { workflow: absolute(workflow), version, assets, runs, allow, simulate };
    const shown = await json<ShownReplay>(await api.request("POST", "/v1/replays", body));
    if (options.json) printJson(shown);
    else print(describe(shown));
    const { blocked, damaged } = shown.summary;
    return blocked + damaged > 0 ? exit.withFailures : exit.done;
  });
}

/** Runs that are told one by one, of those that differ or were not replayed. */
const toldMax = 20;

function describe({ workflow, release, items, summary }: ShownReplay): string {
  const { changed, costUsd, tookMs } = summary;
  const told = items.filter(({ status, differences }) => status !== "replayed" || differences.length > 0);
  const rows = told
    .slice(0, toldMax)
    .map((item) => [item.run, item.status, String(item.reused), String(item.rerun), whatOf(item)]);
  const counts = (["blocked", "notReplayable", "damaged", "needsReview"] as const)
    .filter((name) => summary[name] > 0)
    .map((name) => [countNames[name], String(summary[name]), ""]);
  const facts = [
    ["replayed", `${summary.replayed} of ${summary.runs}`, ""],
    ...counts,
    ["changed", amount("share", changed.value), intervalText("share", changed)],
    ...(costUsd ? [["cost a run", amount("cost", costUsd.value), intervalText("cost", costUsd)]] : []),
    ...(tookMs ? [["time a run", amount("time", tookMs.value), intervalText("time", tookMs)]] : []),
  ];
  const parts = [`${workflow} ${release.slice(0, 12)}, held against the record`, "", table(facts)];
  if (rows.length > 0) parts.push("", table([["run", "", "reused", "rerun", "what"], ...rows]));
  if (told.length > toldMax) parts.push(`and ${told.length - toldMax} more; --json has all`);
  return parts.join("\n");
}

const countNames = {
  blocked: "blocked",
  notReplayable: "not replayable",
  damaged: "damaged",
  needsReview: "to review",
} as const;

function whatOf({ problem, differences }: ShownRun): string {
  if (problem !== null) return oneLine(problem, 100);
  const [first] = differences;
  if (!first) return "";
  const rest = differences.length > 1 ? ` and ${differences.length - 1} more` : "";
  const value = (side: Json | undefined) =>
    side === undefined ? "nothing" : oneLine(JSON.stringify(side), 40);
  return `${first.in}${first.at ? ` ${first.at}` : ""}: ${value(first.before)} is ${value(first.after)}${rest}`;
}
