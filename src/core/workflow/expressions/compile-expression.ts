import { compileCall } from "./compile-call.ts";
import { compileFilter, compileTest } from "./compile-filter.ts";
import { compileMember, compileName, compileSubscript } from "./compile-path.ts";
import { display } from "./display.ts";
import type { Evaluate } from "./frame.ts";
import type { Absence, Names } from "./names.ts";
import type {
  BinaryNode,
  CompareNode,
  CompareOperator,
  ConditionalNode,
  Expression,
  SliceNode,
} from "./nodes.ts";
import { arithmetic, compare, contains, equals, exactInteger, truthy, undefinedUse } from "./operations.ts";
import { formatPrintf } from "./printf.ts";
import { type Run, TextBuilder } from "./run.ts";
import { slice } from "./slices.ts";
import {
  Dict,
  isFloat,
  List,
  makeFloat,
  numberIn,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.ts";

/**
 * Turns an expression into a function of a frame. In a strict place the function never gives
 * `Undefined`; what may give it is wrapped.
 */
export function compileExpression(names: Names, node: Expression, absence: Absence = "strict"): Evaluate {
  switch (node.type) {
    case "name":
      return checked(compileName(names, node, absence), absence);
    case "member":
      return checked(compileMember(names, node, absence), absence);
    case "subscript":
      return checked(compileSubscript(names, node), absence);
    case "call":
      return checked(compileCall(names, node), absence);
    case "filter":
      return checked(compileFilter(names, node, absence), absence);
    case "conditional":
      return checked(compileConditional(names, node, absence), absence);
    default:
      return compileDefined(names, node);
  }
}

type NeverUndefined = Exclude<
  Expression,
  { type: "name" | "member" | "subscript" | "call" | "filter" | "conditional" }
>;

function compileDefined(names: Names, node: NeverUndefined): Evaluate {
  switch (node.type) {
    case "constant": {
      const { value } = node;
      return () => value;
    }
    case "list":
    case "tuple":
      return compileItems(names, node.type, node.items);
    case "dict":
      return compileDict(names, node.entries);
    case "slice":
      return compileSlice(names, node);
    case "test":
      return compileTest(names, node);
    case "unary":
      return compileUnary(names, node.operator, node.operand, node.offset);
    case "binary":
      return compileBinary(names, node);
    case "concat":
      return compileConcat(names, node.parts, node.offset);
    case "logical":
      return compileLogical(names, node.operator, node.parts);
    case "compare":
      return compileCompare(names, node);
  }
}

/** In a strict place what is undefined is an error, except that an `if` without `else` gives the empty text. */
function checked(evaluate: Evaluate, absence: Absence): Evaluate {
  if (absence !== "strict") return evaluate;
  return (frame) => {
    const value = evaluate(frame);
    if (!(value instanceof Undefined)) return value;
    if (value instanceof NoBranch) return "";
    throw undefinedUse(frame.run, value);
  };
}

/** What an inline `if` without `else` gives when its condition is false: printed as nothing. */
class NoBranch extends Undefined {}

function compileConditional(names: Names, node: ConditionalNode, absence: Absence): Evaluate {
  const test = compileExpression(names, node.test);
  // A branch hands on what is undefined; the wrapper around the whole decides what it means.
  const place = absence === "strict" ? "passed" : absence;
  const then = compileExpression(names, node.whenTrue, place);
  const otherwise = node.whenFalse && compileExpression(names, node.whenFalse, place);
  const { offset } = node;
  const nothing = new NoBranch("the value of this if without else", offset);
  return (frame) => {
    frame.run.spend(1);
    if (truthy(frame.run, test(frame))) return then(frame);
    return otherwise ? otherwise(frame) : nothing;
  };
}

function compileItems(names: Names, type: "list" | "tuple", items: readonly Expression[]): Evaluate {
  const evaluators = items.map((item) => compileExpression(names, item));
  return (frame) => {
    frame.run.spend(1 + evaluators.length);
    const values = evaluators.map((evaluate) => evaluate(frame));
    return type === "list" ? new List(values) : new Tuple(values);
  };
}

function compileDict(names: Names, entries: readonly (readonly [Expression, Expression])[]): Evaluate {
  const evaluators = entries.map(
    ([key, value]) => [compileExpression(names, key), compileExpression(names, value)] as const,
  );
  return (frame) => {
    frame.run.spend(1 + evaluators.length);
    const dict = new Dict();
    for (const [key, value] of evaluators) dict.set(frame.run, key(frame), value(frame));
    return dict;
  };
}

function compileSlice(names: Names, node: SliceNode): Evaluate {
  const none = { type: "constant", value: null, offset: node.offset } as const;
  const object = compileExpression(names, node.object);
  const start = compileExpression(names, node.start ?? none);
  const stop = compileExpression(names, node.stop ?? none);
  const step = compileExpression(names, node.step ?? none);
  return (frame) => {
    const { run } = frame;
    const [value, from, to, by] = [object(frame), start(frame), stop(frame), step(frame)];
    run.spend(1);
    run.offset = node.offset;
    return slice(run, value, from, to, by);
  };
}

function compileUnary(
  names: Names,
  operator: "-" | "+" | "not",
  operand: Expression,
  offset: number,
): Evaluate {
  const evaluate = compileExpression(names, operand);
  if (operator === "not") return (frame) => !truthy(frame.run, evaluate(frame));
  return (frame) => {
    const value = evaluate(frame);
    const number = numberIn(value);
    const { run } = frame;
    run.spend(1);
    run.offset = offset;
    if (number === undefined) throw run.failure(`${operator} needs a number, not ${typeName(value)}`);
    const signed = operator === "-" ? -number : number;
    return isFloat(value) ? makeFloat(signed) : exactInteger(run, signed);
  };
}

function compileBinary(names: Names, node: BinaryNode): Evaluate {
  const left = compileExpression(names, node.left);
  const right = compileExpression(names, node.right);
  const { operator, offset } = node;
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    const { run } = frame;
    run.spend(1);
    run.offset = offset;
    if (operator === "%" && typeof a === "string") return formatPrintf(run, a, b);
    return arithmetic(run, operator, a, b);
  };
}

