import { checkDefined, noArguments, noKeywords } from "./calls.ts";
import { compileExpression } from "./compile-expression.ts";
import { pathText, staticPath } from "./compile-path.ts";
import type { Evaluate, Frame } from "./frame.ts";
import { globalNamed } from "./globals.ts";
import { callMethod } from "./methods.ts";
import type { Absence, Names } from "./names.ts";
import type { ArgumentNodes, CallNode, MemberNode } from "./nodes.ts";
import { iterate } from "./operations.ts";
import { type Arguments, Callable, mappingEntries, memberOf, typeName, type Value } from "./values.ts";

type EvaluateArguments = (frame: Frame) => Arguments;

/** Arguments in order and by name, with `*list` and `**mapping` unpacked. */
export function compileArguments(
  names: Names,
  nodes: ArgumentNodes,
  absence: Absence = "strict",
): EvaluateArguments {
  const { positional, keyword, spreadKeyword } = nodes;
  if (positional.length === 0 && keyword.length === 0 && !spreadKeyword) return () => noArguments;
  const inOrder = positional.map(({ value, spread }) => ({
    spread,
    evaluate: compileExpression(names, value, spread ? "strict" : absence),
  }));
  const byName = keyword.map(({ name, value }) => ({
    name,
    evaluate: compileExpression(names, value, absence),
  }));
  const spread = spreadKeyword && compileExpression(names, spreadKeyword);
  return (frame) => {
    frame.run.spend(inOrder.length + byName.length);
    const values: Value[] = [];
    for (const argument of inOrder) {
      const value = argument.evaluate(frame);
      if (argument.spread) appendAll(frame, values, value);
      else values.push(value);
    }
    if (byName.length === 0 && !spread) return { positional: values, keyword: noKeywords };
    const named = new Map(byName.map(({ name, evaluate }) => [name, evaluate(frame)]));
    if (spread) addMapping(frame, named, spread(frame));
    return { positional: values, keyword: named };
  };
}

function appendAll(frame: Frame, values: Value[], list: Value): void {
  const items = iterate(frame.run, list);
  frame.run.spend(items.length);
  for (const item of items) values.push(item);
}

function addMapping(frame: Frame, named: Map<string, Value>, mapping: Value): void {
  const { run } = frame;
  const entries = mappingEntries(mapping);
  if (!entries) throw run.failure(`what stands behind ** is ${typeName(mapping)}; expected a dict`);
  run.spend(entries.length);
  for (const [key, value] of entries) {
    if (typeof key !== "string")
      throw run.failure(`an argument is named by ${typeName(key)}; expected a string`);
    if (named.has(key)) throw run.failure(`the argument ${key} is given twice`);
    named.set(key, value);
  }
}

/** A call: of a method behind a point, of a global function, or of a macro or the like. */
export function compileCall(names: Names, node: CallNode): Evaluate {
  const { callee, offset } = node;
  if (callee.type === "member" && callee.dot) return compileMethodCall(names, node, callee);
  const native = callee.type === "name" && !names.isBound(callee.name) ? globalNamed(callee.name) : undefined;
  const evaluateCallee = native ? () => native : compileExpression(names, callee);
  const evaluateArguments = compileArguments(names, node.args, "passed");
  return (frame) => {
    const { run } = frame;
    const target = evaluateCallee(frame);
    const args = evaluateArguments(frame);
    run.spend(1);
    run.offset = offset;
    if (!(target instanceof Callable)) throw run.failure(`${typeName(target)} cannot be called`);
    return target.invoke(run, args);
  };
}

function compileMethodCall(names: Names, { args, offset }: CallNode, { object, key }: MemberNode): Evaluate {
  const receiver = compileExpression(names, object);
  const evaluateArguments = compileArguments(names, args, "passed");
  const path = staticPath(object);
  const holder = path ? pathText(path.root.name, path.keys) : "the value";
  const name = String(key);
  return (frame) => {
    const { run } = frame;
    const value = receiver(frame);
    const given = evaluateArguments(frame);
    run.spend(1);
    run.offset = offset;
    const member = memberOf(value, name);
    if (member instanceof Callable) return member.invoke(run, given);
    checkDefined(run, given);
    const result = callMethod(run, value, name, given);
    if (result === undefined)
      throw run.failure(`${holder} is ${typeName(value)}, which has no method ${name}`);
    return result;
  };
}
