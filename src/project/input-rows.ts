import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import {
  FlyballError,
  isJsonObject,
  type Json,
  type JsonObject,
  messageOf,
  sha256,
} from "../core/base/index.ts";
import type { BatchInput } from "../core/executor/index.ts";
import { readText } from "./loader.ts";

export class InputUnreadable extends FlyballError {
  readonly code = "INPUT_UNREADABLE";
  override readonly status = 422;
  constructor(file: string, reason: string) {
    super(`${file}: ${reason}`);
  }
}

/** An input, read: its rows, and the digest of its bytes, by which a batch is known. */
export interface InputFile {
  readonly digest: string;
  readonly rows: readonly BatchInput[];
}

/** Reads a .json, .jsonl or .csv file, or a JSON object given in its place. Rows that cannot be read say why. */
export function readInputFile(input: string, schema: JsonObject | undefined): InputFile {
  const bytes = readInput(input);
  return { digest: sha256(bytes), rows: parseRows(input, bytes.toString("utf8"), schema) };
}

function readInput(input: string): Buffer {
  if (/^\s*[{[]/.test(input)) return Buffer.from(input, "utf8");
  readText(input);
  return readFileSync(input);
}

function parseRows(input: string, text: string, schema: JsonObject | undefined): readonly BatchInput[] {
  if (/^\s*[{[]/.test(input)) return [single("--input", text)];
  switch (extname(input).toLowerCase()) {
    case ".jsonl":
    case ".ndjson":
      return jsonLines(text);
    case ".csv":
      return csvRows(input, text, schema);
    case ".json":
      return [single(input, text)];
    default:
      throw new InputUnreadable(input, "expected a .json, .jsonl or .csv file, or a JSON object");
  }
}

function single(name: string, text: string): BatchInput {
  try {
    return inputOf(1, JSON.parse(text));
  } catch (error) {
    throw new InputUnreadable(name, `it is not JSON: ${messageOf(error)}`);
  }
}

function jsonLines(text: string): BatchInput[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, index) => {
    try {
      return inputOf(index + 1, JSON.parse(line));
    } catch (error) {
      return { row: index + 1, problem: `it is not JSON: ${messageOf(error)}` };
    }
  });
}

const wrapperKeys = new Set(["input", "expected", "tags"]);

/** A row is the input itself, or `{ input, expected, tags }`. */
function inputOf(row: number, value: Json): BatchInput {
  if (!isJsonObject(value) || !("input" in value) || Object.keys(value).some((key) => !wrapperKeys.has(key)))
    return { row, input: value };
  const { input = null, expected, tags } = value;
  const strings = isJsonObject(tags)
    ? Object.fromEntries(Object.entries(tags).map(([key, tag]) => [key, String(tag)]))
    : undefined;
  return {
    row,
    input,
    ...(expected === undefined ? {} : { expected }),
    ...(strings ? { tags: strings } : {}),
  };
}

function csvRows(file: string, text: string, schema: JsonObject | undefined): BatchInput[] {
  const [header, ...records] = csvRecords(file, text);
  if (!header)
    throw new InputUnreadable(file, "it is empty; expected a header line with the names of the columns");
  const repeated = header.find((name, index) => header.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new InputUnreadable(file, `the column ${JSON.stringify(repeated)} stands there twice`);
  return records.map((record, index) => csvRow(index + 1, header, record, schema));
}

function csvRecords(file: string, text: string, delimiter = ","): string[][] {
  try {
    return parse(text, { delimiter, bom: true, relax_column_count: true, skip_empty_lines: true });
  } catch (error) {
    throw new InputUnreadable(file, `it is no CSV: ${messageOf(error)}`);
  }
}

/** Columns `expected` and `expected.NAME` are what is known to be right; `tag.NAME` are tags; the rest is the input. */
function csvRow(
  row: number,
  header: readonly string[],
  record: readonly string[],
  schema: JsonObject | undefined,
): BatchInput {
  if (record.length !== header.length)
    return { row, problem: `it has ${record.length} fields; the header has ${header.length}` };
  const input: Record<string, Json> = {};
  const expected: Record<string, Json> = {};
  const tags: Record<string, string> = {};
  let whole: Json | undefined;
  for (const [index, name] of header.entries()) {
    const cell = record[index] ?? "";
    if (name === "expected") whole = cell;
    else if (name.startsWith("expected.")) expected[name.slice("expected.".length)] = cell;
    else if (name.startsWith("tag.")) tags[name.slice("tag.".length)] = cell;
    else {
      const value = typed(cell, schema, name);
      if (value !== undefined) input[name] = value;
    }
  }
  const known = whole ?? (Object.keys(expected).length > 0 ? expected : undefined);
  return {
    row,
    input,
    ...(known === undefined ? {} : { expected: known }),
    ...(Object.keys(tags).length > 0 ? { tags } : {}),
  };
}

/** A cell as the input's schema has it: CSV knows only text. An empty cell of another type is absent. */
function typed(cell: string, schema: JsonObject | undefined, name: string): Json | undefined {
  const properties = schema?.properties;
  const property = isJsonObject(properties) ? properties[name] : undefined;
  const type = isJsonObject(property ?? null) ? (property as JsonObject).type : undefined;
  if (type === undefined || type === "string") return cell;
  if (cell === "") return undefined;
  try {
    return JSON.parse(type === "boolean" ? cell.toLowerCase() : cell);
  } catch {
    return cell;
  }
}

/** A table of texts: the rows of a .csv or .tsv file, or of a .jsonl file of flat objects; each may be gzipped. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

export function readTable(file: string): Table {
  readText(file);
  const bytes = readFileSync(file);
  const name = file.replace(/\.gz$/i, "");
  const text = (name === file ? bytes : gunzipSync(bytes)).toString("utf8");
  if (/\.(jsonl|ndjson)$/i.test(name)) return tableOfLines(file, text);
  if (/\.(csv|tsv)$/i.test(name)) return tableOfCsv(file, text, /tsv$/i.test(name) ? "\t" : ",");
  throw new InputUnreadable(file, "expected a .csv, .tsv or .jsonl file");
}

function tableOfCsv(file: string, text: string, delimiter: string): Table {
  const [columns, ...records] = csvRecords(file, text, delimiter);
  if (!columns)
    throw new InputUnreadable(file, "it is empty; expected a header line with the names of the columns");
  const rows = records.map((record, index) => {
    if (record.length !== columns.length)
      throw new InputUnreadable(
        file,
        `row ${index + 1} has ${record.length} fields; the header has ${columns.length}`,
      );
    return Object.fromEntries(columns.map((column, place) => [column, record[place] ?? ""]));
  });
  return { columns, rows };
}

function tableOfLines(file: string, text: string): Table {
  const rows = jsonLines(text).map((row) => {
    if ("problem" in row) throw new InputUnreadable(file, `line ${row.row}: ${row.problem}`);
    if (!isJsonObject(row.input)) throw new InputUnreadable(file, `line ${row.row} is no object`);
    return Object.fromEntries(
      Object.entries(row.input).map(([key, value]) => [
        key,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    );
  });
  return { columns: [...new Set(rows.flatMap((row) => Object.keys(row)))], rows };
}
