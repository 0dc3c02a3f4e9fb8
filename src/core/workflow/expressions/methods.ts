import { bindArguments, integerArgument, type Signature } from "./calls.ts";
import { signatureOf } from "./filter.ts";
import { textMethods } from "./methods-text.ts";
import { equals } from "./operations.ts";
import type { Run } from "./run.ts";
import {
  type Arguments,
  isMapping,
  List,
  mappingEntries,
  mappingGet,
  Special,
  sequenceItems,
  Tuple,
  typeName,
  type Value,
} from "./values.ts";

/** A method of a kind of value. The table of methods is all that can be called on data. */
export interface Method<Receiver> {
  readonly signature: Signature;
  readonly call: (run: Run, receiver: Receiver, args: (Value | undefined)[], all: Arguments) => Value;
}

type MethodTable<Receiver> = ReadonlyMap<string, Method<Receiver>>;

const mappingMethods: MethodTable<Value> = new Map<string, Method<Value>>([
  [
    "items",
    {
      signature: signatureOf(""),
      call: (run, value) =>
        view(
          run,
          "dict_items",
          entriesOf(value).map((entry) => new Tuple(entry)),
        ),
    },
  ],
  [
    "keys",
    {
      signature: signatureOf(""),
      call: (run, value) =>
        view(
          run,
          "dict_keys",
          entriesOf(value).map(([key]) => key),
        ),
    },
  ],
  [
    "values",
    {
      signature: signatureOf(""),
      call: (run, value) =>
        view(
          run,
          "dict_values",
          entriesOf(value).map(([, member]) => member),
        ),
    },
  ],
  [
    "get",
    {
      signature: signatureOf("key! default"),
      call: (_run, value, [key = null, fallback = null]) => getOr(value, key, fallback),
    },
  ],
]);

const listMethods: MethodTable<readonly Value[]> = new Map<string, Method<readonly Value[]>>([
  ["index", { signature: signatureOf("value! start stop"), call: indexOf }],
  [
    "count",
    {
      signature: signatureOf("value!"),
      call: (run, items, [value = null]) => occurrences(run, items, value),
    },
  ],
]);

const mutating = new Set([
  "append",
  "extend",
  "insert",
  "remove",
  "pop",
  "popitem",
  "clear",
  "update",
  "setdefault",
  "sort",
  "reverse",
]);

/** Calls a method of a value, or gives undefined where there is none of that name. */
export function callMethod(run: Run, receiver: Value, name: string, args: Arguments): Value | undefined {
  if (typeof receiver === "string") return invoke(run, textMethods.get(name), name, receiver, args);
  if (receiver instanceof Special) return receiver.callMember(run, name, args);
  const items = sequenceItems(receiver);
  const found = items
    ? invoke(run, listMethods.get(name), name, items, args)
    : isMapping(receiver)
      ? invoke(run, mappingMethods.get(name), name, receiver, args)
      : undefined;
  if (found === undefined && mutating.has(name) && (items || isMapping(receiver)))
    throw run.failure(
      `${name} would change a ${typeName(receiver)}; data are never changed, make a new value instead`,
    );
  return found;
}

function invoke<Receiver>(
  run: Run,
  method: Method<Receiver> | undefined,
  name: string,
  receiver: Receiver,
  args: Arguments,
) {
  if (!method) return undefined;
  run.spend(1);
  if (typeof receiver === "string") run.spendText(receiver.length);
  const isOpen = method.signature.parameters[0] === "*";
  const result = method.call(
    run,
    receiver,
    isOpen ? [] : bindArguments(run, name, method.signature, args),
    args,
  );
  if (typeof result === "string") run.spendText(result.length);
  return result;
}

function entriesOf(value: Value): readonly (readonly [key: Value, value: Value])[] {
  return mappingEntries(value) ?? [];
}

function view(run: Run, name: string, items: readonly Value[]): List {
  run.spendItems(items.length);
  return new List(items, (inner) => `${name}(${inner})`);
}

function getOr(value: Value, key: Value, fallback: Value): Value {
  const member = isMapping(value) ? mappingGet(value, key) : undefined;
  return member === undefined ? fallback : member;
}

function indexOf(
  run: Run,
  items: readonly Value[],
  [value = null, start, stop]: (Value | undefined)[],
): Value {
  run.spend(items.length);
  const from = integerArgument(run, start, "start", 0);
  const until = integerArgument(run, stop, "stop", items.length);
  const index = items.findIndex((item, at) => at >= from && at < until && equals(run, item, value));
  if (index < 0) throw run.failure("the value is not in the list");
  return index;
}

function occurrences(run: Run, items: readonly Value[], value: Value): number {
  run.spend(items.length);
  return items.filter((item) => equals(run, item, value)).length;
}
