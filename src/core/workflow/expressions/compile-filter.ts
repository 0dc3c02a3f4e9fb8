import { assert } from "../../base/index.ts";
import { compileArguments } from "./compile-call.ts";
import { compileExpression } from "./compile-expression.ts";
import { applyFilter } from "./filter.ts";
import { filterNamed } from "./filters.ts";
import { escapingFilters } from "./filters-escape.ts";
import type { Evaluate, Frame } from "./frame.ts";
import type { Absence, Names } from "./names.ts";
import type { Expression, FilterNode, FilterUse, TestNode } from "./nodes.ts";
import { applyTest, testNamed } from "./tests.ts";
import type { Value } from "./values.ts";

/** A filter ready to be applied to a value. */
type Apply = (frame: Frame, value: Value) => Value;

export function compileFilter(names: Names, node: FilterNode, absence: Absence): Evaluate {
  const isDefault = node.name === "default" || node.name === "d";
  const operand = compileExpression(names, node.operand, isDefault ? "guarded" : "strict");
  if ((node.name === "e" || node.name === "escape") && isEscaped(node.operand)) return operand;
  // The default of a default may be absent in turn, which the place of the whole expression decides.
  const apply = compileFilterUse(
    names,
    node,
    isDefault ? (absence === "strict" ? "passed" : absence) : "strict",
  );
  return (frame) => apply(frame, operand(frame));
}

export function compileFilterUse(names: Names, node: FilterUse, absence: Absence = "strict"): Apply {
  const { name, offset } = node;
  const use = filterNamed(name);
  assert(use, `the parser let the unknown filter ${name} pass`);
  const evaluateArguments = compileArguments(names, node.args, absence);
  return (frame, value) => {
    const args = evaluateArguments(frame);
    frame.run.offset = offset;
    return applyFilter(frame.run, name, use, value, args);
  };
}

function isEscaped(node: Expression): boolean {
  return node.type === "filter" && escapingFilters.has(node.name);
}

export function compileTest(names: Names, node: TestNode): Evaluate {
  const { name, offset, negated } = node;
  const use = testNamed(name);
  assert(use, `the parser let the unknown test ${name} pass`);
  const operand = compileExpression(names, node.operand, use.takesUndefined ? "guarded" : "strict");
  if (name === "escaped" && isEscaped(node.operand))
    return (frame) => operand(frame) !== undefined && !negated;
  const evaluateArguments = compileArguments(names, node.args);
  return (frame) => {
    const value = operand(frame);
    const args = evaluateArguments(frame);
    frame.run.offset = offset;
    return applyTest(frame.run, name, use, value, args) !== negated;
  };
}
