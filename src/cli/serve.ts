import { statSync, watch } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { FlyballError, systemClock } from "../core/base/index.ts";
import type { Engine } from "../engine.ts";
import { listenOnPort } from "../http/index.ts";
import { type Loaded, projectFolderOf, readSettings } from "../project/index.ts";
import { connect, homeOf } from "./connect.ts";
import { untilInterrupted } from "./interrupt.ts";
import { CommandRefused, type CommonOptions, type ExitCode, exit, note } from "./io.ts";
import { tellKept } from "./kept.ts";
import { portOf } from "./port.ts";
import { servedFiles } from "./served-files.ts";
import { hasCrashedBefore, isSupervised, reportProgress, superviseCommand } from "./supervise.ts";

interface ServeOptions extends CommonOptions {
  readonly port?: string;
  readonly host: string;
  readonly supervise: boolean;
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
      .option("--home <dir>", "the data folder (default .flyball)")
      .option("--no-supervise", "one process, which nobody starts again: for debuggers and containers");
  common(program.command("serve"))
    .summary("serve the API, and let waiting runs go on")
    .description(
      "Owns the data folder: takes up what was under way, wakes runs that fall due, and serves the API.",
    )
    .action(async (path: string, options: ServeOptions) => done(await serveWatched(path, options, false)));
  common(program.command("dev"))
    .summary("serve, and load workflows again when they are saved")
    .description(
      "As serve; a workflow that is saved is checked and served in its new version, and one with an error is named and the old version kept.",
    )
    .action(async (path: string, options: ServeOptions) => done(await serveWatched(path, options, true)));
}

interface ServeMode {
  readonly isDev: boolean;
  /** The engine before this one crashed by itself. */
  readonly hasCrashed: boolean;
  onServing(): void;
}

async function serveWatched(path: string, options: ServeOptions, isDev: boolean): Promise<ExitCode> {
  if (!options.supervise) return serve(path, options, { isDev, hasCrashed: false, onServing: () => {} });
  if (!isSupervised()) return superviseCommand();
  const hasCrashed = hasCrashedBefore();
  const progress = reportProgress();
  try {
    return await serve(path, options, { isDev, hasCrashed, onServing: progress.serving });
  } finally {
    progress.stop();
  }
}

async function serve(
  path: string,
  options: ServeOptions,
  { isDev, hasCrashed, onServing }: ServeMode,
): Promise<ExitCode> {
  const files = servedFiles(path);
  const folder = folderOf(path, files);
  const settings = readSettings(folder);
  const port = portOf(options.port, settings.server.port);
  const api = await connect(homeOf(options), { create: true, limits: settings.limits });
  try {
    if (!api.engine)
      throw new CommandRefused(
        `Another flyball process serves ${homeOf(options)} already. Stop it first, or use another --home DIR.`,
        3,
      );
    const { engine } = api;
    engine.keepRetention(settings.retention);
    engine.optimizer.keep(settings.optimizer);
    await engine.keepBudgets(engine.project(folder));
    engine.keepAlerts(settings);
    const loaded = [];
    for (const file of files) loaded.push(await loadFile(engine, file));
    tellKept(await engine.serve(loaded));
    // Only now: a run whose code is not loaded yet would be parked for want of it.
    await engine.recover({ afterCrash: hasCrashed });
    const interrupted = untilInterrupted();
    const loadAssets = () => engine.intake.assetsFor(engine.project(folder));
    let assets = loadAssets();
    const listening = await listenOnPort(engine, { host: options.host, port, assets: () => assets });
    note(
      `Serving ${listening.url} with ${engine.registry.runnableNames().join(", ") || "no workflow yet"} (process ${process.pid}; Ctrl-C stops it).`,
    );
    onServing();
    const versions = new Map(loaded.map(({ release }) => [release.workflow, release.digest]));
    const load = async () => {
      await keepingOld(async () => {
        const project = engine.project(folderOf(path, servedFiles(path)));
        await engine.keepBudgets(project);
        engine.optimizer.keep(project.settings.optimizer);
        const { alerts, allow } = project.settings;
        engine.alerts.keep(alerts, allow.http);
      });
      await serveAgain(engine, path, versions);
      await keepingOld(() => {
        assets = loadAssets();
      });
    };
    const stopWatching = isDev ? watchFiles(path, load) : () => {};
    await interrupted;
    stopWatching();
    await listening.close();
    return exit.done;
  } finally {
    await api.close();
  }
}

async function loadFile(engine: Engine, file: string): Promise<Loaded> {
  const loaded = await engine.load(file);
  for (const warning of loaded.warnings) note(`warning: ${warning}`);
  return loaded;
}

/** Editors save in several steps; a moment after the last of them everything is there. */
const saveSettleMs = 100;

function watchFiles(path: string, onSaved: () => Promise<void>): () => void {
  const folder = statSync(path).isFile() ? projectFolderOf(path) : resolve(path);
  let stop = () => {};
  const watcher = watch(folder, { recursive: true }, (_event, name) => {
    if (!name || name.includes(".flyball") || name.includes("node_modules")) return;
    stop();
    stop = systemClock.after(saveSettleMs, () => void onSaved());
  });
  return () => {
    stop();
    watcher.close();
  };
}

/** The folder whose settings hold: of the workflows that are served, or the one that is to have some. */
function folderOf(path: string, files: readonly string[]): string {
  return projectFolderOf(files[0] ?? join(path, "flyball.yaml"));
}

/** What can be loaded is served; of the rest, the versions from before. */
async function serveAgain(engine: Engine, path: string, versions: Map<string, string>): Promise<void> {
  const loaded: Loaded[] = [];
  for (const file of servedFiles(path))
    await keepingOld(async () => void loaded.push(await loadFile(engine, file)));
  tellKept(await engine.serve(loaded));
  for (const { release } of loaded)
    if (versions.get(release.workflow) !== release.digest) {
      versions.set(release.workflow, release.digest);
      note(`${release.workflow} is served in version ${release.version.slice(0, 12)} now.`);
    }
}

/** Whoever saves a mistake is told of it, and what was there before goes on being served. */
async function keepingOld(load: () => void | Promise<void>): Promise<void> {
  try {
    await load();
  } catch (error) {
    if (!(error instanceof FlyballError)) throw error;
    note(`${error.message}\nThe version from before is still served.`);
  }
}
