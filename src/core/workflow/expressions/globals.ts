import { bindArguments, checkDefined, integerArgument } from "./calls.ts";
import { signatureOf } from "./filter.ts";
import { iterate } from "./operations.ts";
import type { Run } from "./run.ts";
import {
  type Arguments,
  Callable,
  Dict,
  isMapping,
  List,
  mappingEntries,
  Special,
  typeName,
  Undefined,
  type Value,
} from "./values.ts";

/** A function that comes with the language. */
class Native extends Callable {
  private readonly call: (run: Run, args: Arguments) => Value;

  constructor(call: (run: Run, args: Arguments) => Value) {
    super();
    this.call = call;
  }

  override invoke(run: Run, args: Arguments): Value {
    checkDefined(run, args);
    return this.call(run, args);
  }
}

const globals: ReadonlyMap<string, Callable> = new Map([
  ["range", new Native(range)],
  ["dict", new Native(dict)],
  ["namespace", new Native((run, args) => new Namespace(dict(run, args)))],
  ["joiner", new Native(joiner)],
  ["cycler", new Native((run, args) => new Cycler(run, args.positional))],
]);

/** A function that can be called by this name where nothing of the template has it. */
export function globalNamed(name: string): Callable | undefined {
  return globals.get(name);
}

function range(run: Run, args: Arguments): Value {
  const [first, second, third] = bindArguments(run, "range", signatureOf("start! stop step"), args);
  const start = second === undefined ? 0 : integerArgument(run, first, "start", 0);
  const stop = integerArgument(run, second === undefined ? first : second, "stop", 0);
  const step = integerArgument(run, third, "step", 1);
  if (step === 0) throw run.failure("the step of a range is zero");
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > run.limits.rangeItemsMax) throw run.limitPassed("rangeItemsMax");
  run.spendItems(length);
  const shown = step === 1 ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`;
  return new List(
    Array.from({ length }, (_, index) => start + index * step),
    () => shown,
  );
}

/** `dict(mapping, name=value)` or `dict(pairs)`. */
function dict(run: Run, args: Arguments): Dict {
  const [source] = bindArguments(
    run,
    "dict",
    { parameters: ["source"], required: 0 },
    { ...args, keyword: new Map() },
  );
  const out = new Dict();
  const entries =
    source === undefined
      ? []
      : isMapping(source)
        ? (mappingEntries(source) ?? [])
        : iterate(run, source).map((pair) => pairOf(run, pair));
  run.spend(entries.length + args.keyword.size);
  for (const [key, value] of entries) out.set(run, key, value);
  for (const [key, value] of args.keyword) out.set(run, key, value);
  return out;
}

function pairOf(run: Run, pair: Value): readonly [Value, Value] {
  const [key, value, ...more] = iterate(run, pair);
  if (key === undefined || value === undefined || more.length > 0)
    throw run.failure("dict needs pairs of a key and a value");
  return [key, value];
}

/** The one thing that a template can change: `{% set ns.count = ns.count + 1 %}`. */
class Namespace extends Special {
  readonly typeName = "namespace";
  private readonly members: Dict;

  constructor(members: Dict) {
    super();
    this.members = members;
  }

  override member(name: string): Value | undefined {
    return this.members.get(name);
  }

  assign(run: Run, name: string, value: Value): void {
    this.members.set(run, name, value);
  }
}

/** Gives its separator at every call but the first. */
function joiner(run: Run, args: Arguments): Value {
  const [separator = ", "] = bindArguments(run, "joiner", signatureOf("sep"), args);
  let isFirst = true;
  return new Native(() => {
    if (!isFirst) return separator;
    isFirst = false;
    return "";
  });
}

/** Walks through its items in a circle. */
class Cycler extends Special {
  readonly typeName = "cycler";
  private readonly items: readonly Value[];
  private position = 0;

  constructor(run: Run, items: readonly Value[]) {
    super();
    if (items.length === 0) throw run.failure("cycler needs at least one item");
    this.items = items;
  }

  override member(name: string): Value | undefined {
    return name === "current" ? this.items[this.position] : undefined;
  }

  override callMember(_run: Run, name: string): Value | undefined {
    if (name === "reset") this.position = 0;
    if (name === "reset") return null;
    if (name !== "next") return undefined;
    const item = this.items[this.position];
    this.position = (this.position + 1) % this.items.length;
    return item;
  }
}

/** Refuses to assign to a member of anything but a namespace. */
export function assignMember(
  run: Run,
  target: Value,
  member: { name: string; of: string },
  value: Value,
): void {
  if (target instanceof Undefined) throw run.failure(target.describe(), target.offset);
  if (!(target instanceof Namespace))
    throw run.failure(`${member.of} is ${typeName(target)}; only a namespace can be assigned to`);
  target.assign(run, member.name, value);
}
