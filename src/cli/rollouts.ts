import type { Command } from "commander";
import { formatDuration, formatMoney, formatShare } from "../core/base/index.ts";
import type { ArmFigures } from "../core/registry/index.ts";
import { type Api, json, onFolder } from "./connect.ts";
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

interface RolloutItem {
  readonly id: string;
  readonly asset: string;
  readonly mode: string;
  readonly status: string;
  readonly share: number;
  readonly from: string;
  readonly to: string;
  readonly startedAt: string;
  readonly reason: string | null;
}

interface ShownRollout extends RolloutItem {
  readonly by: string | null;
  readonly arms: { readonly from: ArmFigures; readonly to: ArmFigures };
  readonly events: readonly {
    readonly type: string;
    readonly at: string;
    readonly actor: string;
    readonly data: { readonly reason?: string | null } | null;
  }[];
}

interface StartOptions extends CommonOptions {
  readonly to: string;
  readonly mode: string;
  readonly share: string;
  readonly by?: string;
  readonly guard: readonly string[];
}

export function registerRollouts(program: Command, done: (code: ExitCode) => void): void {
  const rollouts = program
    .command("rollouts")
    .summary("give a new version to some of the runs, and take it back when a guard says so")
    .description("Splits what new runs get between the production version of an asset and another one.");
  const common = (command: Command) =>
    command.option("--home <dir>", "the data folder (default .flyball)").option("--json", "JSON");

  common(rollouts.command("list", { isDefault: true }))
    .description("Rollouts, the newest first.")
    .action(async (options: CommonOptions) => done(await onFolder(options, (api) => list(api, options))));

  common(rollouts.command("start <asset>"))
    .description("Starts a rollout of KIND/NAME.")
    .requiredOption("--to <version>", "the new version: a label, `newest`, or the beginning of a digest")
    .option("--mode <mode>", "canary, ab, or shadow (beside the run, and answers nobody)", "canary")
    .option("--share <share>", "of the runs, such as 10%", "10%")
    .option("--by <expression>", "the same value always gets the same version, such as input.customer")
    .option("--guard <guard>", "METRIC<=BOUND or METRIC>=BOUND, with @RUNS; again for more", collect, [])
    .addHelpText(
      "after",
      "\nMetrics: error_rate, latency_p50, latency_p95, cost_mean, score.NAME\n" +
        'Example: flyball rollouts start prompt/classify --to 3f2a91 --share 10% --guard "score.helpful>=0.8@50"\n',
    )
    .action(async (asset: string, options: StartOptions) => {
      const { to, mode, share, by } = options;
      const guards = options.guard.map(guardOf);
      const body = { asset, to, mode, share, guards, ...(by === undefined ? {} : { by }) };
      done(await onFolder(options, (api) => ask(api, { method: "POST", path: "", body }, options)));
    });

  common(rollouts.command("show <rollout>"))
    .description("What the two versions have come to.")
    .action(async (id: string, options: CommonOptions) =>
      done(
        await onFolder(options, (api) =>
          ask(api, { method: "GET", path: `/${encodeURIComponent(id)}` }, options),
        ),
      ),
    );
  registerSteps(rollouts, common, done);
}

function registerSteps(
  rollouts: Command,
  common: (command: Command) => Command,
  done: (code: ExitCode) => void,
): void {
  const step = (id: string, verb: string, body: object, options: CommonOptions) =>
    onFolder(options, (api) =>
      ask(api, { method: "POST", path: `/${encodeURIComponent(id)}/${verb}`, body }, options),
    );

  common(rollouts.command("share <rollout> <share>"))
    .description("Changes the share; who has the new version keeps it when the share grows.")
    .action(async (id: string, share: string, options: CommonOptions) =>
      done(await step(id, "share", { share }, options)),
    );

  common(rollouts.command("promote <rollout>"))
    .description("Makes the new version production, with the approvals that the label asks for.")
    .option("--reason <text>")
    .action(async (id: string, options: CommonOptions & { reason?: string }) =>
      done(
        await step(id, "promote", options.reason === undefined ? {} : { reason: options.reason }, options),
      ),
    );

  common(rollouts.command("rollback <rollout>"))
    .description("New runs get the version from before; those under way keep what they have.")
    .requiredOption("--reason <text>")
    .action(async (id: string, options: CommonOptions & { reason: string }) =>
      done(await step(id, "rollback", { reason: options.reason }, options)),
    );
}

