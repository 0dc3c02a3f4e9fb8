import { nearestName } from "../../base/index.ts";
import type { Segment } from "./lexer.ts";
import type { Body, Expression, FilterUse, Parameter, Statement, Target } from "./nodes.ts";
import { parseFilterUse } from "./parse-arguments.ts";
import { parseExpression, parseTuple, parseWithoutConditional } from "./parse-expression.ts";
import { isReservedName, parseTarget } from "./parse-target.ts";
import { type ParseContext, TokenStream } from "./token-stream.ts";

/** The statements of a template, from its segments. */
export function parseStatements(context: ParseContext, segments: readonly Segment[]): Body {
  return new StatementParser(context, segments).parseTemplate();
}

type TagParser = (stream: TokenStream, offset: number) => Statement;

const unsupportedTags: Readonly<Record<string, string>> = {
  include: "a template stands alone",
  import: "a template stands alone",
  from: "a template stands alone",
  extends: "a template stands alone",
  block: "there is no inheritance",
  autoescape: "nothing is escaped by itself; use | e",
  trans: "there are no translations",
};

class StatementParser {
  private readonly context: ParseContext;
  private readonly segments: readonly Segment[];
  private position = 0;
  private loopDepth = 0;
  private readonly tags: ReadonlyMap<string, TagParser> = new Map<string, TagParser>([
    ["if", (stream, offset) => this.parseIf(stream, offset)],
    ["for", (stream, offset) => this.parseFor(stream, offset)],
    ["set", (stream, offset) => this.parseSet(stream, offset)],
    ["with", (stream, offset) => this.parseWith(stream, offset)],
    ["macro", (stream, offset) => this.parseMacro(stream, offset)],
    ["call", (stream, offset) => this.parseCall(stream, offset)],
    ["filter", (stream, offset) => this.parseFilterBlock(stream, offset)],
    ["do", (stream, offset) => ({ type: "do", value: parseWhole(stream), offset })],
    ["print", (stream, offset) => ({ type: "print", value: parseWhole(stream), offset })],
    ["break", (stream, offset) => this.parseJump(stream, "break", offset)],
    ["continue", (stream, offset) => this.parseJump(stream, "continue", offset)],
  ]);

  constructor(context: ParseContext, segments: readonly Segment[]) {
    this.context = context;
    this.segments = segments;
  }

  parseTemplate(): Body {
    const statements: Statement[] = [];
    while (this.position < this.segments.length) statements.push(this.parseNext());
    return statements;
  }

  private parseNext(): Statement {
    const segment = this.segments[this.position++];
    if (segment === undefined || segment.kind === "text") return { type: "text", text: segment?.text ?? "" };
    const stream = this.streamOf(segment);
    if (segment.kind === "print") return { type: "print", value: parseWhole(stream), offset: segment.start };
    const { text: name, offset } = stream.expectName("the name of a tag");
    const parse = this.tags.get(name);
    if (!parse) throw this.unknownTag(name, offset);
    return this.context.nest(offset, () => parse(stream, segment.start));
  }

  private streamOf(segment: Exclude<Segment, { kind: "text" }>): TokenStream {
    const last = {
      kind: "end",
      text: segment.kind === "print" ? "}}" : "%}",
      number: 0,
      offset: segment.end - 2,
    } as const;
    return new TokenStream(this.context, segment.tokens, last);
  }

  private unknownTag(name: string, offset: number) {
    const reason = Object.hasOwn(unsupportedTags, name) ? unsupportedTags[name] : undefined;
    if (reason !== undefined)
      return this.context.error(`the tag ${name} is not available here: ${reason}`, offset);
    if (name.startsWith("end") || name === "else" || name === "elif")
      return this.context.error(`unexpected ${name}; no open tag expects it`, offset);
    const near = nearestName(name, this.tags.keys());
    return this.context.error(`unknown tag ${name}${near ? `; did you mean ${near}?` : ""}`, offset);
  }

  /** The statements up to a tag with one of these names; the stream stands behind that name. */
  private parseBody(
    offset: number,
    ...ends: readonly string[]
  ): { body: Body; end: string; stream: TokenStream } {
    const body: Statement[] = [];
    for (;;) {
      const segment = this.segments[this.position];
      if (segment === undefined)
        throw this.context.error(`this tag has no end; expected ${ends.join(" or ")}`, offset);
      if (segment.kind === "block") {
        const stream = this.streamOf(segment);
        if (stream.isName(...ends)) {
          this.position += 1;
          return { body, end: stream.next().text, stream };
        }
      }
      body.push(this.parseNext());
    }
  }

  /** A body whose end tag holds nothing else. */
  private parsePlainBody(offset: number, end: string): Body {
    const { body, stream } = this.parseBody(offset, end);
    stream.expectEnd();
    return body;
  }

  private parseIf(start: TokenStream, offset: number): Statement {
    const branches: { test: Expression; body: Body }[] = [];
    let stream = start;
    for (;;) {
      const test = parseTuple(stream, { conditional: false });
      stream.expectEnd();
      const parsed = this.parseBody(offset, "elif", "else", "endif");
      branches.push({ test, body: parsed.body });
      stream = parsed.stream;
      if (parsed.end === "elif") continue;
      stream.expectEnd();
      const otherwise = parsed.end === "else" ? this.parsePlainBody(offset, "endif") : [];
      return { type: "if", branches, otherwise, offset };
    }
  }

