import { TemplateSyntaxError } from "./errors.ts";
import { isSpace } from "./python-text.ts";

/** `text` is the decoded text of a string, otherwise what stands in the source. */
export interface Token {
  readonly kind: "name" | "string" | "integer" | "float" | "operator" | "end";
  readonly text: string;
  /** The value of a number, otherwise 0. */
  readonly number: number;
  readonly offset: number;
}

const twoCharacterOperators = new Set(["//", "**", "==", "!=", ">=", "<="]);
const oneCharacterOperators = new Set("+-*/%~()[]{}<>=.:|,");
const closerOf: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
const nameStart = /[\p{XID_Start}_]/u;
const nameContinue = /\p{XID_Continue}/u;

/** Where a tag's inside starts, and how far the template goes. */
interface TagPlace {
  readonly kind: "print" | "block";
  readonly start: number;
  readonly limit: number;
  /** Where the tag itself starts, for messages. */
  readonly tag: number;
}

/** The tokens of one tag, closed by an `end` token, and the offset behind the tag. */
export function readTokens(source: string, place: TagPlace): { tokens: Token[]; end: number } {
  return new TokenReader(source, place).read();
}

class TokenReader {
  private readonly source: string;
  private readonly place: TagPlace;
  private readonly tokens: Token[] = [];
  /** Closing brackets that are still expected, the innermost last. */
  private readonly closers: string[] = [];
  private position: number;

  constructor(source: string, place: TagPlace) {
    this.source = source;
    this.place = place;
    this.position = place.start;
  }

  read(): { tokens: Token[]; end: number } {
    for (;;) {
      while (this.position < this.place.limit && isSpace(this.source.charCodeAt(this.position)))
        this.position += 1;
      const end = this.closers.length === 0 ? this.matchEnd() : 0;
      if (end > 0) {
        this.push("end", this.source.slice(this.position, end), this.position);
        return { tokens: this.tokens, end };
      }
      if (this.position >= this.place.limit) throw this.unclosed();
      this.readToken();
    }
  }

  private unclosed(): TemplateSyntaxError {
    const closer = this.closers.at(-1) ?? (this.place.kind === "print" ? "}}" : "%}");
    return this.error(`the template ends within this tag; expected ${closer}`, this.place.tag);
  }

  /** The offset behind `}}`, `-}}`, `%}`, `-%}` or `+%}` at the current place, or 0. */
  private matchEnd(): number {
    const mark = this.source[this.position];
    const isMarked = mark === "-" || (mark === "+" && this.place.kind === "block");
    const start = this.position + (isMarked ? 1 : 0);
    const closer = this.place.kind === "print" ? "}}" : "%}";
    return this.source.startsWith(closer, start) && start + 2 <= this.place.limit ? start + 2 : 0;
  }

  private readToken(): void {
    const start = this.position;
    const character = this.source.charAt(start);
    const point = String.fromCodePoint(this.source.codePointAt(start) ?? 0);
    if (character === '"' || character === "'") this.readString(character);
    else if (isDigit(this.source.charCodeAt(start))) this.readNumber();
    else if (nameStart.test(point)) this.readName();
    else this.readOperator(start, character, point);
  }

  private readOperator(start: number, character: string, point: string): void {
    const two = this.source.slice(start, start + 2);
    const operator = twoCharacterOperators.has(two)
      ? two
      : oneCharacterOperators.has(character)
        ? character
        : undefined;
    if (operator === undefined)
      throw this.error(`unexpected ${JSON.stringify(point)}; expected an expression`, start);
    this.track(operator);
    this.push("operator", operator, start + operator.length);
  }

  private track(operator: string): void {
    const closer = closerOf[operator];
    if (closer !== undefined) this.closers.push(closer);
    if (!(operator === ")" || operator === "]" || operator === "}")) return;
    const expected = this.closers.pop();
    if (expected === operator) return;
    const wanted = expected ?? (this.place.kind === "print" ? "}}" : "%}");
    throw this.error(`unexpected ${operator}; expected ${wanted}`, this.position);
  }

