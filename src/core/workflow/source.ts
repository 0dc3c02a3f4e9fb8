import { isJsonObject, type Json } from "../base/index.ts";
import { type Problem, WorkflowInvalid } from "./errors.ts";
import { camelCase, type Path, type Spelling, spelled, valueAt } from "./spelling.ts";

/** Where within the thing at a path: its key, its value, or this many characters into its text. */
export type Where = "key" | "value" | number;

/** What a user wrote, as plain data, and where each part of it stands. */
export interface Source {
  readonly value: Json;
  readonly spelling: Spelling;
  /** A message about the thing at a path, or about the nearest thing around it that is there. */
  problem(path: Path, message: string, where?: Where): Problem;
  /** A position in the text itself, for what has no path. */
  readonly file: string;
}

/** A definition made by code has no lines: its messages begin with the path instead. */
export function definitionSource(value: Json, name: string): Source {
  const file = `defineWorkflow(${name})`;
  const problem = (path: Path, message: string): Problem => ({
    file,
    line: 1,
    column: 1,
    message: path.length === 0 ? message : `${pathText(path)}: ${message}`,
  });
  const hostile = pathToKey(value, "__proto__");
  if (hostile) throw new WorkflowInvalid([problem(hostile, "`__proto__` cannot be a key")]);
  return { file, value, spelling: "camel", problem };
}

function pathToKey(value: Json, name: string): Path | undefined {
  const members = typeof value === "object" && value !== null ? Object.entries(value) : [];
  for (const [key, member] of members) {
    const inside = key === name ? [] : pathToKey(member, name);
    if (inside) return [Array.isArray(value) ? Number(key) : key, ...inside];
  }
  return undefined;
}

function pathText(path: Path): string {
  return path.reduce<string>(
    (text, segment) =>
      typeof segment === "number" ? `${text}[${segment}]` : text ? `${text}.${segment}` : segment,
    "",
  );
}

/** What to call the thing at a path in a message, in the writer's spelling: `on[1]`, `below`. */
export function labelOf(source: Source, path: Path): string {
  let start = path.length - 1;
  while (start > 0 && typeof path[start] === "number") start--;
  const key = path[start];
  if (typeof key !== "string") return "";
  const around = valueAt(source.value, path.slice(0, start));
  const written = isJsonObject(around) ? writtenKey(around, key) : undefined;
  return (written ?? spelled(key, source.spelling)) + pathText(path.slice(start + 1));
}

function writtenKey(object: Readonly<Record<string, unknown>>, key: string): string | undefined {
  if (Object.hasOwn(object, key)) return key;
  return Object.keys(object).find((candidate) => camelCase(candidate) === camelCase(key));
}
