import type { Command } from "commander";
import { formatDuration } from "../core/base/index.ts";
import {
  type LogColumns,
  type ReadLog,
  readLog,
  type ShownEdge,
  type Summary,
  summarize,
  variantsShownDefault,
  writeCsv,
  writeXes,
  XesWriter,
  type XmlElement,
  xesPartsOf,
} from "../loop/mining/index.ts";
import { type Api, json, onFolder, queryOf } from "./connect.ts";
import {
  CommandRefused,
  type CommonOptions,
  type ExitCode,
  exit,
  note,
  oneLine,
  print,
  printJson,
  table,
} from "./io.ts";
import { NewFile } from "./new-file.ts";

interface MineOptions extends CommonOptions, Partial<LogColumns> {
  readonly workflow?: string;
  readonly from?: string;
  readonly to?: string;
  readonly variants: string;
  readonly export?: string;
}

export function registerMine(program: Command, done: (code: ExitCode) => void): void {
  program
    .command("mine")
    .argument("[log]", "an event log: XES, OCEL, or CSV with a line of names; packed with gzip or not")
    .summary("how work really flows: variants, waits, rework, bottlenecks")
    .description(
      "Of the runs in the data folder, or of an event log of any other system: the ways that cases go, what " +
        "follows what and how often, where time and money go, what is done again, and who hands over to whom.",
    )
    .option(
      "--case <name>",
      "the column with the case; of OCEL: a type of object; of runs: `run`, or `tag:NAME`",
    )
    .option("--activity <name>", "the column with what was done; of runs: `path` or `kind`")
    .option("--timestamp <name>", "the column with when it was done")
    .option("--start <name>", "the column with when it was begun")
    .option("--resource <name>", "the column with who did it")
    .option("--lifecycle <name>", "the column that tells start from complete")
    .option("--cost <name>", "the column with what it cost")
    .option("--workflow <name>", "only runs of this workflow")
    .option("--from <day>", "only runs that began on this day or later, such as 2026-01-31 (UTC)")
    .option("--to <day>", "only runs that began on this day or earlier")
    .option("--variants <n>", "how many variants are listed", String(variantsShownDefault))
    .option("--export <file>", "write the event log too: a .xes or .csv file, also .gz")
    .option("--home <dir>", "the data folder (default .flyball)")
    .option("--json", "one JSON value")
    .action(async (log: string | undefined, options: MineOptions) => done(await mine(log, options)));
}

async function mine(file: string | undefined, options: MineOptions): Promise<ExitCode> {
  const variantsMax = Number(options.variants);
  if (!Number.isInteger(variantsMax) || variantsMax < 0)
    throw new CommandRefused(`--variants is ${JSON.stringify(options.variants)}; expected a whole number.`);
  refuseUseless(file, options);
  const format = options.export === undefined ? undefined : formatOf(options.export);
  const summary =
    file === undefined
      ? await onFolder(options, (api) => mineRuns(api, options, format))
      : await mineFile(file, { options, format, variantsMax });
  if (options.json) printJson(summary);
  else print(describe(summary));
  for (const each of summary.notes) note(each);
  return exit.done;
}

type Format = "xes" | "csv";

function formatOf(file: string): Format {
  const ending = /\.(xes|csv)(?:\.gz)?$/i.exec(file)?.[1]?.toLowerCase();
  if (ending === "xes" || ending === "csv") return ending;
  throw new CommandRefused(`--export is ${JSON.stringify(file)}; expected a .xes or .csv file, also .gz.`);
}

/** An option that would change nothing was meant to. */
function refuseUseless(file: string | undefined, options: MineOptions): void {
  const ofFiles = ["timestamp", "start", "resource", "lifecycle", "cost"] as const;
  const ofRuns = ["workflow", "from", "to", "home"] as const;
  const useless = (file === undefined ? ofFiles : ofRuns).find((name) => options[name] !== undefined);
  if (useless === undefined) return;
  const where = file === undefined ? "the columns of an event log; name the log" : "runs, not an event log";
  throw new CommandRefused(`--${useless} is about ${where}.`);
}

async function mineRuns(api: Api, options: MineOptions, format: Format | undefined): Promise<Summary> {
  const { workflow, from, to, case: caseIs, activity, variants } = options;
  const query = queryOf({ workflow, from, to, case: caseIs, activity });
  const asked = await api.request("GET", `/v1/mining?${query}&variants=${variants}`);
  const summary = await json<Summary>(asked);
  if (format === undefined || options.export === undefined) return summary;
  const response = await api.request("GET", `/v1/mining/log?${query}&format=${format}`);
  if (response.status >= 400) await json(response);
  const out = new NewFile(options.export);
  await out.writeAll(response.body ?? []);
  return summary;
}

interface FileRequest {
  readonly options: MineOptions;
  readonly format: Format | undefined;
  readonly variantsMax: number;
}

async function mineFile(file: string, { options, format, variantsMax }: FileRequest): Promise<Summary> {
  const { case: caseName, activity, timestamp, start, resource, lifecycle, cost } = options;
  const named = { case: caseName, activity, timestamp, start, resource, lifecycle, cost };
  const columns = Object.fromEntries(Object.entries(named).filter(([, name]) => name !== undefined));
  const { log, notes } =
    options.export === undefined || format === undefined
      ? await readLog(file, { columns })
      : await readAndExport(file, { columns, format, to: options.export });
  return summarize(log, { variantsMax, notes });
}

