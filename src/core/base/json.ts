import { InvalidJson } from "./errors.ts";

/** Plain data: what a journal can hold and what an expression can see. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** How deep a value may nest before it is refused; V8's own JSON recursion ends near 7,000. */
export const jsonDepthMax = 500;

/** Characters of JSON that are read or written without a turn for anything else: some 10 ms of work. */
export const jsonSliceCharacters = 256 * 1024;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks that a value made by users' code is plain data, and returns it typed.
 * Refuses (`INVALID_JSON`, naming the path) what JSON would change without saying so:
 * undefined in lists, NaN, infinities, bigints, functions, symbols, class instances, cycles.
 * Members that are undefined are dropped, as JSON does.
 */
export function toJson(value: unknown, name = "value"): Json {
  return plain(value, { name, trail: [] });
}

/** Where in a value; written out only for an error: joined on the way, it took most of the time. */
interface Place {
  readonly name: string;
  readonly trail: (string | number)[];
}

function plain(value: unknown, place: Place): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw invalid(place, `${value} is not a JSON number`);
    // JSON has no negative zero; what goes on in memory is what will be read back.
    return value === 0 ? 0 : value;
  }
  if (typeof value !== "object") throw invalid(place, `a ${typeof value} is not JSON`);
  if (place.trail.length >= jsonDepthMax)
    throw invalid(place, `it nests deeper than ${jsonDepthMax}, or in a cycle`);
  if (Array.isArray(value)) return plainList(value, place);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw invalid(place, `an instance of ${prototype.constructor?.name ?? "a class"} is not plain data`);
  return plainObject(value as Readonly<Record<string, unknown>>, place);
}

function plainList(list: readonly unknown[], place: Place): Json {
  // `Array.from` also meets the holes of a list, which `map` passes over.
  return Array.from(list, (item, index) => {
    place.trail.push(index);
    const out = plain(item, place);
    place.trail.pop();
    return out;
  });
}

function plainObject(object: Readonly<Record<string, unknown>>, place: Place): Json {
  const out: Record<string, Json> = {};
  for (const key of Object.keys(object)) {
    const member = object[key];
    if (member === undefined) continue;
    place.trail.push(key);
    setOwn(out, key, plain(member, place));
    place.trail.pop();
  }
  return out;
}

function invalid({ name, trail }: Place, reason: string): InvalidJson {
  const path = trail.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`));
  return new InvalidJson(`${name}${path.join("")}`, reason);
}

/** An object without a prototype would keep `__proto__` too, but V8 writes it as JSON at a third of the speed. */
function setOwn(object: Record<string, Json>, key: string, value: Json): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * One text for one value: object keys sorted by code unit, no white space. Used under digests, so that
 * two spellings of the same document have the same version.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const object = value as JsonObject;
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] ?? null)}`);
  return `{${members.join(",")}}`;
}

/** The distance between two words in single edits; for "did you mean". */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitute, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** The known name nearest to a mistyped one, or undefined when none is near. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}
