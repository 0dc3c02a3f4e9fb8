import type { Command } from "commander";
import { runsAtOnceDefault, runsQueuedDefault } from "../core/executor/index.ts";
import type { DoctorReport } from "../http/index.ts";
import { chooseSetting, readSettings } from "../project/index.ts";
import { json, onFolder } from "./connect.ts";
import { type CommonOptions, type ExitCode, exit, print, printJson, table } from "./io.ts";
import { defaultPort } from "./port.ts";

export function registerDoctor(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("doctor")
    .summary("show what holds, from where, and whether the data folder is sound")
    .description(
      "Shows each setting with where it comes from, and holds the control tables against a fold of the whole journal.",
    )
    .option("--home <dir>", "the data folder (default .flyball)")
    .option("--json", "one JSON value")
    .action(async (options: CommonOptions) => done(await doctor(options)));
}

async function doctor(options: CommonOptions): Promise<ExitCode> {
  const file = readSettings(process.cwd());
  const settings = [
    chooseSetting("home", { flag: options.home, fallback: ".flyball" }),
    chooseSetting("port", {
      ...(file.server.port === undefined ? {} : { file: String(file.server.port) }),
      fallback: String(defaultPort),
    }),
    chooseSetting("retention.bodies", {
      ...(file.file ? { file: file.retention.bodies } : {}),
      fallback: file.retention.bodies,
    }),
    chooseSetting("retention.decisions", {
      ...(file.file ? { file: file.retention.decisions } : {}),
      fallback: file.retention.decisions,
    }),
    ...(["running", "queued"] as const).map((name) => {
      const chosen = file.limits[name];
      const fallback = String(name === "running" ? runsAtOnceDefault : runsQueuedDefault);
      return chooseSetting(`limits.${name}`, {
        ...(chosen === undefined ? {} : { file: String(chosen) }),
        fallback,
      });
    }),
    chooseSetting("allow.http", { ...(file.file ? { file: file.allow.http.join(", ") } : {}), fallback: "" }),
  ];
  const report = await onFolder(options, async (api) =>
    json<DoctorReport>(await api.request("GET", "/v1/journal/doctor")),
  );
  if (options.json) printJson({ ...report, settings });
  else {
    print(
      table([
        ["setting", "value", "from"],
        ...settings.map(({ name, value, from }) => [name, value || "none", from]),
      ]),
    );
    const runs = Object.entries(report.runs).map(([status, count]) => `${count} ${status}`);
    print(
      `\n${report.home}: ${report.events} events, runs: ${runs.join(", ") || "none"}, ${report.openReviews} open reviews (Node ${report.node})`,
    );
    for (const warning of report.warnings) print(warning);
    print(
      report.ok
        ? "The control tables agree with the journal."
        : `The control tables do NOT agree with the journal: ${report.disagreements.map(({ table: name, id }) => `${name} ${id}`).join(", ")}`,
    );
  }
  return report.ok ? exit.done : exit.withFailures;
}
