import { ExpressionLimit, shownExpression, TemplateSyntaxError } from "./errors.ts";
import type { ExpressionLimits } from "./limits.ts";
import type { Token } from "./tokens.ts";

/** What the parts of the parser share: the source, the limits, and how deep they are. */
export class ParseContext {
  readonly source: string;
  readonly limits: ExpressionLimits;
  private depth = 0;

  constructor(source: string, limits: ExpressionLimits) {
    this.source = source;
    this.limits = limits;
  }

  /** Parses something that may hold itself again. A parser that throws is not used any more. */
  nest<Node>(offset: number, parse: () => Node): Node {
    this.depth += 1;
    if (this.depth > this.limits.nestingMax) throw this.limitPassed("nestingMax", offset);
    const node = parse();
    this.depth -= 1;
    return node;
  }

  checkChain(length: number, offset: number): void {
    if (length > this.limits.chainMax) throw this.limitPassed("chainMax", offset);
  }

  error(message: string, offset: number): TemplateSyntaxError {
    return new TemplateSyntaxError(message, this.source, offset);
  }

  limitPassed(limit: keyof ExpressionLimits, offset: number): ExpressionLimit {
    return new ExpressionLimit(
      limit,
      this.limits[limit],
      shownExpression(this.source, offset, offset + 40),
      offset,
    );
  }
}

/** The tokens of one tag, read from the front. */
export class TokenStream {
  readonly context: ParseContext;
  private readonly tokens: readonly Token[];
  private readonly last: Token;
  private position = 0;

  constructor(context: ParseContext, tokens: readonly Token[], last: Token) {
    this.context = context;
    this.tokens = tokens;
    this.last = last;
  }

  get current(): Token {
    return this.tokens[this.position] ?? this.last;
  }

  peek(ahead = 1): Token {
    return this.tokens[this.position + ahead] ?? this.last;
  }

  next(): Token {
    const token = this.current;
    this.position += 1;
    return token;
  }

  isOperator(...operators: readonly string[]): boolean {
    return this.current.kind === "operator" && operators.includes(this.current.text);
  }

  isName(...names: readonly string[]): boolean {
    return this.current.kind === "name" && names.includes(this.current.text);
  }

  /** Takes an operator if it is next. */
  acceptOperator(operator: string): boolean {
    if (!this.isOperator(operator)) return false;
    this.position += 1;
    return true;
  }

  acceptName(name: string): boolean {
    if (!this.isName(name)) return false;
    this.position += 1;
    return true;
  }

  expectOperator(operator: string): Token {
    if (!this.isOperator(operator)) throw this.unexpected(operator);
    return this.next();
  }

  expectName(what: string): Token {
    if (this.current.kind !== "name") throw this.unexpected(what);
    return this.next();
  }

  expectEnd(): void {
    if (this.current.kind !== "end") throw this.unexpected(`the end of the tag (${this.last.text})`);
  }

  unexpected(expected: string): TemplateSyntaxError {
    const token = this.current;
    const found =
      token.kind === "end" ? `the end of the tag` : token.kind === "string" ? "a string" : token.text;
    return this.context.error(`unexpected ${found}; expected ${expected}`, token.offset);
  }
}
