import { TemplateSyntaxError } from "./errors.ts";
import { isSpace, strip } from "./python-text.ts";
import { readTokens, type Token } from "./tokens.ts";

/** A piece of a template: text to print as it is, or one tag with its tokens. */
export type Segment =
  | { readonly kind: "text"; readonly text: string; readonly offset: number }
  | {
      readonly kind: "print" | "block";
      readonly tokens: readonly Token[];
      readonly start: number;
      readonly end: number;
    };

export interface Lexed {
  readonly segments: readonly Segment[];
  /** Start and end of each tag, comments included. */
  readonly tags: readonly (readonly [start: number, end: number])[];
}

/**
 * Cuts a template into text and tags in one pass from left to right; no part of it is read twice for
 * more than a constant number of times, so the time is linear in the length.
 */
export function lexTemplate(source: string): Lexed {
  return new Lexer(source).lex();
}

const newline = /\r\n?/g;

class Lexer {
  private readonly source: string;
  private readonly end: number;
  private readonly segments: Segment[] = [];
  private readonly tags: [number, number][] = [];
  private position = 0;
  /** Whether the tag before ended with `-`, so that the white space after it goes. */
  private stripsNext = false;

  constructor(source: string) {
    this.source = source;
    this.end = source.length - trailingNewline(source);
  }

  lex(): Lexed {
    for (;;) {
      const tag = this.findTag();
      this.pushText(tag ?? this.end);
      if (tag === undefined) break;
      this.readTag(tag);
    }
    // Without a tag the text is no template but a constant, which nothing is taken away from.
    if (this.tags.length === 0)
      return { segments: [{ kind: "text", text: this.source, offset: 0 }], tags: [] };
    return { segments: this.segments, tags: this.tags };
  }

  private findTag(): number | undefined {
    for (let at = this.source.indexOf("{", this.position); at >= 0; at = this.source.indexOf("{", at + 1)) {
      const next = this.source[at + 1];
      if (at + 1 < this.end && (next === "{" || next === "%" || next === "#")) return at;
    }
    return undefined;
  }

  /** The text up to an offset; a tag there that begins with `-` takes the white space before it. */
  private pushText(until: number): void {
    const raw = this.source.slice(this.position, until).replace(newline, "\n");
    const sides = { left: this.stripsNext, right: this.source[until + 2] === "-" && until < this.end };
    const text = strip(raw, sides);
    if (text !== "") this.segments.push({ kind: "text", text, offset: this.position });
    this.stripsNext = false;
    this.position = until;
  }

  private readTag(start: number): void {
    const opener = this.source[start + 1];
    if (opener === "#") this.skipComment(start);
    else if (opener === "{") this.readExpressions(start, "print");
    else if (!this.readRaw(start)) this.readExpressions(start, "block");
  }

  private readExpressions(start: number, kind: "print" | "block"): void {
    const afterOpener = start + (this.isMark(start + 2) ? 3 : 2);
    const { tokens, end } = readTokens(this.source, {
      kind,
      start: afterOpener,
      limit: this.end,
      tag: start,
    });
    this.tags.push([start, end]);
    this.segments.push({ kind, tokens, start, end });
    this.stripsNext = this.source[end - 3] === "-";
    this.position = end;
  }

  private skipComment(start: number): void {
    const close = this.source.indexOf("#}", start + 2);
    if (close < 0 || close + 2 > this.end)
      throw new TemplateSyntaxError("this comment has no end; expected #}", this.source, start);
    this.tags.push([start, close + 2]);
    this.stripsNext = this.source[close - 1] === "-" && close > start + 2;
    this.position = close + 2;
  }

  /** Reads `{% raw %} … {% endraw %}` as text; false where the tag is another one. */
  private readRaw(start: number): boolean {
    const opening = this.matchWordTag(start, "raw");
    if (!opening) return false;
    this.position = opening.end;
    this.stripsNext = opening.stripsAfter;
    for (let at = this.source.indexOf("{%", opening.end); at >= 0; at = this.source.indexOf("{%", at + 2)) {
      const closing = this.matchWordTag(at, "endraw");
      if (!closing || closing.end > this.end) continue;
      this.tags.push([start, closing.end]);
      this.pushText(at);
      this.position = closing.end;
      this.stripsNext = closing.stripsAfter;
      return true;
    }
    throw new TemplateSyntaxError("this raw block has no end; expected {% endraw %}", this.source, start);
  }

  /** Matches a tag that consists of one word: where it ends, and whether it takes the white space behind it. */
  private matchWordTag(start: number, word: string): { end: number; stripsAfter: boolean } | undefined {
    let at = this.skipSpace(start + (this.isMark(start + 2) ? 3 : 2));
    if (!this.source.startsWith(word, at)) return undefined;
    at = this.skipSpace(at + word.length);
    const stripsAfter = this.source[at] === "-";
    if (this.isMark(at)) at += 1;
    return this.source.startsWith("%}", at) ? { end: at + 2, stripsAfter } : undefined;
  }

  private isMark(at: number): boolean {
    return this.source[at] === "-" || this.source[at] === "+";
  }

  private skipSpace(from: number): number {
    let at = from;
    while (at < this.end && isSpace(this.source.charCodeAt(at))) at += 1;
    return at;
  }
}

/** The length of the one line end that Jinja2 takes from the end of a template. */
function trailingNewline(source: string): number {
  if (source.endsWith("\r\n")) return 2;
  return source.endsWith("\n") || source.endsWith("\r") ? 1 : 0;
}
