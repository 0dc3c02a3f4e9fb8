import type { Command } from "commander";
import { pathOf, type ShownAsset, type ShownVersion, versionOf, versionsOf } from "./asset-api.ts";
import { diffFolder, type PushOptions, pullFolder, pushFolder } from "./asset-files.ts";
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

type Done = (code: ExitCode) => void;
type Common = (command: Command) => Command;
type Reason = CommonOptions & { readonly reason?: string };

export function registerAssets(program: Command, done: Done): void {
  const assets = program
    .command("assets")
    .summary("versions of prompts, models, workflows …, their labels, and files to and from them")
    .description(
      "Everything that a run uses is an asset with versions. The version that stands under the label\n" +
        "`production` is what new runs get. ASSET is KIND/NAME, such as prompt/classify; a VERSION is a label,\n" +
        "`newest`, or the beginning of a digest.",
    );
  const common: Common = (command) =>
    command.option("--home <dir>", "the data folder (default .flyball)").option("--json", "JSON");
  registerLooking(assets, common, done);
  registerLabels(assets, common, done);
  registerFiles(assets, common, done);
}

function registerLooking(assets: Command, common: Common, done: Done): void {
  common(assets.command("list", { isDefault: true }))
    .description("Every asset with its production version and its other labels.")
    .option("--kind <kind>", "only those of a kind")
    .action(async (options: CommonOptions & { kind?: string }) =>
      done(await onFolder(options, (api) => list(api, options))),
    );

  common(assets.command("show <asset> [version]"))
    .description("A version as it was written; the production version when none is named.")
    .action(async (asset: string, version: string | undefined, options: CommonOptions) =>
      done(await onFolder(options, (api) => show(api, asset, version ?? "production", options))),
    );

  common(assets.command("history <asset>"))
    .description("Everything that has happened to an asset, the newest last.")
    .action(async (asset: string, options: CommonOptions) =>
      done(await onFolder(options, (api) => history(api, asset, options))),
    );

  common(assets.command("versions <asset>"))
    .description("The versions of an asset, the newest first.")
    .action(async (asset: string, options: CommonOptions) =>
      done(await onFolder(options, (api) => versions(api, asset, options))),
    );
}

function registerLabels(assets: Command, common: Common, done: Done): void {
  common(assets.command("label <asset> <label> [version]"))
    .description("Puts a label onto a version; new runs get it when that is `production`.")
    .option("--reason <text>")
    .option("--remove", "take the label off")
    .action(
      async (
        asset: string,
        label: string,
        version: string | undefined,
        options: Reason & { remove?: boolean },
      ) => {
        const path = `${pathOf(asset)}/labels/${encodeURIComponent(label)}`;
        const reason = options.reason === undefined ? {} : { reason: options.reason };
        if ((version === undefined) !== (options.remove === true))
          throw new CommandRefused("Name a version, or give --remove.");
        const [method, body] = options.remove ? ["DELETE", reason] : ["PUT", { to: version, ...reason }];
        done(await onFolder(options, (api) => labelled(api, { method, path, body, label }, options)));
      },
    );

  common(assets.command("approve <asset> <label> <version>"))
    .description("Approves a version for a label. Until there is access control, nobody checks who did.")
    .option("--by <name>", "who approves", "local")
    .option("--comment <text>")
    .action(
      async (
        asset: string,
        label: string,
        version: string,
        options: CommonOptions & { by: string; comment?: string },
      ) => done(await onFolder(options, (api) => approve(api, { asset, label, version }, options))),
    );
}

function registerFiles(assets: Command, common: Common, done: Done): void {
  common(assets.command("compare <asset> [from] [to]"))
    .description("How one version differs from another: of production and the newest, when none is named.")
    .action(async (asset: string, from: string | undefined, to: string | undefined, options: CommonOptions) =>
      done(await onFolder(options, (api) => compare(api, { asset, from, to }, options))),
    );

  common(assets.command("diff [folder]"))
    .description("How the files of a folder differ from the production versions.")
    .action(async (folder: string | undefined, options: CommonOptions) =>
      done(await onFolder(options, (api) => diffFolder(api, folder ?? ".", options))),
    );
  common(assets.command("push [folder]"))
    .description("Adds the files of a folder as versions; those that are new to the files become production.")
    .option("--message <text>", "why")
    .option("--draft", "move no label: try the versions in a rollout first")
    .action(async (folder: string | undefined, options: PushOptions) =>
      done(await onFolder(options, (api) => pushFolder(api, folder ?? ".", options))),
    );
  common(assets.command("pull [folder]"))
    .description("Writes the production versions as files. What was changed by hand stays, unless --force.")
    .option("--label <label>", "of another label", "production")
    .option("--force", "overwrite changes that no version holds")
    .action(async (folder: string | undefined, options: CommonOptions & { label: string; force?: boolean }) =>
      done(await onFolder(options, (api) => pullFolder(api, folder ?? ".", options))),
    );
}

