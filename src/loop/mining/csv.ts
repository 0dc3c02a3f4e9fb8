import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { messageOf, nearestName } from "../../core/base/index.ts";
import { csvColumns, type LogColumns, waitColumns, xesColumns } from "./columns.ts";
import { LogUnreadable } from "./errors.ts";
import { recordBytesMax } from "./limits.ts";
import type { EventLog, LogBuilder, NewLogEvent } from "./log.ts";
import { formatTimestamp } from "./timestamp.ts";
import { type EventTexts, eventOf, fieldsOf } from "./xes-events.ts";

/** The columns that a log has, where the caller names them or they have a name that says what they are. */
export type NamedColumns = Partial<LogColumns>;

/** Reads a table with a line of names first. Resolves with the number of rows that name no case or activity. */
export async function readCsv(
  file: string,
  pieces: AsyncIterable<string>,
  { builder, columns }: { readonly builder: LogBuilder; readonly columns: NamedColumns },
): Promise<number> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = (await iterator.next()).value ?? "";
  let rows: Rows | undefined;
  const parser = parse({
    bom: true,
    delimiter: delimiterOf(first),
    skip_empty_lines: true,
    max_record_size: recordBytesMax,
    on_record(record: readonly string[], { lines }: { lines: number }) {
      if (rows) rows.add(record, lines);
      else rows = new Rows(file, record, { builder, columns });
      return null;
    },
  });
  try {
    await pipeline(Readable.from(withFirst(first, iterator)), parser, drained);
  } catch (error) {
    throw error instanceof CsvError ? csvProblem(file, error) : error;
  }
  if (!rows)
    throw new LogUnreadable(file, { line: 1 }, "the file is empty; expected the names of its columns");
  return rows.leftOut;
}

async function* withFirst(first: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** Rows are taken where they are parsed; nothing comes out of the parser. */
async function drained(records: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of records);
}

/** The one of comma, semicolon and tab that the first line has most of. */
function delimiterOf(text: string): string {
  const [line = ""] = text.split(/\r?\n/, 1);
  const counted = [",", ";", "\t"].map((sign) => ({ sign, count: line.split(sign).length }));
  return counted.sort((one, other) => other.count - one.count)[0]?.sign ?? ",";
}

function csvProblem(file: string, error: CsvError): LogUnreadable {
  const line = typeof error.lines === "number" ? error.lines : 1;
  return new LogUnreadable(file, { line }, `this is no table of CSV: ${messageOf(error)}`);
}

/** The rows behind the line of names. */
class Rows {
  readonly #file: string;
  readonly #header: readonly string[];
  readonly #builder: LogBuilder;
  readonly #caseAt: number;
  /** Where in a row each field of an event is. */
  readonly #fields: readonly (readonly [field: keyof NewLogEvent, at: number])[];
  leftOut = 0;

  constructor(
    file: string,
    header: readonly string[],
    { builder, columns }: { readonly builder: LogBuilder; readonly columns: NamedColumns },
  ) {
    this.#file = file;
    this.#header = header;
    this.#builder = builder;
    const { case: caseColumn, ...chosen } = chosenColumns(file, header, columns);
    this.#caseAt = header.indexOf(caseColumn);
    this.#fields = [...fieldsOf(chosen)].flatMap(([name, field]) =>
      header.includes(name) ? [[field, header.indexOf(name)] as const] : [],
    );
  }

  add(record: readonly string[], line: number): void {
    const name = record[this.#caseAt];
    const texts: EventTexts = {};
    for (const [field, at] of this.#fields) texts[field] = record[at] ?? "";
    const event = name && texts.activity ? eventOf(texts) : undefined;
    if (!event || !name) this.leftOut += 1;
    else if ("problem" in event) {
      const column = this.#header[this.#fields.find(([field]) => field === event.field)?.[1] ?? 0] ?? "";
      throw new LogUnreadable(this.#file, { line, column }, event.problem);
    } else this.#builder.add(this.#builder.caseNamed(name), event);
  }
}

const optionOf = { case: "--case", activity: "--activity", timestamp: "--timestamp" } as const;

/** What the caller named must be there; for the rest, names that say what they are. */
function chosenColumns(file: string, header: readonly string[], named: NamedColumns): LogColumns {
  const roles = Object.keys(csvColumns) as (keyof LogColumns)[];
  const chosen = roles.flatMap((role) => {
    const name = named[role];
    if (name !== undefined) return [[role, present(file, header, name)]];
    const ownName = role === "case" ? "case:concept:name" : xesColumns[role];
    const usual = [csvColumns[role], ownName].find((candidate) => header.includes(candidate));
    return usual === undefined ? [] : [[role, usual]];
  });
  const columns: NamedColumns = Object.fromEntries(chosen);
  const { case: caseColumn, activity, timestamp } = columns;
  if (caseColumn !== undefined && activity !== undefined && timestamp !== undefined)
    return { ...columns, case: caseColumn, activity, timestamp };
  const missing = Object.entries(optionOf).flatMap(([role, option]) =>
    columns[role as keyof typeof optionOf] === undefined ? [option] : [],
  );
  const there = header.map((name) => JSON.stringify(name)).join(", ");
  throw new LogUnreadable(
    file,
    { line: 1 },
    `name the columns with ${missing.join(", ")}; there are ${there}`,
  );
}

function present(file: string, header: readonly string[], name: string): string {
  if (header.includes(name)) return name;
  const nearest = nearestName(name, header);
  const hint = nearest ? `did you mean ${JSON.stringify(nearest)}?` : `there are ${header.join(", ")}`;
  throw new LogUnreadable(file, { line: 1 }, `there is no column ${JSON.stringify(name)}; ${hint}`);
}

/** An event log as a table, line by line; `readCsv` knows its columns by their names. */
export function* writeCsv(log: EventLog): Generator<string> {
  const { measured } = log;
  const waits = Object.entries(waitColumns);
  yield csvLine([...Object.values(csvColumns), ...waits.map(([name]) => name)]);
  for (const [index, name] of distinct(log.cases).entries())
    for (let event = log.offsets[index] ?? 0; event < (log.offsets[index + 1] ?? 0); event++)
      yield csvLine([
        name,
        log.activities[log.activity[event] ?? 0] ?? "",
        momentCell(log.at[event]),
        momentCell(measured.startedAt?.[event]),
        log.resources[log.resource[event] ?? 0] ?? "",
        log.transitions[log.transition[event] ?? 0] ?? "",
        numberCell(measured.cost?.[event]),
        ...waits.map(([, measure]) => numberCell(measured[measure]?.[event])),
      ]);
}

/** In a table only its name tells a case from others, and traces may share theirs: `7`, `7 (2)`. */
function distinct(names: readonly string[]): readonly string[] {
  const taken = new Set(names);
  const seen = new Map<string, number>();
  if (taken.size === names.length) return names;
  return names.map((name) => {
    let count = (seen.get(name) ?? 0) + 1;
    while (count > 1 && taken.has(`${name} (${count})`)) count += 1;
    seen.set(name, count);
    if (count === 1) return name;
    taken.add(`${name} (${count})`);
    return `${name} (${count})`;
  });
}

function momentCell(ms: number | undefined): string {
  return ms === undefined || Number.isNaN(ms) ? "" : formatTimestamp(ms);
}

function numberCell(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "" : String(value);
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",;\t\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
}
