import { assert } from "../../base/index.ts";
import { compileExpression } from "./compile-expression.ts";
import { compileBody, compileInner } from "./compile-statement.ts";
import { type Assign, compileAssign } from "./compile-target.ts";
import { type Evaluate, type Execute, Frame, nestCall, type Signal } from "./frame.ts";
import { Loop, type Recurse } from "./loop.ts";
import { type Names, namesOf, namesSetIn } from "./names.ts";
import type { ForNode } from "./nodes.ts";
import { iterate, truthy } from "./operations.ts";
import { type Run, TextBuilder } from "./run.ts";
import type { Value } from "./values.ts";

/** What one round of a loop consists of. */
interface Round {
  readonly assign: Assign;
  readonly condition: Evaluate | undefined;
  readonly body: Execute;
  /** Absent when the body does not read `loop`. */
  readonly loopSlot: number | undefined;
}

interface CompiledLoop extends Round {
  /** The variables of a round, which starts without the values of the one before. */
  readonly slots: readonly number[];
  readonly otherwise: Execute;
}

export function compileFor(names: Names, node: ForNode): Execute {
  const items = compileExpression(names, node.items);
  const { offset } = node;
  if (node.recursive) return compileRecursive(names, node, items);
  const { result, slots } = compileRounds(names, node);
  const loop = { ...result, slots, otherwise: compileInner(names, node.otherwise) };
  return (frame, out) => {
    const value = items(frame);
    frame.run.offset = offset;
    return runLoop(frame, out, loop, value, { depth: 0, recurse: undefined });
  };
}

function compileRounds(names: Names, node: ForNode) {
  const bound = [...namesOf(node.target), "loop", ...namesSetIn(node.body)];
  return names.inBlock(bound, (): Round => {
    const assign = compileAssign(names, node.target);
    const condition = node.condition && compileExpression(names, node.condition);
    const slot = names.bind("loop");
    const body = compileBody(names, node.body);
    return { assign, condition, body, loopSlot: names.isRead("loop") ? slot : undefined };
  });
}

/** The body of a recursive loop has its own frame, one for each depth that is under way. */
function compileRecursive(names: Names, node: ForNode, items: Evaluate): Execute {
  const { result: loop, slotCount } = names.inActivation([], (): CompiledLoop => {
    const { result, slots } = compileRounds(names, node);
    return { ...result, slots, otherwise: compileInner(names, node.otherwise) };
  });
  return (outer, out) => {
    const recurse: Recurse = (run, value, depth) =>
      nestCall(run, () => {
        const inner = new TextBuilder(run);
        runLoop(new Frame(run, slotCount, outer), inner, loop, value, { depth, recurse });
        run.spendText(inner.length);
        return inner.text();
      });
    out.add(recurse(outer.run, items(outer), 0));
    return "next";
  };
}

function runLoop(
  frame: Frame,
  out: TextBuilder,
  loop: CompiledLoop,
  value: Value,
  nesting: { depth: number; recurse: Recurse | undefined },
): Signal {
  const { run } = frame;
  const items = chosenItems(run, frame, loop, iterate(run, value));
  if (items.length === 0) return loop.otherwise(frame, out);
  const state = loop.loopSlot === undefined ? undefined : new Loop(items, nesting.depth, nesting.recurse);
  for (let index = 0; index < items.length; index++) {
    run.spend(1);
    for (const slot of loop.slots) frame.slots[slot] = undefined;
    const item = items[index];
    assert(item !== undefined, "lists have no holes");
    loop.assign(frame, item);
    if (state && loop.loopSlot !== undefined) {
      state.index = index;
      frame.slots[loop.loopSlot] = state;
    }
    if (loop.body(frame, out) === "break") break;
  }
  return "next";
}

/** The items that pass the loop's own `if`; `loop` counts only them. */
function chosenItems(run: Run, frame: Frame, loop: CompiledLoop, items: readonly Value[]): readonly Value[] {
  const { condition } = loop;
  if (!condition) return items;
  return items.filter((item) => {
    run.spend(1);
    for (const slot of loop.slots) frame.slots[slot] = undefined;
    loop.assign(frame, item);
    return truthy(run, condition(frame));
  });
}