const short = (digest: string | null) => digest?.slice(0, 12) ?? "";

async function list(api: Api, options: CommonOptions & { kind?: string }): Promise<ExitCode> {
  const query = options.kind === undefined ? "" : `?kind=${encodeURIComponent(options.kind)}`;
  const { items } = await json<{ items: ShownAsset[] }>(await api.request("GET", `/v1/assets${query}`));
  if (options.json) for (const item of items) printJson(item);
  else if (items.length === 0) print("No assets yet: run a workflow, or push a folder.");
  else print(table([["asset", "production", "other labels", "rollout", "changed"], ...items.map(listRow)]));
  return exit.done;
}

function listRow({ kind, name, production, labels, rollout, updatedAt }: ShownAsset): string[] {
  const others = Object.entries(labels).filter(([label]) => label !== "production");
  const shown = others.map(([label, digest]) => `${label} ${short(digest)}`).join(", ");
  return [`${kind}/${name}`, short(production), shown, short(rollout), updatedAt];
}

async function show(api: Api, asset: string, version: string, options: CommonOptions): Promise<ExitCode> {
  const shown = await versionOf(api, asset, version);
  if (options.json) printJson(shown);
  else print(shown.text.replace(/\n$/, ""));
  return exit.done;
}

async function versions(api: Api, asset: string, options: CommonOptions): Promise<ExitCode> {
  const items = await versionsOf(api, asset);
  const row = ({ digest, labels, at, source, by, message, approvals }: ShownVersion) => [
    short(digest),
    labels.join(", "),
    at,
    `${source} (${by})`,
    approvals
      .map(({ label, by, verified }) => `${by} for ${label}${verified ? "" : " (unverified)"}`)
      .join(", "),
    oneLine(message ?? "", 60),
  ];
  if (options.json) for (const item of items) printJson(item);
  else print(table([["version", "labels", "added", "from", "approved by", "message"], ...items.map(row)]));
  return exit.done;
}

async function history(api: Api, asset: string, options: CommonOptions): Promise<ExitCode> {
  const path = `${pathOf(asset)}/history`;
  const { items } = await json<{ items: ShownEvent[] }>(await api.request("GET", path));
  if (options.json) for (const item of items) printJson(item);
  else
    print(
      table([
        ["when", "what", "label", "version", "by", "why"],
        ...items.map((event) => [
          event.at,
          event.type,
          event.label ?? "",
          short(event.to ?? event.digest ?? event.from ?? null),
          event.by ?? "",
          oneLine(event.reason ?? event.message ?? event.comment ?? "", 80),
        ]),
      ]),
    );
  return exit.done;
}

interface ShownEvent {
  readonly type: string;
  readonly at: string;
  readonly label?: string;
  readonly digest?: string;
  readonly to?: string;
  readonly from?: string;
  readonly by?: string;
  readonly reason?: string | null;
  readonly message?: string;
  readonly comment?: string | null;
}

async function compare(
  api: Api,
  request: { asset: string; from?: string | undefined; to?: string | undefined },
  options: CommonOptions,
): Promise<ExitCode> {
  const { asset, from = "production", to = "newest" } = request;
  const query = new URLSearchParams({ from, to });
  const shown = await json<{ from: string; to: string; diff: string }>(
    await api.request("GET", `${pathOf(asset)}/diff?${query}`),
  );
  if (options.json) printJson(shown);
  else print(shown.diff === "" ? `${short(shown.from)} and ${short(shown.to)} are the same.` : shown.diff);
  return exit.done;
}

async function labelled(
  api: Api,
  { method, path, body, label }: { method: string | undefined; path: string; body: unknown; label: string },
  options: CommonOptions,
): Promise<ExitCode> {
  const shown = await json<ShownAsset>(await api.request(method ?? "PUT", path, body));
  const digest = shown.labels[label];
  if (options.json) printJson(shown);
  else print(`${shown.kind}/${shown.name}: ${label} ${digest ? `is ${short(digest)}` : "is nowhere"} now.`);
  return exit.done;
}

async function approve(
  api: Api,
  { asset, label, version }: { asset: string; label: string; version: string },
  options: CommonOptions & { by: string; comment?: string },
): Promise<ExitCode> {
  const path = `${pathOf(asset)}/labels/${encodeURIComponent(label)}/approvals`;
  const comment = options.comment === undefined ? {} : { comment: options.comment };
  const shown = await json<{ digest: string; approvals: { approver: string }[] }>(
    await api.request("POST", path, { to: version, by: options.by, ...comment }),
  );
  if (options.json) printJson(shown);
  else
    print(
      `${asset} ${short(shown.digest)} is approved for ${label} by ${shown.approvals.map(({ approver }) => approver).join(", ")} (unverified).`,
    );
  return exit.done;
}
