import { bindArguments, type Signature } from "./calls.ts";
import { defined } from "./operations.ts";
import type { Run } from "./run.ts";
import { type Arguments, sequenceItems, Undefined, type Value } from "./values.ts";

type Bound = Value | undefined;

/** A filter whose arguments have names. */
interface NamedFilter {
  readonly signature: Signature;
  /** Takes undefined values; all others refuse them. */
  readonly takesUndefined?: boolean;
  readonly apply: (run: Run, value: Value, ...args: Bound[]) => Value;
}

/** A filter that hands its arguments on to another one, or to a pattern. */
interface OpenFilter {
  readonly applyOpen: (run: Run, value: Value, args: Arguments) => Value;
}

export type Filter = NamedFilter | OpenFilter;

export type FilterTable = Readonly<Record<string, Filter>>;

/** A named filter; a parameter that ends in `!` must be given. */
export function filter(parameters: string, apply: NamedFilter["apply"]): NamedFilter {
  return { signature: signatureOf(parameters), apply };
}

/** The signature of parameters written as `"needed! other"`. */
export function signatureOf(parameters: string): Signature {
  const names = parameters.split(" ").filter((name) => name !== "");
  return {
    parameters: names.map((name) => name.replace("!", "")),
    required: names.filter((name) => name.endsWith("!")).length,
  };
}

/** Applies a filter, and pays for the text or the items that go in and the text that comes out. */
export function applyFilter(run: Run, name: string, use: Filter, value: Value, args: Arguments): Value {
  if (value instanceof Undefined && !("signature" in use && use.takesUndefined)) defined(run, value);
  run.spend(1);
  run.spendItems(sequenceItems(value)?.length ?? 0);
  if (typeof value === "string") run.spendText(value.length);
  const result =
    "applyOpen" in use
      ? use.applyOpen(run, value, args)
      : use.apply(run, value, ...bindArguments(run, name, use.signature, args));
  if (typeof result === "string") run.spendText(result.length);
  return result;
}
