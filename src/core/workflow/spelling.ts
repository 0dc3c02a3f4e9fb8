import { isJsonObject, type Json, type JsonObject, toJson } from "../base/index.ts";

/** Where something stands within a value: member names and list positions from the outside in. */
export type Path = readonly (string | number)[];

/** How the keys of the format are written: YAML is snake_case, JSON and TypeScript are camelCase. */
export type Spelling = "snake" | "camel";

export function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A key of the format as the writer of this source would write it. */
export function spelled(key: string, spelling: Spelling): string {
  return spelling === "snake" ? snakeCase(key) : camelCase(key);
}

/** The key of `known` that a written key means: itself, or the same in the other spelling. */
export function knownKey(written: string, known: Readonly<Record<string, unknown>>): string | undefined {
  return [written, camelCase(written), snakeCase(written)].find((key) => Object.hasOwn(known, key));
}

/** The member or item at a path, or undefined. */
export function valueAt(value: Json | undefined, path: Path): Json | undefined {
  let current = value;
  for (const segment of path) {
    if (Array.isArray(current)) current = current[Number(segment)];
    else if (isJsonObject(current) && Object.hasOwn(current, segment)) current = current[segment];
    else return undefined;
  }
  return current;
}

/** Plain data as ordinary objects, as it will come back from the journal. Throws `INVALID_JSON` for anything else. */
export function plainJson(value: unknown, name: string): Json {
  return JSON.parse(JSON.stringify(toJson(value, name)));
}

/** Every text within a value, with its path. */
export function* textsOf(
  value: Json,
  path: Path = [],
): Generator<{ readonly text: string; readonly path: Path }> {
  if (typeof value === "string") yield { text: value, path };
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* textsOf(item, [...path, index]);
  else if (isJsonObject(value))
    for (const [key, member] of Object.entries(value as JsonObject)) yield* textsOf(member, [...path, key]);
}
