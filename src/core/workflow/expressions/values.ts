import { type Json, type JsonObject, nearestName } from "../../base/index.ts";
import { characterAt, textLength } from "./python-text.ts";
import type { Run } from "./run.ts";

/**
 * What an expression computes with. Data from the scope are the JSON values themselves, never copied
 * and never changed: an integral number is an int, any other a float. Whatever an expression makes is
 * one of the classes below, so that the two can be told apart. Members are own members only.
 */
export type Value = Json | RuntimeValue;

export abstract class RuntimeValue {
  /** The word for it in messages. */
  abstract readonly typeName: string;
}

/** A name or member that is not there. Any use but `is defined` and `default` is an error. */
export class Undefined extends RuntimeValue {
  readonly typeName = "undefined";
  /** As the author wrote it: `input.mesage`. */
  readonly name: string;
  readonly offset: number;
  private readonly reason: () => string;

  constructor(name: string, offset: number, reason: () => string = () => "") {
    super();
    this.name = name;
    this.offset = offset;
    this.reason = reason;
  }

  /** A sentence without its full stop: what is undefined, and what may have been meant. */
  describe(): string {
    return `${this.name} is undefined${this.reason()}`;
  }
}

/** A float that a JavaScript number alone would show as an int: `1.0`, `-0.0`, `1e300`. */
export class Float extends RuntimeValue {
  readonly typeName = "float";
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }
}

/** A list that an expression made. `display` prints what Python prints otherwise, such as `range(0, 3)`. */
export class List extends RuntimeValue {
  readonly typeName = "list";
  readonly items: readonly Value[];
  readonly display: ((inner: string) => string) | undefined;

  constructor(items: readonly Value[], display?: (inner: string) => string) {
    super();
    this.items = items;
    this.display = display;
  }
}

export class Tuple extends RuntimeValue {
  readonly typeName = "tuple";
  readonly items: readonly Value[];
  /** The names of the items of a named tuple, such as a group's `grouper` and `list`. */
  readonly names: readonly string[];

  constructor(items: readonly Value[], names: readonly string[] = []) {
    super();
    this.items = items;
    this.names = names;
  }
}

/** A dict that an expression made; keys keep their type and the order in which they came. */
export class Dict extends RuntimeValue {
  readonly typeName = "dict";
  private readonly members = new Map<unknown, readonly [key: Value, value: Value]>();

  set(run: Run, key: Value, value: Value): void {
    const id = keyId(key);
    if (id === undefined) throw run.failure(`a ${typeName(key)} cannot be the key of a dict`);
    this.members.set(id, [this.members.get(id)?.[0] ?? key, value]);
  }

  get(key: Value): Value | undefined {
    const id = keyId(key);
    return id === undefined ? undefined : this.members.get(id)?.[1];
  }

  get size(): number {
    return this.members.size;
  }

  entries(): readonly (readonly [key: Value, value: Value])[] {
    return [...this.members.values()];
  }
}

/** Arguments of a call, spreads already unpacked. */
export interface Arguments {
  readonly positional: readonly Value[];
  readonly keyword: ReadonlyMap<string, Value>;
}

/** What stands behind names such as `loop` or `namespace(…)`: members by rule, not by property. */
export abstract class Special extends RuntimeValue {
  /** A member that can be read, or undefined. */
  member(_name: string): Value | undefined {
    return undefined;
  }

  /** Calls a member, or undefined where there is no such method. */
  callMember(_run: Run, _name: string, _args: Arguments): Value | undefined {
    return undefined;
  }
}

export abstract class Callable extends Special {
  readonly typeName = "function";
  abstract invoke(run: Run, args: Arguments): Value;
}

/** Equal keys have the same id: `1`, `1.0` and `true` are one key in Python. */
function keyId(key: Value): unknown {
  if (key === null || typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "boolean") return Number(key);
  if (key instanceof Float) return key.value;
  // A tuple could be one, too, but JSON has no such keys, and finding equal ones takes time without bound.
  return undefined;
}

/** A double as a float: only those that would look like an int need the wrapper. */
export function makeFloat(value: number): Value {
  return Number.isSafeInteger(value) ? new Float(value) : value;
}

export function isFloat(value: Value): boolean {
  return value instanceof Float || (typeof value === "number" && !Number.isSafeInteger(value));
}

/** Ints and booleans, which Python counts among them. */
export function isInteger(value: Value): value is number | boolean {
  return typeof value === "boolean" || (typeof value === "number" && Number.isSafeInteger(value));
}