  private parseFor(stream: TokenStream, offset: number): Statement {
    const target = parseTarget(stream, "in");
    if (!stream.acceptName("in")) throw stream.unexpected("in");
    const items = parseTuple(stream, { conditional: false, endsAt: "recursive" });
    const condition = stream.acceptName("if") ? parseWithoutConditional(stream) : undefined;
    const recursive = stream.acceptName("recursive");
    stream.expectEnd();
    this.loopDepth += 1;
    const parsed = this.parseBody(offset, "else", "endfor");
    this.loopDepth -= 1;
    parsed.stream.expectEnd();
    const otherwise = parsed.end === "else" ? this.parsePlainBody(offset, "endfor") : [];
    return { type: "for", target, items, condition, recursive, body: parsed.body, otherwise, offset };
  }

  private parseSet(stream: TokenStream, offset: number): Statement {
    const target = parseTarget(stream, "=");
    if (stream.acceptOperator("=")) {
      const value = parseTuple(stream, { conditional: true });
      stream.expectEnd();
      return { type: "set", target, value, offset };
    }
    const filters = parseFilters(stream);
    stream.expectEnd();
    return { type: "setBlock", target, filters, body: this.parsePlainBody(offset, "endset"), offset };
  }

  private parseWith(stream: TokenStream, offset: number): Statement {
    const assignments: { target: Target; value: Expression }[] = [];
    while (stream.current.kind !== "end") {
      if (assignments.length > 0) stream.expectOperator(",");
      const target = parseTarget(stream, "=", false);
      stream.expectOperator("=");
      assignments.push({ target, value: parseExpression(stream) });
    }
    return { type: "with", assignments, body: this.parsePlainBody(offset, "endwith"), offset };
  }

  private parseMacro(stream: TokenStream, offset: number): Statement {
    const name = stream.expectName("the name of the macro");
    if (isReservedName(name.text))
      throw this.context.error(`${name.text} cannot be the name of a macro`, name.offset);
    const parameters = parseParameters(stream);
    stream.expectEnd();
    return {
      type: "macro",
      name: name.text,
      parameters,
      body: this.parseSeparateBody(offset, "endmacro"),
      offset,
    };
  }

  private parseCall(stream: TokenStream, offset: number): Statement {
    const parameters = stream.isOperator("(") ? parseParameters(stream) : [];
    const call = parseExpression(stream);
    stream.expectEnd();
    if (call.type !== "call") throw this.context.error("expected the call of a macro", call.offset);
    return {
      type: "call",
      call,
      parameters,
      body: this.parseSeparateBody(offset, "endcall"),
      offset,
    };
  }

  /** The body of something that is called: a loop around it is not one that it can break. */
  private parseSeparateBody(offset: number, end: string): Body {
    const outerLoops = this.loopDepth;
    this.loopDepth = 0;
    const body = this.parsePlainBody(offset, end);
    this.loopDepth = outerLoops;
    return body;
  }

  private parseFilterBlock(stream: TokenStream, offset: number): Statement {
    const filters = [parseFilterUse(stream), ...parseFilters(stream)];
    stream.expectEnd();
    return { type: "filterBlock", filters, body: this.parsePlainBody(offset, "endfilter"), offset };
  }

  private parseJump(stream: TokenStream, type: "break" | "continue", offset: number): Statement {
    stream.expectEnd();
    if (this.loopDepth === 0) throw this.context.error(`${type} stands outside a loop`, offset);
    return { type, offset };
  }
}

/** The one expression of a tag. */
function parseWhole(stream: TokenStream): Expression {
  const value = parseTuple(stream, { conditional: true });
  stream.expectEnd();
  return value;
}

function parseFilters(stream: TokenStream): FilterUse[] {
  const filters: FilterUse[] = [];
  while (stream.acceptOperator("|")) {
    stream.context.checkChain(filters.length, stream.current.offset);
    filters.push(parseFilterUse(stream));
  }
  return filters;
}

function parseParameters(stream: TokenStream): Parameter[] {
  const parameters: Parameter[] = [];
  const names = new Set<string>();
  stream.expectOperator("(");
  while (!stream.isOperator(")")) {
    const { text: name, offset } = stream.expectName("the name of a parameter");
    if (isReservedName(name)) throw stream.context.error(`${name} cannot be the name of a parameter`, offset);
    if (names.has(name)) throw stream.context.error(`the parameter ${name} is given twice`, offset);
    names.add(name);
    const fallback = stream.acceptOperator("=") ? parseExpression(stream) : undefined;
    if (!fallback && parameters.at(-1)?.fallback)
      throw stream.context.error(`${name} needs a default, as the parameter before it has one`, offset);
    parameters.push({ name, fallback });
    if (!stream.acceptOperator(",") && !stream.isOperator(")")) throw stream.unexpected(", or )");
  }
  stream.next();
  return parameters;
}