const collect = (value: string, before: readonly string[]) => [...before, value];

/** `error_rate<=5%@50`, `score.helpful>=0.8`. */
function guardOf(written: string) {
  const [, metric, sign, bound, minRuns] =
    /^([\w.-]+?)(<=|>=)([^@]+)(?:@(\d+))?$/.exec(written.replaceAll(" ", "")) ?? [];
  if (metric === undefined || bound === undefined)
    throw new CommandRefused(`${JSON.stringify(written)} is no guard; expected such as error_rate<=5%@50.`);
  const runs = minRuns === undefined ? {} : { minRuns: Number(minRuns) };
  const value = /^-?[\d.]+$/.test(bound) ? Number(bound) : bound;
  return { metric, ...(sign === "<=" ? { max: value } : { min: value }), ...runs };
}

const path = "/v1/rollouts";

async function list(api: Api, options: CommonOptions): Promise<ExitCode> {
  const { items } = await json<{ items: RolloutItem[] }>(await api.request("GET", path));
  const row = (item: RolloutItem) => [
    item.id,
    item.asset,
    item.mode,
    formatShare(item.share),
    item.status,
    item.startedAt,
    oneLine(item.reason ?? "", 60),
  ];
  if (options.json) for (const item of items) printJson(item);
  else if (items.length === 0) print("No rollouts.");
  else print(table([["rollout", "asset", "mode", "share", "status", "started", "why"], ...items.map(row)]));
  return exit.done;
}

async function ask(
  api: Api,
  request: { method: string; path: string; body?: object },
  options: CommonOptions,
): Promise<ExitCode> {
  const shown = await json<ShownRollout>(
    await api.request(request.method, `${path}${request.path}`, request.body),
  );
  if (options.json) printJson(shown);
  else print(describe(shown));
  return exit.done;
}

function describe(rollout: ShownRollout): string {
  const { arms, events } = rollout;
  const facts = [
    ["rollout", rollout.id],
    ["asset", rollout.asset],
    ["status", `${rollout.status}${rollout.reason ? `: ${rollout.reason}` : ""}`],
    ["split", `${rollout.mode} of ${formatShare(rollout.share)}${rollout.by ? ` by ${rollout.by}` : ""}`],
  ];
  const names = [...new Set([...Object.keys(arms.from.scores), ...Object.keys(arms.to.scores)])].sort();
  const arm = (name: string, digest: string, figures: ArmFigures) => [
    `${name} ${digest.slice(0, 12)}`,
    String(figures.runs),
    shown(figures.errorRate, formatShare),
    shown(figures.latencyP50Ms, formatDuration),
    shown(figures.latencyP95Ms, formatDuration),
    shown(figures.costMeanUsd, formatMoney),
    ...names.map((score) => shown(figures.scores[score]?.mean ?? null, (mean) => mean.toFixed(3))),
  ];
  const head = ["version", "runs", "errors", "p50", "p95", "cost", ...names];
  return [
    table(facts),
    "",
    table([head, arm("from", rollout.from, arms.from), arm("to", rollout.to, arms.to)]),
    "",
    table(events.map(({ at, type, actor, data }) => [at, type, actor, oneLine(data?.reason ?? "", 100)])),
  ].join("\n");
}

function shown(value: number | null, show: (value: number) => string): string {
  return value === null ? "" : show(value);
}
