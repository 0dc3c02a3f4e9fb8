import type { Command } from "commander";
import { InvalidText } from "../core/base/index.ts";
import { switchScopes } from "../core/executor/index.ts";
import { type Api, json, onFolder } from "./connect.ts";
import { type CommonOptions, type ExitCode, exit, print, printJson, table } from "./io.ts";

interface ShownSwitch {
  readonly switch: string;
  readonly off: "drain" | "stop";
  readonly by: string;
  readonly reason: string | null;
  readonly since: string;
}

interface OffOptions extends CommonOptions {
  readonly stop?: boolean;
  readonly reason?: string;
}

export function registerSwitches(program: Command, done: (code: ExitCode) => void): void {
  const switches = program
    .command("switches")
    .summary("switch off everything, a workflow, a model or a tool, and on again")
    .description(
      "What is switched off starts nothing. Runs that need it wait, new ones queue, and nothing is lost.\n" +
        "WHAT is all, workflow/NAME, model/NAME, tool/NAME or agent/NAME.",
    );
  const common = (command: Command) =>
    command.option("--home <dir>", "the data folder (default .flyball)").option("--json", "JSON");

  common(switches.command("list"))
    .description("What is off, since when and why.")
    .action(async (options: CommonOptions) =>
      done(await onFolder(options, async (api) => show(await json(await api.request("GET", path)), options))),
    );

  common(switches.command("off <what>"))
    .description("Switches off: what is under way may end, and nothing more begins.")
    .option("--stop", "break off what is under way too; it is done again later")
    .option("--reason <text>")
    .action(async (what: string, options: OffOptions) => {
      const reason = options.reason === undefined ? {} : { reason: options.reason };
      const off = options.stop ? "stop" : "drain";
      done(await onFolder(options, (api) => turn(api, what, { off, ...reason }, options)));
    });

  common(switches.command("on <what>"))
    .description("Switches on: what waited goes on.")
    .action(async (what: string, options: CommonOptions) =>
      done(await onFolder(options, (api) => turn(api, what, { off: false }, options))),
    );
}

const path = "/v1/switches";

async function turn(
  api: Api,
  what: string,
  to: { readonly off: "drain" | "stop" | false; readonly reason?: string },
  options: CommonOptions,
): Promise<ExitCode> {
  return show(await json(await api.request("POST", path, { ...targetOf(what), ...to })), options);
}

function targetOf(what: string): { scope: string; name?: string } {
  if (what === "all") return { scope: "all" };
  const [, scope = "", name = ""] = /^([a-z]+)\/(.+)$/.exec(what) ?? [];
  if (name !== "" && switchScopes.some((known) => known === scope)) return { scope, name };
  throw new InvalidText(what, "all, workflow/NAME, model/NAME, tool/NAME or agent/NAME");
}

function show({ items }: { items: readonly ShownSwitch[] }, options: CommonOptions): ExitCode {
  if (options.json) for (const item of items) printJson(item);
  else if (items.length === 0) print("Everything is on.");
  else
    print(
      table([
        ["off", "how", "since", "by", "reason"],
        ...items.map((item) => [item.switch, item.off, item.since, item.by, item.reason ?? ""]),
      ]),
    );
  return exit.done;
}
