import { readdirSync, statSync, watch } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { systemClock } from "../core/base/index.ts";
import type { Release } from "../core/executor/index.ts";
import { WorkflowInvalid } from "../core/workflow/index.ts";
import type { Engine } from "../engine.ts";
import { listenOnPort } from "../http/index.ts";
import { FileUnreadable, projectFolderOf, readSettings, readText } from "../project/index.ts";
import { connect, homeOf } from "./connect.ts";
import { untilInterrupted } from "./interrupt.ts";
import { CommandRefused, type CommonOptions, type ExitCode, exit, note } from "./io.ts";
import { portOf } from "./port.ts";

interface ServeOptions extends CommonOptions {
  readonly port?: string;
  readonly host: string;
}

export function registerServe(program: Command, done: (code: ExitCode) => void): void {
  const common = (command: Command) =>
    command
      .argument("[path]", "a workflow file, or a folder of them", ".")
      .option("-p, --port <port>", "the port (default 4590; 0 takes any)")
      .option(
        "--host <host>",
        "the address; only this machine's own until there is access control",
        "127.0.0.1",
      )
      .option("--home <dir>", "the data folder (default .flyball)");
  common(program.command("serve"))
    .summary("serve the API, and let waiting runs go on")
    .description(
      "Owns the data folder: takes up what was under way, wakes runs that fall due, and serves the API.",
    )
    .action(async (path: string, options: ServeOptions) => done(await serve(path, options, false)));
  common(program.command("dev"))
    .summary("serve, and load workflows again when they are saved")
    .description(
      "As serve; a workflow that is saved is checked and served in its new version, and one with an error is named and the old version kept.",
    )
    .action(async (path: string, options: ServeOptions) => done(await serve(path, options, true)));
}

async function serve(path: string, options: ServeOptions, isDev: boolean): Promise<ExitCode> {
  const files = workflowFiles(path);
  const settings = readSettings(projectFolderOf(files[0] ?? join(path, "flyball.yaml")));
  const port = portOf(options.port, settings.server.port);
  const served = new Map<string, Release>();
  const api = await connect(homeOf(options), {
    create: true,
    recover: true,
    limits: settings.limits,
    served: () => served,
  });
  try {
    if (!api.engine)
      throw new CommandRefused(
        `Another flyball process serves ${homeOf(options)} already. Stop it first, or use another --home DIR.`,
        3,
      );
    const { engine } = api;
    engine.keepRetention(settings.retention);
    for (const file of files) await serveFile(engine, file, served);
    const listening = await listenOnPort(engine, () => served, { host: options.host, port });
    note(
      `Serving ${listening.url} with ${[...served.keys()].join(", ") || "no workflow yet"} (process ${process.pid}; Ctrl-C stops it).`,
    );
    const stopWatching = isDev ? watchFiles(engine, path, served) : () => {};
    await untilInterrupted();
    stopWatching();
    await listening.close();
    return exit.done;
  } finally {
    await api.close();
  }
}

/** Files that hold a workflow; other YAML files of a folder are left alone. */
function workflowFiles(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false }))
    throw new FileUnreadable(path, "there is no such file or folder");
  if (statSync(path).isFile()) return [path];
  return [path, join(path, "workflows")]
    .filter((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    .flatMap((folder) =>
      readdirSync(folder)
        .sort()
        .map((name) => join(folder, name)),
    )
    .filter((file) => /\.ya?ml$/.test(file) && /^workflow:/m.test(readText(file)));
}

async function serveFile(engine: Engine, file: string, served: Map<string, Release>): Promise<void> {
  const { release, warnings } = await engine.open(file);
  for (const warning of warnings) note(`warning: ${warning}`);
  served.set(release.workflow, release);
}

/** Editors save in several steps; a moment after the last of them everything is there. */
const saveSettleMs = 100;

function watchFiles(engine: Engine, path: string, served: Map<string, Release>): () => void {
  const folder = statSync(path).isFile() ? projectFolderOf(path) : resolve(path);
  let stop = () => {};
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (!name || name.includes(".flyball") || name.includes("node_modules")) return;
    stop();
    stop = systemClock.after(saveSettleMs, () => void reload(engine, path, served));
  });
  return () => {
    stop();
    watcher.close();
  };
}

async function reload(engine: Engine, path: string, served: Map<string, Release>): Promise<void> {
  for (const file of workflowFiles(path)) {
    const before = new Map(served);
    try {
      await serveFile(engine, file, served);
      for (const [name, release] of served)
        if (before.get(name)?.digest !== release.digest)
          note(`${name} is served in version ${release.version.slice(0, 12)} now.`);
    } catch (error) {
      if (!(error instanceof WorkflowInvalid)) throw error;
      note(`${error.message}\nThe version from before is still served.`);
    }
  }
}
