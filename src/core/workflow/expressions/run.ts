import { ExpressionFailed, ExpressionLimit, shownExpression } from "./errors.ts";
import type { Scope } from "./index.ts";
import type { ExpressionLimits } from "./limits.ts";

/** The source of a template and where its tags stand, for messages. */
export interface TemplateSource {
  readonly text: string;
  readonly limits: ExpressionLimits;
  /** Start and end of each tag, in order. */
  readonly tags: readonly (readonly [start: number, end: number])[];
}

/** The text of the tag around an offset, for a message. */
function expressionAt(source: TemplateSource, offset: number): string {
  const tag = source.tags.find(([start, end]) => start <= offset && offset < end);
  return tag
    ? shownExpression(source.text, tag[0], tag[1])
    : shownExpression(source.text, 0, source.text.length);
}

/** Characters of text that count as one step, when a filter or an operator reads or makes them. */
const charactersPerStep = 256;
/** Items of a list that count as one step, when they are moved without being looked at one by one. */
const itemsPerStep = 8;

/**
 * One evaluation: what it may see, what it may still spend, and where it is. Everything that can fail
 * takes it as its first argument, so that each failure names the expression and each loop is paid for.
 */
export class Run {
  readonly scope: Scope;
  readonly limits: ExpressionLimits;
  /** Where the node that is being evaluated stands in the source. */
  offset = 0;
  callDepth = 0;
  private readonly source: TemplateSource;
  private stepsLeft: number;

  constructor(source: TemplateSource, scope: Scope) {
    this.source = source;
    this.scope = scope;
    this.limits = source.limits;
    this.stepsLeft = source.limits.stepsMax;
  }

  spend(steps: number): void {
    this.stepsLeft -= steps;
    if (!(this.stepsLeft >= 0)) throw this.limitPassed("stepsMax");
  }

  /** Pays for reading or making a text, and refuses one that is too long. Call before making it. */
  spendText(length: number): void {
    if (!(length <= this.limits.outputCharactersMax)) throw this.limitPassed("outputCharactersMax");
    this.spend(length / charactersPerStep);
  }

  /** Pays for copying, making or going through a list whose items are not evaluated. */
  spendItems(count: number): void {
    this.spend(count / itemsPerStep);
  }

  checkDepth(depth: number): void {
    if (depth > this.limits.valueDepthMax) throw this.limitPassed("valueDepthMax");
  }

  /** The error of an expression that has no value; `offset` where it is not the current node's. */
  failure(reason: string, offset = this.offset): ExpressionFailed {
    return new ExpressionFailed(reason, expressionAt(this.source, offset), offset);
  }

  limitPassed(limit: keyof ExpressionLimits): ExpressionLimit {
    return new ExpressionLimit(
      limit,
      this.limits[limit],
      expressionAt(this.source, this.offset),
      this.offset,
    );
  }
}

/**
 * Text that grows within the bound on output. Its pieces are joined once, at the end: V8 writes a string
 * that was put together with `+` as JSON at half the speed of a flat one.
 */
export class TextBuilder {
  length = 0;
  private readonly pieces: string[] = [];
  private readonly run: Run;
  private readonly max: number;

  constructor(run: Run) {
    this.run = run;
    this.max = run.limits.outputCharactersMax;
  }

  add(piece: string): void {
    this.pieces.push(piece);
    this.length += piece.length;
    if (this.length > this.max) throw this.run.limitPassed("outputCharactersMax");
  }

  text(): string {
    return this.pieces.join("");
  }
}
