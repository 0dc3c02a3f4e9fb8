import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { FlyballError, isJsonObject, parseDuration } from "../core/base/index.ts";
import { checkedSource, readSource, type Source } from "../core/executor/kinds/index.ts";
import { WorkflowInvalid } from "../core/workflow/index.ts";
import { alertProblems, alertSettings, type Receiver } from "../loop/alerts/index.ts";
import { type Keeping, optimizerSettings } from "../loop/optimizer/index.ts";
import { type GatewaySettings, gatewayProblems, gatewaySettings } from "../models/gateway/index.ts";
import { indexSettings } from "../models/retrieval/index.ts";

const durationText = z.string().refine(isDuration, { error: "expected a duration such as 90d or 12h" });

function isDuration(text: string): boolean {
  try {
    return parseDuration(text) > 0;
  } catch {
    return false;
  }
}

const settingsFile = z.strictObject({
  ...gatewaySettings.shape,
  indexes: indexSettings.default({}),
  allow: z
    .strictObject({
      http: z.array(z.string().min(1)).default([]),
      environment: z
        .array(z.string().min(1))
        .default([])
        .describe("Environment variables that users' code may see."),
    })
    .default({ http: [], environment: [] }),
  retention: z
    .strictObject({
      bodies: durationText
        .default("90d")
        .describe("How long what steps saw and answered is kept after a run's end."),
      decisions: z.union([z.literal("forever"), durationText]).default("forever"),
    })
    .default({ bodies: "90d", decisions: "forever" }),
  limits: z
    .strictObject({
      running: z.int().min(1).max(100_000).optional().describe("Runs that are worked on at once (1000)."),
      queued: z
        .int()
        .min(0)
        .max(10_000_000)
        .optional()
        .describe("Runs that wait for their turn (100000); one more is refused."),
    })
    .default({}),
  labels: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_-]{0,49}$/),
      z.strictObject({
        approvals: z
          .int()
          .min(0)
          .max(20)
          .default(0)
          .describe("How many people must have approved a version."),
        move: z.array(z.string().min(1)).min(1).exactOptional().describe("Who may move it; anyone without."),
      }),
    )
    .default({})
    .describe("What the labels of assets ask for."),
  alerts: alertSettings.describe("Who is told by webhook of what a person should know."),
  optimizer: optimizerSettings,
  server: z.strictObject({ port: z.int().min(0).max(65_535).optional() }).default({}),
});

export interface Settings extends GatewaySettings {
  readonly indexes: z.output<typeof indexSettings>;
  readonly allow: { readonly http: readonly string[]; readonly environment: readonly string[] };
  readonly retention: { readonly bodies: string; readonly decisions: string };
  readonly limits: { readonly running?: number | undefined; readonly queued?: number | undefined };
  readonly labels: Readonly<
    Record<string, { readonly approvals: number; readonly move?: readonly string[] }>
  >;
  readonly alerts: readonly Receiver[];
  readonly optimizer: Keeping;
  readonly server: { readonly port?: number | undefined };
  /** The file that they came from; null when there is none. */
  readonly file: string | null;
  readonly source: Source | null;
}

/** Reads `flyball.yaml` in a folder; without one, everything has its default. Throws `WorkflowInvalid`. */
export function readSettings(folder: string): Settings {
  const file = join(folder, "flyball.yaml");
  return existsSync(file) ? settingsOf(file, readFileSync(file, "utf8")) : noSettings();
}

function noSettings(): Settings {
  return { ...settingsFile.parse({}), file: null, source: null };
}

/** The settings with an entry of a section in place of the one that is there. Throws `WorkflowInvalid`. */
export function withEntry(
  settings: Settings,
  { section, name, text }: { readonly section: string; readonly name: string; readonly text: string },
  isElsewhere: (model: string) => boolean,
): Settings {
  const file = settings.file ?? "flyball.yaml";
  const written = settings.source && isJsonObject(settings.source.value) ? settings.source.value : {};
  const before = written[section];
  const entries = {
    ...(before !== undefined && isJsonObject(before) ? before : {}),
    [name]: readSource(file, text).value,
  };
  return settingsOf(file, stringify({ ...written, [section]: entries }), isElsewhere);
}

function settingsOf(file: string, text: string, isElsewhere?: (model: string) => boolean): Settings {
  const source = readSource(file, text);
  const checkable = source.value === null ? { ...source, value: {} } : source;
  const settings = checkedSource(checkable, settingsFile, Object.keys(settingsFile.shape));
  const found = [
    ...gatewayProblems(settings, isElsewhere),
    ...alertProblems(settings.alerts, settings.allow.http),
  ];
  const problems = found.map(({ path, message }) => source.problem(path, message));
  if (problems.length > 0) throw new WorkflowInvalid(problems);
  return { ...settings, file, source };
}

/** A setting as it holds, and where it came from: flag, environment, file or default. */
export interface Setting {
  readonly name: string;
  readonly value: string;
  readonly from: string;
}

export class SettingInvalid extends FlyballError {
  readonly code = "SETTING_INVALID";
  constructor(name: string, value: string, expected: string) {
    super(`${name} is ${JSON.stringify(value)}; expected ${expected}.`);
  }
}

/** `FLYBALL_*` before the file, a flag before both. */
export function chooseSetting(
  name: string,
  choices: { flag?: string | undefined; file?: string | undefined; fileName?: string; fallback: string },
): Setting {
  const variable = `FLYBALL_${name.toUpperCase()}`;
  const environment = process.env[variable];
  if (choices.flag !== undefined) return { name, value: choices.flag, from: `--${name}` };
  if (environment !== undefined && environment !== "") return { name, value: environment, from: variable };
  if (choices.file !== undefined)
    return { name, value: choices.file, from: choices.fileName ?? "flyball.yaml" };
  return { name, value: choices.fallback, from: "default" };
}

/** The value of a secret, from the environment alone; asked when it is needed, kept nowhere. */
export function secretFromEnvironment(name: string): string | undefined {
  return process.env[`FLYBALL_SECRET_${name}`] ?? process.env[name];
}
