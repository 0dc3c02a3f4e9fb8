import { codePoints, compareText, textLength } from "./python-text.ts";
import type { Run } from "./run.ts";
import {
  isEmptyMapping,
  isFloat,
  isInteger,
  isMapping,
  List,
  makeFloat,
  mappingEntries,
  mappingGet,
  mappingSize,
  numberIn,
  sequenceItems,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.ts";

/** The error of using what is undefined. */
export function undefinedUse(run: Run, value: Undefined) {
  return run.failure(value.describe(), value.offset);
}

/** Passes a value on unless it is undefined. */
export function defined(run: Run, value: Value): Value {
  if (value instanceof Undefined) throw undefinedUse(run, value);
  return value;
}

/** Python's truth: empty texts, lists and dicts, zero and none are false. */
export function truthy(run: Run, value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return value.length > 0;
  if (value === null) return false;
  const number = numberIn(value);
  if (number !== undefined) return number !== 0;
  const items = sequenceItems(value);
  if (items) return items.length > 0;
  if (isMapping(value)) return !isEmptyMapping(value);
  defined(run, value);
  return true;
}

/** The items that a `for` sees: of a list or tuple, the characters of a text, the keys of a dict. */
export function iterate(run: Run, value: Value): readonly Value[] {
  const items = sequenceItems(value);
  if (items) return items;
  if (typeof value === "string") {
    run.spendText(value.length);
    return codePoints(value);
  }
  const entries = mappingEntries(value);
  if (entries) {
    run.spendItems(entries.length);
    return entries.map(([key]) => key);
  }
  defined(run, value);
  throw run.failure(`${typeName(value)} is not a list; expected something to loop over`);
}

export function lengthOf(run: Run, value: Value): number {
  if (typeof value === "string") {
    run.spendText(value.length);
    return textLength(value);
  }
  const items = sequenceItems(value);
  if (items) return items.length;
  if (isMapping(value)) {
    run.spendItems(mappingSize(value));
    return mappingSize(value);
  }
  defined(run, value);
  throw run.failure(`${typeName(value)} has no length`);
}

/** `==`, deep. Ints, floats and booleans compare by number; a list never equals a tuple. */
export function equals(run: Run, a: Value, b: Value, depth = 0): boolean {
  if (typeof a === "string" && typeof b === "string") return equalTexts(run, a, b);
  if (a === b) return !(a instanceof Undefined) || defined(run, a) === b;
  const [left, right] = [numberIn(a), numberIn(b)];
  if (left !== undefined && right !== undefined) return left === right;
  defined(run, a);
  defined(run, b);
  const [items, otherItems] = [sequenceItems(a), sequenceItems(b)];
  if (items && otherItems) {
    if (items.length !== otherItems.length || a instanceof Tuple !== b instanceof Tuple) return false;
    run.checkDepth(depth);
    run.spend(items.length);
    return items.every((item, index) => equals(run, item, otherItems[index] ?? null, depth + 1));
  }
  if (!isMapping(a) || !isMapping(b) || mappingSize(a) !== mappingSize(b)) return false;
  run.checkDepth(depth);
  run.spend(mappingSize(a));
  return (mappingEntries(a) ?? []).every(([key, value]) => {
    const other = mappingGet(b, key);
    return other !== undefined && equals(run, value, other, depth + 1);
  });
}

function equalTexts(run: Run, a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  run.spendText(a.length);
  return a === b;
}

/** Below, at or above zero; NaN where a float is not a number. Values of different kinds have no order. */
export function compare(run: Run, a: Value, b: Value, depth = 0): number {
  const [left, right] = [numberIn(a), numberIn(b)];
  if (left !== undefined && right !== undefined)
    return left < right ? -1 : left > right ? 1 : left === right ? 0 : Number.NaN;
  if (typeof a === "string" && typeof b === "string") {
    run.spendText(Math.min(a.length, b.length));
    return compareText(a, b);
  }
  defined(run, a);
  defined(run, b);
  const [items, otherItems] = [sequenceItems(a), sequenceItems(b)];
  if (!items || !otherItems || a instanceof Tuple !== b instanceof Tuple)
    throw run.failure(
      `${typeName(a)} and ${typeName(b)} have no order; expected two numbers, two texts or two lists`,
    );
  run.checkDepth(depth);
  const common = Math.min(items.length, otherItems.length);
  run.spend(common);
  for (let index = 0; index < common; index++) {
    const [item, other] = [items[index] ?? null, otherItems[index] ?? null];
    if (!equals(run, item, other, depth + 1)) return compare(run, item, other, depth + 1);
  }
  return items.length - otherItems.length;
}

/** `item in container`. */
export function contains(run: Run, container: Value, item: Value): boolean {
  defined(run, item);
  if (typeof container === "string") {
    if (typeof item !== "string")
      throw run.failure(`a text holds only texts; ${typeName(item)} cannot be in it`);
    run.spendText(container.length);
    return container.includes(item);
  }
  if (isMapping(container)) return mappingGet(container, item) !== undefined;
  const items = iterate(run, container);
  run.spend(items.length);
  return items.some((candidate) => equals(run, candidate, item));
}

type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";

/** An operator on numbers; `+` and `*` also on texts, lists and tuples. `%` on texts is the caller's. */
export function arithmetic(run: Run, operator: BinaryOperator, a: Value, b: Value): Value {
  const [left, right] = [numberIn(a), numberIn(b)];
  if (left !== undefined && right !== undefined) {
    if (isFloat(a) || isFloat(b) || operator === "/" || (operator === "**" && right < 0))
      return makeFloat(floatResult(run, operator, left, right));
    return integerResult(run, operator, left, right);
  }
  defined(run, a);
  defined(run, b);
  const joined = operator === "+" ? concatenate(run, a, b) : operator === "*" ? repeat(run, a, b) : undefined;
  if (joined !== undefined) return joined;
  const advice =
    operator === "+" && (typeof a === "string" || typeof b === "string")
      ? "; ~ joins anything to a text"
      : "";
  throw run.failure(`${operator} is not possible between ${typeName(a)} and ${typeName(b)}${advice}`);
}

/** Refuses a whole number that a double cannot hold exactly. */
export function exactInteger(run: Run, value: number): number {
  if (!Number.isSafeInteger(value))
    throw run.failure("the result is beyond 2^53, where whole numbers are no longer exact");
  return value === 0 ? 0 : value;
}

function integerResult(run: Run, operator: BinaryOperator, a: number, b: number): number {
  if (operator === "+") return exactInteger(run, a + b);
  if (operator === "-") return exactInteger(run, a - b);
  if (operator === "*") return exactInteger(run, a * b);
  if (operator === "**") return integerPower(run, a, b);
  if (b === 0) throw run.failure(`${operator} by zero`);
  const remainder = a % b;
  const modulo = remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder;
  return exactInteger(run, operator === "%" ? modulo : (a - modulo) / b);
}

/** By squaring, so that each partial result is exact or refused. The exponent is not negative. */
function integerPower(run: Run, base: number, exponent: number): number {
  if (Math.abs(base) <= 1) return base === -1 && exponent % 2 === 1 ? -1 : exponent === 0 ? 1 : base * base;
  let result = 1;
  for (let count = 0; count < exponent; count++) result = exactInteger(run, result * base);
  return result;
}

function floatResult(run: Run, operator: BinaryOperator, a: number, b: number): number {
  if (operator === "+") return a + b;
  if (operator === "-") return a - b;
  if (operator === "*") return a * b;
  if (operator === "**") return floatPower(run, a, b);
  if (b === 0) throw run.failure(`${operator} by zero`);
  if (operator === "/") return a / b;
  const remainder = a % b;
  const modulo = remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder;
  if (operator === "%") return modulo === 0 ? (b < 0 ? -0 : 0) : modulo;
  return Math.round((a - modulo) / b);
}

function floatPower(run: Run, a: number, b: number): number {
  const result = a ** b;
  if (a === 1 || b === 0) return 1;
  if (a === 0 && b < 0) throw run.failure("zero cannot be raised to a negative power");
  if (Number.isNaN(result) && !Number.isNaN(a) && !Number.isNaN(b))
    throw run.failure("a negative number has no real power with a fraction");
  if (!Number.isFinite(result) && Number.isFinite(a) && Number.isFinite(b))
    throw run.failure("the result is too large for a float");
  return result;
}

function concatenate(run: Run, a: Value, b: Value): Value | undefined {
  if (typeof a === "string" && typeof b === "string") {
    run.spendText(a.length + b.length);
    return a + b;
  }
  const [items, otherItems] = [sequenceItems(a), sequenceItems(b)];
  if (!items || !otherItems || a instanceof Tuple !== b instanceof Tuple) return undefined;
  run.spendItems(items.length + otherItems.length);
  return sameSequence(a, items.concat(otherItems));
}

function repeat(run: Run, a: Value, b: Value): Value | undefined {
  if (isInteger(a) && !isInteger(b)) return repeat(run, b, a);
  if (!isInteger(b)) return undefined;
  const times = Math.max(0, Number(b));
  if (typeof a === "string") {
    run.spendText(a.length * times);
    return a.repeat(a === "" ? 0 : times);
  }
  const items = sequenceItems(a);
  if (!items) return undefined;
  run.spendItems(items.length * times);
  return sameSequence(a, items.length === 0 ? [] : Array.from({ length: times }, () => items).flat(1));
}

/** A tuple for a tuple, a list for anything else. */
export function sameSequence(like: Value, items: readonly Value[]): Value {
  return like instanceof Tuple ? new Tuple(items) : new List(items);
}
