import { GateInvalid } from "./errors.ts";
import type { Figures } from "./figures.ts";

/** A bound that a figure must keep to: `accuracy>=0.9`, or `accuracy.low>=0.85` for the bound of its interval. */
interface Gate {
  readonly figure: string;
  readonly part: "value" | "low" | "high";
  readonly operator: Operator;
  readonly bound: number;
}

const operators = {
  ">=": (value: number, bound: number) => value >= bound,
  "<=": (value: number, bound: number) => value <= bound,
  ">": (value: number, bound: number) => value > bound,
  "<": (value: number, bound: number) => value < bound,
} as const;
type Operator = keyof typeof operators;

export interface GateResult {
  readonly gate: string;
  readonly value: number;
  readonly passed: boolean;
}

const written = /^([a-z][a-z0-9_]*)(?:\.(low|high))?\s*(>=|<=|>|<)\s*(-?\d+(?:\.\d+)?)(%)?$/;

/** Throws `GateInvalid`. */
export function gateOf(text: string): Gate {
  const match = written.exec(text.trim());
  const [, figure, part = "value", operator, bound, percent] = match ?? [];
  if (!figure || !isOperator(operator))
    throw new GateInvalid(text, "a figure, >=, <=, > or <, and a number, such as accuracy>=0.9");
  return {
    figure,
    part: part === "low" || part === "high" ? part : "value",
    operator,
    bound: percent ? Number(bound) / 100 : Number(bound),
  };
}

function isOperator(text: string | undefined): text is Operator {
  return text !== undefined && Object.hasOwn(operators, text);
}

/** What nothing is known of passes no gate. Throws `GateInvalid` for a figure that there is not. */
export function passes(text: string, figures: Figures): GateResult {
  const { figure, part, operator, bound } = gateOf(text);
  const estimate = figures[figure];
  if (!estimate) throw new GateInvalid(text, `one of the figures ${Object.keys(figures).join(", ")}`);
  const value = estimate[part];
  return { gate: text, value, passed: estimate.n > 0 && operators[operator](value, bound) };
}
