import { isJsonObject, type Json } from "../../base/index.ts";
import { compileExpression } from "./compile-expression.ts";
import { staticPath } from "./compile-path.ts";
import { compileBody } from "./compile-statement.ts";
import { type Evaluate, type Execute, Frame } from "./frame.ts";
import type { Scope } from "./index.ts";
import { type Lexed, lexTemplate } from "./lexer.ts";
import { defaultLimits, type ExpressionLimits } from "./limits.ts";
import { Names, namesSetIn } from "./names.ts";
import type { Body, Expression } from "./nodes.ts";
import { undefinedUse } from "./operations.ts";
import { parseStatements } from "./parse-statement.ts";
import { toPlain } from "./plain.ts";
import { strip, stripBoth } from "./python-text.ts";
import { Run, type TemplateSource, TextBuilder } from "./run.ts";
import { ParseContext } from "./token-stream.ts";
import { Undefined } from "./values.ts";

/** A name that a template reads from its scope, with the constant members behind it. */
export interface Reference {
  /** `["steps", "intent", "value"]`; calls and computed members end it. */
  readonly path: readonly (string | number)[];
  /** Where the name stands in the source, from 0. */
  readonly offset: number;
  /** Its absence is meant: it stands under `is defined`, `is undefined` or `default`. */
  readonly guarded: boolean;
}

/** A text with expressions in it, parsed once. Evaluating it again and again keeps nothing. */
export interface Template {
  readonly source: string;
  readonly references: readonly Reference[];
  /** It has no tags: its value is its source. */
  readonly isConstant: boolean;
  /** It is exactly one `{{ … }}`, with nothing but white space around it. */
  readonly isExpression: boolean;
  /**
   * The value as plain JSON: of a sole expression the value itself, of anything else what it prints.
   *
   * @throws ExpressionFailed where it has no value, ExpressionLimit where it is too large
   */
  evaluate(scope: Scope): Json;
  /** What it prints, as Python's Jinja2 3.1 prints it. Throws as `evaluate`. */
  render(scope: Scope): string;
}

/**
 * Parses a template. Nothing of it is run, and nothing but its own text decides what it will do.
 *
 * @throws TemplateSyntaxError with line and column; ExpressionLimit where it is too long or too deep
 */
export function parseTemplate(source: string, limits: Partial<ExpressionLimits> = {}): Template {
  const allLimits = { ...defaultLimits, ...limits };
  const context = new ParseContext(source, allLimits);
  if (source.length > allLimits.sourceCharactersMax) throw context.limitPassed("sourceCharactersMax", 0);
  const lexed = lexTemplate(source);
  if (lexed.tags.length === 0) return new Constant(source);
  const body = nestingGuard(context, () => parseStatements(context, lexed.segments));
  return nestingGuard(context, () => new CompiledTemplate(source, allLimits, lexed, body));
}

/** Where the engine's own stack is full before our bound is, that is the same limit. */
function nestingGuard<Result>(context: ParseContext, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw context.limitPassed("nestingMax", 0);
    throw error;
  }
}

class Constant implements Template {
  readonly source: string;
  readonly references: readonly Reference[] = [];
  readonly isConstant = true;
  readonly isExpression = false;

  constructor(source: string) {
    this.source = source;
  }

  evaluate(): Json {
    return this.source;
  }

  render(): string {
    return this.source;
  }
}

class CompiledTemplate implements Template {
  readonly source: string;
  readonly references: readonly Reference[];
  readonly isConstant = false;
  readonly isExpression: boolean;
  private readonly place: TemplateSource;
  private readonly slotCount: number;
  private readonly execute: Execute;
  private readonly sole: Evaluate | undefined;
  /** The keys of a template that is one plain path, which needs no machinery. */
  private readonly path: PlainPath | undefined;

  constructor(source: string, limits: ExpressionLimits, lexed: Lexed, body: Body) {
    this.source = source;
    this.place = { text: source, limits, tags: lexed.tags };
    const expression = soleExpression(lexed, body);
    this.isExpression = expression !== undefined;
    const names = new Names();
    const { result, slotCount } = names.inActivation(namesSetIn(body), () => ({
      execute: compileBody(names, body),
    }));
    this.execute = result.execute;
    this.slotCount = slotCount;
    this.references = names.references;
    // The same expression once more, for its value; it sets no names and its references are known.
    this.sole = expression && compileExpression(new Names(), expression, "passed");
    this.path = expression && plainPath(expression);
  }

  evaluate(scope: Scope): Json {
    if (this.path) {
      const value = readPlain(scope, this.path);
      if (value !== undefined) return value;
    }
    const { sole } = this;
    if (!sole) return this.render(scope);
    return this.run(scope, (frame) => {
      const value = sole(frame);
      if (value instanceof Undefined) throw undefinedUse(frame.run, value);
      return toPlain(frame.run, value);
    });
  }

  render(scope: Scope): string {
    return this.run(scope, (frame) => {
      const out = new TextBuilder(frame.run);
      this.execute(frame, out);
      return out.text();
    });
  }

  private run<Result>(scope: Scope, work: (frame: Frame) => Result): Result {
    const run = new Run(this.place, scope);
    try {
      return work(new Frame(run, this.slotCount, undefined));
    } catch (error) {
      if (error instanceof RangeError) throw run.limitPassed("callsNestedMax");
      throw error;
    }
  }
}

/** The expression of a template that is one `{{ … }}` between white space. */
function soleExpression(lexed: Lexed, body: Body): Expression | undefined {
  if (lexed.tags.length !== 1 || !lexed.segments.some((segment) => segment.kind === "print"))
    return undefined;
  const prints = body.filter(
    (statement) => statement.type !== "text" || strip(statement.text, stripBoth) !== "",
  );
  const [only] = prints;
  return prints.length === 1 && only?.type === "print" ? only.value : undefined;
}

interface PlainPath {
  readonly root: string;
  readonly keys: readonly string[];
}

/** The path of an expression that is nothing but names of members. */
function plainPath(expression: Expression): PlainPath | undefined {
  const path = staticPath(expression);
  const keys = path?.keys.filter((key) => typeof key === "string");
  return path && keys?.length === path.keys.length ? { root: path.root.name, keys } : undefined;
}

/**
 * The hot path of the executor: own members of plain data, without a run around it. Undefined wherever
 * anything is unusual; the compiled expression then finds the value or the error.
 */
function readPlain(scope: Scope, { root, keys }: PlainPath): Json | undefined {
  let value = scope.get(root);
  for (const key of keys) {
    if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
