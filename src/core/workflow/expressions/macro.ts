import { capture, type Evaluate, type Execute, Frame, nestCall } from "./frame.ts";
import type { Run } from "./run.ts";
import { type Arguments, Callable, Dict, Tuple, Undefined, type Value } from "./values.ts";

/** A macro or a call block as the compiler made it. */
export interface MacroDefinition {
  readonly name: string;
  readonly offset: number;
  readonly parameters: readonly {
    readonly name: string;
    readonly slot: number;
    readonly fallback: Evaluate | undefined;
  }[];
  readonly slotCount: number;
  /** Slots of the names that are there only when the body reads them. */
  readonly varargs: number | undefined;
  readonly kwargs: number | undefined;
  readonly caller: number | undefined;
  readonly body: Execute;
}

/** A macro with the variables around it at the place where it was defined. */
export class Macro extends Callable {
  private readonly definition: MacroDefinition;
  private readonly outer: Frame;

  constructor(definition: MacroDefinition, outer: Frame) {
    super();
    this.definition = definition;
    this.outer = outer;
  }

  override member(name: string): Value | undefined {
    if (name === "name") return this.definition.name;
    if (name === "arguments") return new Tuple(this.definition.parameters.map((parameter) => parameter.name));
    return undefined;
  }

  override invoke(run: Run, args: Arguments): Value {
    run.spend(1);
    return nestCall(run, () => {
      const frame = new Frame(run, this.definition.slotCount, this.outer);
      this.bind(run, frame, args);
      return capture(frame, this.definition.body);
    });
  }

  private bind(run: Run, frame: Frame, args: Arguments): void {
    const { name, parameters, varargs, kwargs, caller } = this.definition;
    if (args.positional.length > parameters.length && varargs === undefined)
      throw run.failure(
        `${name} takes at most ${parameters.length} arguments, not ${args.positional.length}`,
      );
    const rest = new Map(args.keyword);
    parameters.forEach((parameter, index) => {
      const given = this.take(run, parameter.name, args.positional[index], rest);
      frame.slots[parameter.slot] = given === undefined ? this.fallback(frame, parameter) : given;
    });
    if (varargs !== undefined) frame.slots[varargs] = new Tuple(args.positional.slice(parameters.length));
    if (caller !== undefined) frame.slots[caller] = rest.get("caller") ?? this.absent("caller");
    if (caller !== undefined) rest.delete("caller");
    this.bindKeywords(run, frame, rest, kwargs);
  }

  private fallback(frame: Frame, parameter: MacroDefinition["parameters"][number]): Value {
    return parameter.fallback ? parameter.fallback(frame) : this.absent(`the parameter ${parameter.name}`);
  }

  private take(
    run: Run,
    name: string,
    positional: Value | undefined,
    rest: Map<string, Value>,
  ): Value | undefined {
    const named = rest.get(name);
    if (named === undefined) return positional;
    if (positional !== undefined)
      throw run.failure(`${this.definition.name} is given the argument ${name} twice`);
    rest.delete(name);
    return named;
  }

  private bindKeywords(
    run: Run,
    frame: Frame,
    rest: ReadonlyMap<string, Value>,
    slot: number | undefined,
  ): void {
    const { name } = this.definition;
    const [unknown] = rest.keys();
    if (slot === undefined && unknown === "caller") throw run.failure(`${name} never calls its caller`);
    if (slot === undefined && unknown !== undefined) throw run.failure(`${name} has no argument ${unknown}`);
    if (slot === undefined) return;
    const dict = new Dict();
    for (const [key, value] of rest) dict.set(run, key, value);
    frame.slots[slot] = dict;
  }

  private absent(what: string): Undefined {
    return new Undefined(`${what} of ${this.definition.name}`, this.definition.offset);
  }
}
