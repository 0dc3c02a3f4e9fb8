import type { Run } from "./run.ts";
import { type Arguments, isInteger, typeName, Undefined, type Value } from "./values.ts";

export const noKeywords: ReadonlyMap<string, Value> = new Map();
export const noArguments: Arguments = { positional: [], keyword: noKeywords };

/** How a filter, test, method or function is called. */
export interface Signature {
  readonly parameters: readonly string[];
  /** How many of them must be given. */
  readonly required: number;
}

/** Arguments in the order of the parameters, undefined where one is not given. */
export function bindArguments(
  run: Run,
  name: string,
  signature: Signature,
  args: Arguments,
): (Value | undefined)[] {
  const { parameters, required } = signature;
  if (args.positional.length > parameters.length)
    throw run.failure(countMessage(name, signature, args.positional.length));
  const bound: (Value | undefined)[] = parameters.map((_, index) => args.positional[index]);
  for (const [keyword, value] of args.keyword) {
    const index = parameters.indexOf(keyword);
    if (index < 0) throw run.failure(`${name} has no argument ${keyword}${known(parameters)}`);
    if (bound[index] !== undefined) throw run.failure(`${name} is given the argument ${keyword} twice`);
    bound[index] = value;
  }
  const missing = parameters.findIndex((_, index) => index < required && bound[index] === undefined);
  if (missing >= 0) throw run.failure(`${name} needs the argument ${parameters[missing]}`);
  return bound;
}

function countMessage(name: string, { parameters }: Signature, given: number): string {
  return parameters.length === 0
    ? `${name} takes no arguments`
    : `${name} takes at most ${parameters.length} arguments, not ${given}${known(parameters)}`;
}

function known(parameters: readonly string[]): string {
  return parameters.length === 0 ? "" : `; its arguments are ${parameters.join(", ")}`;
}

/** An int argument. */
export function integerArgument(run: Run, value: Value | undefined, name: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (isInteger(value)) return Number(value);
  throw run.failure(`${name} is ${typeName(value)}; expected an int`);
}

/** A string argument. */
export function textArgument(run: Run, value: Value | undefined, name: string, fallback: string): string {
  if (value === undefined) return fallback;
  if (typeof value === "string") return value;
  throw run.failure(`${name} is ${typeName(value)}; expected a string`);
}

/** Refuses undefined arguments: only macros may be given any. */
export function checkDefined(run: Run, args: Arguments): void {
  for (const value of [...args.positional, ...args.keyword.values()])
    if (value instanceof Undefined) throw run.failure(value.describe(), value.offset);
}