  private readName(): void {
    let end = this.position;
    while (end < this.place.limit) {
      const point = String.fromCodePoint(this.source.codePointAt(end) ?? 0);
      if (!nameContinue.test(point)) break;
      end += point.length;
    }
    this.push("name", this.source.slice(this.position, end), end);
  }

  private readNumber(): void {
    const start = this.position;
    const isPrefixed = this.source[start] === "0" && /[xob]/i.test(this.source.charAt(start + 1));
    if (isPrefixed) this.pushInteger(start + 2, this.skipWhile(start + 2, isNameCode));
    else this.readDecimal(start);
  }

  private readDecimal(start: number): void {
    let end = this.skipWhile(start, isDigitOrUnderscore);
    // `a.1.5` is two members, so a number behind a point has no fraction.
    const isMember = this.source[start - 1] === ".";
    const hasFraction = !isMember && this.source[end] === "." && isDigit(this.source.charCodeAt(end + 1));
    if (hasFraction) end = this.skipWhile(end + 1, isDigitOrUnderscore);
    const exponent = isMember ? end : this.exponentEnd(end);
    if (!hasFraction && exponent === end) this.pushInteger(start, end);
    else
      this.push("float", this.source.slice(start, exponent), exponent, Number(this.digits(start, exponent)));
  }

  private exponentEnd(at: number): number {
    if (this.source[at] !== "e" && this.source[at] !== "E") return at;
    const digits = this.source[at + 1] === "+" || this.source[at + 1] === "-" ? at + 2 : at + 1;
    return isDigit(this.source.charCodeAt(digits)) ? this.skipWhile(digits, isDigitOrUnderscore) : at;
  }

  private pushInteger(digitsStart: number, end: number): void {
    const text = this.source.slice(this.position, end);
    const value = Number(this.digits(this.position, end));
    const hasLeadingZero = digitsStart === this.position && /^0[0_]*[1-9]/.test(text);
    if (Number.isNaN(value) || hasLeadingZero) throw this.error(`${text} is not a number`, this.position);
    if (!Number.isSafeInteger(value))
      throw this.error(`${text} is beyond 2^53; expected a smaller int`, this.position);
    this.push("integer", text, end, value);
  }

  private digits(start: number, end: number): string {
    const text = this.source.slice(start, end);
    if (text.includes("__") || text.endsWith("_")) throw this.error(`${text} is not a number`, start);
    return text.replaceAll("_", "");
  }

  private skipWhile(from: number, accepts: (code: number) => boolean): number {
    let at = from;
    while (at < this.place.limit && accepts(this.source.charCodeAt(at))) at += 1;
    return at;
  }

  private readString(quote: string): void {
    const start = this.position;
    let end = start + 1;
    while (end < this.place.limit && this.source[end] !== quote) end += this.source[end] === "\\" ? 2 : 1;
    if (end >= this.place.limit) throw this.error(`this string has no end; expected ${quote}`, start);
    this.push("string", unescapeText(this.source.slice(start + 1, end)), end + 1);
  }

  private push(kind: Token["kind"], text: string, end: number, number = 0): void {
    this.tokens.push({ kind, text, number, offset: this.position });
    this.position = end;
  }

  private error(message: string, offset: number): TemplateSyntaxError {
    return new TemplateSyntaxError(message, this.source, offset);
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isDigitOrUnderscore(code: number): boolean {
  return isDigit(code) || code === 95;
}

function isNameCode(code: number): boolean {
  return isDigitOrUnderscore(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

const escapePattern = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))/gs;

/** Python's string escapes; an unknown one stays as it stands. Line ends become `\n`. */
function unescapeText(raw: string): string {
  const text = raw.replace(/\r\n?/g, "\n");
  if (!text.includes("\\")) return text;
  return text.replace(escapePattern, (whole, x, u, long, octal, simple) => {
    if (simple !== undefined) return simpleEscapes[simple] ?? whole;
    const code = Number.parseInt(octal ?? x ?? u ?? long, octal === undefined ? 16 : 8);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
