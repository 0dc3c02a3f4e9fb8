import { assert } from "../../base/index.ts";
import type { Body, Target } from "./nodes.ts";
import type { Reference } from "./template.ts";

/** Whether a name has been set where the compiler stands: on no way, on some, or on all ways to there. */
type State = "unset" | "maybe" | "set";

interface Binding {
  readonly slot: number;
  state: State;
  isRead: boolean;
}

/** Names that are bound together and forgotten together: of a loop's round, a `with`, a macro's body. */
interface Block {
  readonly parent: Block | undefined;
  readonly activation: Activation;
  readonly bindings: Map<string, Binding>;
  /** What changed since the block was opened, so that the ways of an `if` cost only what they change. */
  readonly trail: { readonly binding: Binding; readonly before: State }[];
}

interface Activation {
  slotCount: number;
}

/** Where a name is looked for at run time: slots from the inside out, then perhaps the scope. */
export interface Resolution {
  /** `up`: how many frames outward. */
  readonly slots: readonly { readonly up: number; readonly slot: number }[];
  readonly inScope: boolean;
}

/** How the absence of a value is taken at a place of the template. */
export type Absence =
  /** Any absence is an error. */
  | "strict"
  /** It is handed on, and an error where it is used. */
  | "passed"
  /** It is meant: the operand of `is defined` or `default`. */
  | "guarded";

/**
 * What the compiler knows of names: which are bound by the template and in which slot, and so which are
 * read from the scope. A name that the template sets only on some ways is looked up in the scope as a
 * guarded reference, as Jinja2 does; one that it surely sets is no reference at all.
 */
export class Names {
  readonly references: Reference[] = [];
  private readonly scopedNames = new Set<string>();
  private block: Block = { parent: undefined, activation: { slotCount: 0 }, bindings: new Map(), trail: [] };

  /** Opens a block with the names that statements in it set, compiles it, and closes it. */
  inBlock<Result>(
    names: Iterable<string>,
    compile: () => Result,
  ): { result: Result; slots: readonly number[] } {
    return this.enter(this.block.activation, names, compile);
  }

  /** The same as its own activation; `slotCount` is known when it is compiled. */
  inActivation<Result>(
    names: Iterable<string>,
    compile: () => Result,
  ): { result: Result; slotCount: number } {
    const activation = { slotCount: 0 };
    const { result } = this.enter(activation, names, compile);
    return { result, slotCount: activation.slotCount };
  }

  private enter<Result>(activation: Activation, names: Iterable<string>, compile: () => Result) {
    const outer = this.block;
    const bindings = new Map<string, Binding>();
    for (const name of names) {
      if (bindings.has(name)) continue;
      bindings.set(name, { slot: activation.slotCount, state: "unset", isRead: false });
      activation.slotCount += 1;
    }
    this.block = { parent: outer, activation, bindings, trail: [] };
    const result = compile();
    this.block = outer;
    return { result, slots: [...bindings.values()].map((binding) => binding.slot) };
  }

  /** Marks a name of the current block as set from here on, and gives its slot. */
  bind(name: string): number {
    const binding = this.block.bindings.get(name);
    assert(binding, `the name ${name} was not announced when its block was opened`);
    this.setState(binding, "set");
    return binding.slot;
  }

  isRead(name: string): boolean {
    return this.block.bindings.get(name)?.isRead ?? false;
  }

  /** Compiles ways of which one is taken: what all of them set is set behind them, what some set may be. */
  alternatives(ways: readonly (() => void)[]): void {
    const { trail } = this.block;
    const waysThatSet = new Map<Binding, number>();
    for (const compile of ways) {
      const mark = trail.length;
      compile();
      for (const [binding, state] of rollBack(trail, mark))
        waysThatSet.set(binding, (waysThatSet.get(binding) ?? 0) + (state === "set" ? 1 : 0));
    }
    for (const [binding, count] of waysThatSet)
      this.setState(binding, count === ways.length ? "set" : "maybe");
  }

  private setState(binding: Binding, state: State): void {
    if (binding.state === state) return;
    this.block.trail.push({ binding, before: binding.state });
    binding.state = state;
  }

  /** Whether the template itself binds a name anywhere around. */
  isBound(name: string): boolean {
    for (let block: Block | undefined = this.block; block; block = block.parent)
      if (block.bindings.has(name)) return true;
    return false;
  }

  /** Resolves a read, and records it as a reference where the scope is asked. */
  resolve(name: string, keys: readonly (string | number)[], offset: number, absence: Absence): Resolution {
    const slots: { up: number; slot: number }[] = [];
    let isMaybeSet = false;
    let up = 0;
    for (let block: Block | undefined = this.block; block; block = block.parent) {
      const binding: Binding | undefined = block.bindings.get(name);
      if (binding) {
        binding.isRead = true;
        // Outside a macro's body a name may be set by the time that the macro is called.
        if (binding.state !== "unset" || up > 0) slots.push({ up, slot: binding.slot });
        if (binding.state === "set" || (up > 0 && !this.mayBeScoped(name, binding)))
          return { slots, inScope: false };
        if (binding.state === "maybe" || up > 0) isMaybeSet = true;
      }
      if (block.parent && block.parent.activation !== block.activation) up += 1;
    }
    this.scopedNames.add(name);
    this.references.push({ path: [name, ...keys], offset, guarded: absence === "guarded" || isMaybeSet });
    return { slots, inScope: true };
  }

  /** Whether a name that the template sets is also read from the scope: before it is set, or where it is not. */
  private mayBeScoped(name: string, binding: Binding): boolean {
    return binding.state === "maybe" || this.scopedNames.has(name);
  }
}

/** Undoes the changes since a mark, and gives the states that they had led to. */
function rollBack(trail: Block["trail"], mark: number): Map<Binding, State> {
  const reached = new Map<Binding, State>();
  while (trail.length > mark) {
    const change = trail.pop();
    assert(change, "the trail is longer than the mark");
    if (!reached.has(change.binding)) reached.set(change.binding, change.binding.state);
    change.binding.state = change.before;
  }
  return reached;
}

/** The names that statements set in their own block: `if` opens none, everything else with a body does. */
export function namesSetIn(body: Body): string[] {
  return body.flatMap((statement) => {
    if (statement.type === "set" || statement.type === "setBlock") return namesOf(statement.target);
    if (statement.type === "macro") return [statement.name];
    if (statement.type !== "if") return [];
    return [
      ...statement.branches.flatMap((branch) => namesSetIn(branch.body)),
      ...namesSetIn(statement.otherwise),
    ];
  });
}

/** The names that a target binds; an attribute of a namespace binds none. */
export function namesOf(target: Target): string[] {
  if (target.type === "tuple") return target.items.flatMap(namesOf);
  return target.type === "name" ? [target.name] : [];
}
