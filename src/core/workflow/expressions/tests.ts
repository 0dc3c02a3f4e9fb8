import { bindArguments, type Signature } from "./calls.ts";
import { display } from "./display.ts";
import { signatureOf } from "./filter.ts";
import { filterNamed } from "./filters.ts";
import { arithmetic, compare, contains, defined, equals } from "./operations.ts";
import { isAllCased } from "./python-text.ts";
import type { Run } from "./run.ts";
import {
  type Arguments,
  Callable,
  isFloat,
  isInteger,
  isMapping,
  numberIn,
  RuntimeValue,
  sequenceItems,
  Undefined,
  type Value,
} from "./values.ts";

/** A test of Jinja2, what stands behind `is`. */
interface Test {
  readonly signature: Signature;
  /** Takes undefined values; all others refuse them. */
  readonly takesUndefined?: boolean;
  readonly holds: (run: Run, value: Value, argument: Value) => boolean;
}

function test(holds: Test["holds"], parameters = ""): Test {
  return { signature: signatureOf(parameters), holds };
}

const equal = test((run, value, other) => equals(run, value, other), "other!");
const unequal = test((run, value, other) => !equals(run, value, other), "other!");
const greater = test((run, value, other) => compare(run, value, other) > 0, "other!");
const greaterOrEqual = test((run, value, other) => compare(run, value, other) >= 0, "other!");
const less = test((run, value, other) => compare(run, value, other) < 0, "other!");
const lessOrEqual = test((run, value, other) => compare(run, value, other) <= 0, "other!");

const tests: ReadonlyMap<string, Test> = new Map<string, Test>(
  Object.entries({
    "!=": unequal,
    "<": less,
    "<=": lessOrEqual,
    "==": equal,
    ">": greater,
    ">=": greaterOrEqual,
    boolean: test((_run, value) => typeof value === "boolean"),
    callable: test((_run, value) => value instanceof Callable),
    defined: { ...test((_run, value) => !(value instanceof Undefined)), takesUndefined: true },
    divisibleby: test((run, value, by) => equals(run, arithmetic(run, "%", value, by), 0), "num!"),
    eq: equal,
    equalto: equal,
    escaped: test(() => false),
    even: test((run, value) => equals(run, arithmetic(run, "%", value, 2), 0)),
    false: test((_run, value) => value === false),
    filter: test((_run, value) => typeof value === "string" && filterNamed(value) !== undefined),
    float: test((_run, value) => isFloat(value)),
    ge: greaterOrEqual,
    greaterthan: greater,
    gt: greater,
    in: test((run, value, container) => contains(run, container, value), "seq!"),
    integer: test((_run, value) => typeof value !== "boolean" && isInteger(value)),
    iterable: test((_run, value) => isIterable(value)),
    le: lessOrEqual,
    lessthan: less,
    lower: test((run, value) => isAllCased(display(run, value), "lower")),
    lt: less,
    mapping: test((_run, value) => isMapping(value)),
    ne: unequal,
    none: test((_run, value) => value === null),
    number: test((_run, value) => numberIn(value) !== undefined),
    odd: test((run, value) => equals(run, arithmetic(run, "%", value, 2), 1)),
    sameas: test((_run, value, other) => isSame(value, other), "other!"),
    sequence: test((_run, value) => isIterable(value)),
    string: test((_run, value) => typeof value === "string"),
    test: test((_run, value) => typeof value === "string" && testNamed(value) !== undefined),
    true: test((_run, value) => value === true),
    undefined: { ...test((_run, value) => value instanceof Undefined), takesUndefined: true },
    upper: test((run, value) => isAllCased(display(run, value), "upper")),
  }),
);

export function testNamed(name: string): Test | undefined {
  return tests.get(name);
}

export function testNames(): Iterable<string> {
  return tests.keys();
}

export function applyTest(run: Run, name: string, use: Test, value: Value, args: Arguments): boolean {
  if (!use.takesUndefined) defined(run, value);
  run.spend(1);
  const [argument = null] = bindArguments(run, name, use.signature, args);
  return use.holds(run, value, argument);
}

function isIterable(value: Value): boolean {
  return typeof value === "string" || sequenceItems(value) !== undefined || isMapping(value);
}

/** The same object; of numbers and texts the same value and type, as Python's small ones are one object. */
function isSame(value: Value, other: Value): boolean {
  if (value === other) return true;
  const [left, right] = [numberIn(value), numberIn(other)];
  const isScalar =
    value instanceof RuntimeValue && other instanceof RuntimeValue && isFloat(value) && isFloat(other);
  return isScalar && left !== undefined && left === right;
}
