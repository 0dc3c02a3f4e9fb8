import { FlyballError } from "../../base/index.ts";
import { describeLimit, type ExpressionLimits } from "./limits.ts";

/** Where something stands in a text: lines and columns count from 1, in UTF-16 units. */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** Line and column of an offset. `\n`, `\r\n` and a lone `\r` each end a line. */
export function positionOf(source: string, offset: number): Position {
  let line = 1;
  let lineStart = 0;
  for (let index = 0; index < offset; index++) {
    const code = source.charCodeAt(index);
    if (code !== 10 && !(code === 13 && source.charCodeAt(index + 1) !== 10)) continue;
    line += 1;
    lineStart = index + 1;
  }
  return { offset, line, column: offset - lineStart + 1 };
}

/** A template that cannot be parsed. The message says what was found and what was expected. */
export class TemplateSyntaxError extends FlyballError {
  readonly code = "EXPRESSION_SYNTAX";
  override readonly status = 422;
  readonly offset: number;
  readonly line: number;
  readonly column: number;

  constructor(message: string, source: string, offset: number) {
    super(message);
    const position = positionOf(source, Math.min(offset, source.length));
    this.offset = position.offset;
    this.line = position.line;
    this.column = position.column;
  }
}

/** An expression that was parsed but has no value for these data. Trying again cannot help. */
export class ExpressionFailed extends FlyballError {
  readonly code = "EXPRESSION_FAILED";
  override readonly status = 422;
  /** What is wrong, without the expression's text. */
  readonly reason: string;
  /** The text of the tag that failed, such as `{{ input.mesage }}`. */
  readonly expression: string;
  readonly offset: number;

  constructor(reason: string, expression: string, offset: number) {
    super(`${expression}: ${reason}`);
    this.reason = reason;
    this.expression = expression;
    this.offset = offset;
  }
}

/** A template, or the evaluation of one, that is larger than `limits.ts` allows. */
export class ExpressionLimit extends FlyballError {
  readonly code = "EXPRESSION_LIMIT";
  override readonly status = 422;
  /** The limit by its name in `ExpressionLimits`. */
  readonly limit: keyof ExpressionLimits;
  readonly max: number;
  readonly expression: string;
  readonly offset: number;

  constructor(limit: keyof ExpressionLimits, max: number, expression: string, offset: number) {
    super(`${expression}: ${describeLimit(limit, max)}`);
    this.limit = limit;
    this.max = max;
    this.expression = expression;
    this.offset = offset;
  }
}

const expressionShownMax = 120;

/** A piece of source for a message: one line, not too long. */
export function shownExpression(source: string, start: number, end: number): string {
  const piece = source
    .slice(start, Math.min(end, start + 4 * expressionShownMax))
    .split(/\s+/)
    .join(" ")
    .trim();
  return piece.length > expressionShownMax ? `${piece.slice(0, expressionShownMax)}…` : piece;
}