/** From XES to XES every part goes over as it is, whatever it holds; else what is mined. */
async function readAndExport(
  file: string,
  { columns, format, to }: { columns: Partial<LogColumns>; format: Format; to: string },
): Promise<ReadLog> {
  const out = new NewFile(to);
  const writer = new XesWriter();
  const onParts = (parts: readonly XmlElement[]) =>
    out.write(parts.map((part) => writer.part(part)).join(""));
  try {
    const read = await readLog(file, { columns, ...(format === "xes" ? { onParts } : {}) });
    if (format === "xes" && read.format === "xes") await out.writeAll([writer.end()]);
    else await exportColumns(read, { out, format });
    return read;
  } catch (error) {
    await out.discard();
    throw error;
  }
}

async function exportColumns(
  { log }: ReadLog,
  { out, format }: { out: NewFile; format: Format },
): Promise<void> {
  await out.restart();
  await out.writeAll(format === "csv" ? writeCsv(log) : writeXes(xesPartsOf(log)));
}

const rowsShown = 10;
const pathChars = 100;

function describe(summary: Summary): string {
  if (summary.events === 0) return "There are no events.";
  const { topVariants, edges, rework, bottlenecks, handovers } = summary;
  return [
    table(figures(summary)),
    section("Variants", ["cases", "share", "path"], topVariants.map(variantRow)),
    section(
      "Slowest edges",
      ["mean", "median", "count", "work", "queue", "person", "outside", "edge"],
      slowest(edges),
    ),
    section("Rework", ["cases", "times", "activity"], rework.slice(0, rowsShown).map(reworkRow)),
    section("Bottlenecks", ["share", "waited", "for", "edge"], bottlenecks.map(bottleneckRow)),
    section("Hand-overs", ["count", "from → to"], handovers.slice(0, rowsShown).map(handoverRow)),
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

function figures({ caseDuration, ...summary }: Summary): string[][] {
  const { cases, events, activities, variants, topVariants, firstAt, lastAt, activityTimes } = summary;
  const listed = topVariants.reduce((sum, { share }) => sum + share, 0);
  const costs = activityTimes.flatMap(({ cost }) => (cost === null ? [] : [cost]));
  const cost = costs.reduce((sum, each) => sum + each, 0);
  return [
    [
      "cases",
      `${cases}${firstAt && lastAt ? `, from ${firstAt.slice(0, 10)} to ${lastAt.slice(0, 10)}` : ""}`,
    ],
    ["events", `${events} of ${activities} activities`],
    [
      "variants",
      `${variants}${topVariants.length > 0 ? `; those listed are ${percent(listed)} of the cases` : ""}`,
    ],
    ...(caseDuration
      ? [
          [
            "a case takes",
            `${formatDuration(caseDuration.medianMs)} in the median, ${formatDuration(caseDuration.meanMs)} on average`,
          ],
        ]
      : []),
    ...(costs.length > 0
      ? [["cost", `${Number(cost.toPrecision(6))} in all, ${Number((cost / cases).toPrecision(3))} a case`]]
      : []),
  ];
}

/** A heading, and columns to the right of their width; the last one is text of any length. */
function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const padded = lines.map((line) =>
    line.map((cell, column) => (column === line.length - 1 ? cell : cell.padStart(widths[column] ?? 0))),
  );
  return `${title}\n${padded.map((line) => `  ${line.join("  ")}`).join("\n")}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function edgeText(from: string, to: string): string {
  return `${oneLine(from, pathChars / 2)} → ${oneLine(to, pathChars / 2)}`;
}

function variantRow({ cases, share, activities }: Summary["topVariants"][number]): string[] {
  return [String(cases), percent(share), oneLine(activities.join(" → "), pathChars)];
}

function slowest(edges: readonly ShownEdge[]): string[][] {
  const mean = ({ elapsed }: ShownEdge) => elapsed?.meanMs ?? 0;
  return edges
    .filter((edge) => mean(edge) > 0)
    .toSorted((one, other) => mean(other) - mean(one))
    .slice(0, rowsShown)
    .map(({ from, to, count, elapsed, service, queue, human, external }) => [
      formatDuration(elapsed?.meanMs ?? 0),
      formatDuration(elapsed?.medianMs ?? 0),
      String(count),
      ...[service, queue, human, external].map((part) => (part ? formatDuration(part.meanMs) : "-")),
      edgeText(from, to),
    ]);
}

function reworkRow({ activity, cases, repeats }: Summary["rework"][number]): string[] {
  return [String(cases), String(repeats), oneLine(activity, pathChars)];
}

/** What is waited for, as people say it. */
const waitedFor = {
  queue: "its turn",
  human: "a person",
  external: "outside",
  elapsed: "work or wait",
} as const;

function bottleneckRow({ from, to, of, waitMs, share }: Summary["bottlenecks"][number]): string[] {
  return [percent(share), formatDuration(waitMs), waitedFor[of], edgeText(from, to)];
}

function handoverRow({ from, to, count }: Summary["handovers"][number]): string[] {
  return [String(count), edgeText(from, to)];
}