function compileConcat(names: Names, parts: readonly Expression[], offset: number): Evaluate {
  const evaluators = parts.map((part) => compileExpression(names, part));
  return (frame) => {
    const { run } = frame;
    const out = new TextBuilder(run);
    run.spend(evaluators.length);
    for (const evaluate of evaluators) {
      const value = evaluate(frame);
      run.offset = offset;
      out.add(display(run, value));
    }
    run.spendText(out.length);
    return out.text();
  };
}

/** Gives the operand that decided, as Python does. */
function compileLogical(names: Names, operator: "and" | "or", parts: readonly Expression[]): Evaluate {
  const evaluators = parts.map((part) => compileExpression(names, part));
  const decides = operator === "or";
  return (frame) => {
    let value: Value = null;
    for (const evaluate of evaluators) {
      frame.run.spend(1);
      value = evaluate(frame);
      if (truthy(frame.run, value) === decides) return value;
    }
    return value;
  };
}

const comparisons: Record<CompareOperator, (run: Run, a: Value, b: Value) => boolean> = {
  "==": (run, a, b) => equals(run, a, b),
  "!=": (run, a, b) => !equals(run, a, b),
  "<": (run, a, b) => compare(run, a, b) < 0,
  "<=": (run, a, b) => compare(run, a, b) <= 0,
  ">": (run, a, b) => compare(run, a, b) > 0,
  ">=": (run, a, b) => compare(run, a, b) >= 0,
  in: (run, a, b) => contains(run, b, a),
  "not in": (run, a, b) => !contains(run, b, a),
};

/** `a < b < c` is `a < b and b < c` with `b` evaluated once. */
function compileCompare(names: Names, node: CompareNode): Evaluate {
  const first = compileExpression(names, node.first);
  const rest = node.rest.map(({ operator, operand }) => ({
    holds: comparisons[operator],
    evaluate: compileExpression(names, operand),
  }));
  const { offset } = node;
  return (frame) => {
    const { run } = frame;
    let left = first(frame);
    for (const { holds, evaluate } of rest) {
      const right = evaluate(frame);
      run.spend(1);
      run.offset = offset;
      if (!holds(run, left, right)) return false;
      left = right;
    }
    return true;
  };
}