/** The number in an int, float or boolean, or undefined. */
export function numberIn(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return value instanceof Float ? value.value : undefined;
}

function isJsonArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** An object of the data. */
export function isDataObject(value: Value): value is JsonObject {
  return (
    typeof value === "object" && value !== null && !(value instanceof RuntimeValue) && !isJsonArray(value)
  );
}

/** The items of a list, from the data or made here, or undefined. */
export function listItems(value: Value): readonly Value[] | undefined {
  if (isJsonArray(value)) return value;
  return value instanceof List ? value.items : undefined;
}

/** The items of a list or a tuple, or undefined. */
export function sequenceItems(value: Value): readonly Value[] | undefined {
  return value instanceof Tuple ? value.items : listItems(value);
}

export function isMapping(value: Value): value is JsonObject | Dict {
  return value instanceof Dict || isDataObject(value);
}

/** Keys and values of a mapping in their order, or undefined for anything else. */
export function mappingEntries(value: Value): readonly (readonly [key: Value, value: Value])[] | undefined {
  if (value instanceof Dict) return value.entries();
  return isDataObject(value) ? Object.entries(value) : undefined;
}

export function mappingSize(value: JsonObject | Dict): number {
  return value instanceof Dict ? value.size : Object.keys(value).length;
}

/** Does not count them: that would take time with each member. */
export function isEmptyMapping(value: JsonObject | Dict): boolean {
  if (value instanceof Dict) return value.size === 0;
  for (const key in value) if (Object.hasOwn(value, key)) return false;
  return true;
}

/** The value under a key of a mapping, own members only. */
export function mappingGet(value: JsonObject | Dict, key: Value): Value | undefined {
  if (value instanceof Dict) return value.get(key);
  return typeof key === "string" && Object.hasOwn(value, key) ? value[key] : undefined;
}

/**
 * `value.key` and `value[key]`: an own member of a mapping, an item by index (from the end when
 * negative), a character of a string, or what a special value offers; otherwise undefined.
 */
export function memberOf(value: Value, key: Value): Value | undefined {
  if (typeof value === "string") return typeof key === "number" ? indexText(value, key) : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  if (isMapping(value)) return mappingGet(value, key);
  const items = sequenceItems(value);
  if (items) return isInteger(key) ? items.at(Number(key)) : namedItem(value, key);
  return value instanceof Special && typeof key === "string" ? value.member(key) : undefined;
}

function indexText(text: string, index: number): string | undefined {
  const fromStart = index < 0 ? index + textLength(text) : index;
  return fromStart < 0 ? undefined : characterAt(text, fromStart);
}

function namedItem(value: Value, key: Value): Value | undefined {
  if (!(value instanceof Tuple) || typeof key !== "string") return undefined;
  const index = value.names.indexOf(key);
  return index < 0 ? undefined : value.items[index];
}

/** The word for a value's type in messages. */
export function typeName(value: Value): string {
  if (value === null) return "none";
  if (value instanceof RuntimeValue) return value.typeName;
  if (typeof value === "number") return Number.isSafeInteger(value) ? "int" : "float";
  if (typeof value === "object") return isJsonArray(value) ? "list" : "dict";
  return typeof value === "boolean" ? "boolean" : "string";
}

const suggestionsMax = 500;
const suggestedNameMax = 60;

/** Methods that are easily forgotten to be called. */
const mappingMethodNames = new Set(["items", "keys", "values", "get"]);

/** Why a member is missing, for the end of a message: `; did you mean message?`. */
export function whyMissing(holder: Value, key: Value): string {
  const items = sequenceItems(holder);
  if (items && typeof key === "number") return `; the ${typeName(holder)} has ${items.length} items`;
  if (typeof holder === "string" && typeof key === "number") return "; the text is shorter";
  const entries = mappingEntries(holder);
  if (!entries) return `, because what stands before it is ${typeName(holder)}`;
  if (typeof key !== "string" || key.length > suggestedNameMax) return "";
  const names = entries
    .slice(0, suggestionsMax)
    .flatMap(([name]) => (typeof name === "string" ? [name] : []));
  const near = nearestName(
    key,
    names.filter((name) => name.length <= suggestedNameMax),
  );
  if (near !== undefined) return `; did you mean ${near}?`;
  return mappingMethodNames.has(key) ? `; did you mean ${key}()?` : "";
}
