import { jsonDepthMax } from "../../base/index.ts";

/**
 * The bounds of one template. Each has its own message, and none of them can be reached by a template
 * that people write by hand; they are there for data that is larger or stranger than its author thought.
 */
export interface ExpressionLimits {
  /** Length of a template, in UTF-16 units. */
  readonly sourceCharactersMax: number;
  /** How deep brackets, blocks and operators may nest within each other. */
  readonly nestingMax: number;
  /** How many operators of one kind, or members and filters, may follow each other without brackets. */
  readonly chainMax: number;
  /** Evaluated nodes and loop iterations; also 8 items of a list or 256 characters of text that are moved. */
  readonly stepsMax: number;
  /** Length of any text that an evaluation makes, and of the text of what it returns, in UTF-16 units. */
  readonly outputCharactersMax: number;
  /** Items of one `range()`; Jinja2's sandbox has the same bound. */
  readonly rangeItemsMax: number;
  /** Macros, callers and recursive loops that are under way at the same time. */
  readonly callsNestedMax: number;
  /** How deep a value may nest when it is printed, compared or returned. */
  readonly valueDepthMax: number;
}

export const defaultLimits: ExpressionLimits = {
  sourceCharactersMax: 256 * 1024,
  nestingMax: 100,
  chainMax: 400,
  stepsMax: 200_000,
  outputCharactersMax: 4 * 1024 * 1024,
  rangeItemsMax: 100_000,
  callsNestedMax: 100,
  valueDepthMax: jsonDepthMax,
};

const whatIsBounded: Record<keyof ExpressionLimits, string> = {
  sourceCharactersMax: "the template is longer than {} characters",
  nestingMax: "brackets, operators and blocks nest deeper than {}",
  chainMax: "more than {} operators, members or filters follow each other without brackets",
  stepsMax: "the evaluation takes more than {} steps",
  outputCharactersMax: "a text is longer than {} characters",
  rangeItemsMax: "a range has more than {} items",
  callsNestedMax: "macros call each other deeper than {}",
  valueDepthMax: "a value nests deeper than {}",
};

/** What a message says about a limit that was passed. */
export function describeLimit(limit: keyof ExpressionLimits, max: number): string {
  return whatIsBounded[limit].replace("{}", String(max));
}
