import { checkDefined } from "./calls.ts";
import { equals } from "./operations.ts";
import type { Run } from "./run.ts";
import { type Arguments, Callable, Undefined, type Value } from "./values.ts";

/** Runs the loop's body over other items and gives what it prints: `loop(children)`. */
export type Recurse = (run: Run, items: Value, depth: number) => string;

/** What `loop` is within a `for`. */
export class Loop extends Callable {
  /** The item that the loop is at, from 0. */
  index = 0;
  private readonly items: readonly Value[];
  private readonly depth: number;
  private readonly recurse: Recurse | undefined;
  private lastChanged: readonly Value[] | undefined;

  constructor(items: readonly Value[], depth: number, recurse: Recurse | undefined) {
    super();
    this.items = items;
    this.depth = depth;
    this.recurse = recurse;
  }

  override member(name: string): Value | undefined {
    switch (name) {
      case "index":
        return this.index + 1;
      case "index0":
        return this.index;
      case "revindex":
        return this.items.length - this.index;
      case "revindex0":
        return this.items.length - this.index - 1;
      case "first":
        return this.index === 0;
      case "last":
        return this.index === this.items.length - 1;
      case "length":
        return this.items.length;
      case "depth":
        return this.depth + 1;
      case "depth0":
        return this.depth;
      case "previtem":
        return this.index === 0 ? undefined : this.items[this.index - 1];
      case "nextitem":
        return this.items[this.index + 1];
      default:
        return undefined;
    }
  }

  override callMember(run: Run, name: string, args: Arguments): Value | undefined {
    if (name === "cycle") return this.cycle(run, args.positional);
    return name === "changed" ? this.changed(run, args.positional) : undefined;
  }

  override invoke(run: Run, args: Arguments): Value {
    checkDefined(run, args);
    const [items, ...more] = args.positional;
    if (!this.recurse) throw run.failure("this loop is not recursive; expected {% for … recursive %}");
    if (items === undefined || more.length > 0)
      throw run.failure("loop takes the list to go on with, and nothing else");
    return this.recurse(run, items, this.depth + 1);
  }

  private cycle(run: Run, values: readonly Value[]): Value {
    const value = values[this.index % Math.max(1, values.length)];
    if (value === undefined) throw run.failure("loop.cycle needs at least one value");
    return value;
  }

  private changed(run: Run, values: readonly Value[]): boolean {
    const before = this.lastChanged;
    this.lastChanged = values;
    const isSame =
      before?.length === values.length && before.every((value, index) => same(run, value, values[index]));
    return !isSame;
  }
}

function same(run: Run, value: Value, other: Value | undefined): boolean {
  if (other === undefined) return false;
  if (value instanceof Undefined || other instanceof Undefined)
    return value instanceof Undefined && other instanceof Undefined;
  return equals(run, value, other);
}
