// XML, as far as event logs need it
// =================================
// A reader that is given text piece by piece and never holds more than one tag of it. It knows elements and
// attributes; text between tags says nothing in XES and is passed over.
//
//   M1. What a file can make a reader do is bounded: no DTD, no entities but the five of XML and numbers,
//       a bound for the length of a tag and for the depth.
//   M2. A tag that is cut in two by the end of a piece is read when the rest is there.
import { LogUnreadable, type Place } from "./errors.ts";
import { markupCharsMax, xmlDepthMax } from "./limits.ts";

/** An element with everything in it. Attributes: name, value, name, value. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly children: readonly XmlElement[];
  /** Where it begins, if it was read. */
  readonly place?: Place;
}

export interface XmlHandler {
  /** An element that has nothing in it: most of them. */
  leaf(name: string, attributes: readonly string[]): void;
  open(name: string, attributes: readonly string[], place: Place): void;
  close(): void;
}

export class XmlReader {
  readonly #file: string;
  readonly #handler: XmlHandler;
  readonly #open: string[] = [];
  /** Those of the tag that is being read. */
  readonly #attributes: string[] = [];
  #text = "";
  /** Where the text that is not read yet begins. */
  #at = 0;
  /** How far lines are counted, the line there, and where it begins: before the text, if below 0. */
  #countedTo = 0;
  #line = 1;
  #lineStart = 0;
  #hasRoot = false;

  constructor(file: string, handler: XmlHandler) {
    this.#file = file;
    this.#handler = handler;
  }

  write(piece: string): void {
    this.#forget();
    this.#text += piece;
    while (this.#readMarkup());
    if (this.#text.length - this.#at > markupCharsMax)
      throw this.problem(`a tag or comment is longer than ${markupCharsMax} characters`);
  }

  end(): void {
    const open = this.#open.at(-1);
    if (open !== undefined)
      throw this.problem(`the file ends within <${open}>; it was cut off`, this.#text.length);
    if (this.#at < this.#text.length) throw this.problem("the file ends within a tag; it was cut off");
    if (!this.#hasRoot) throw this.problem("there is no element in it; expected an XES log");
  }

  /** A problem of what is being read, or of a place further on. */
  problem(message: string, at = this.#at): LogUnreadable {
    return new LogUnreadable(this.#file, this.#placeOf(at), message);
  }

  #placeOf(at: number): Place {
    const text = this.#text;
    for (
      let end = text.indexOf("\n", this.#countedTo);
      end >= 0 && end < at;
      end = text.indexOf("\n", end + 1)
    ) {
      this.#line += 1;
      this.#lineStart = end + 1;
    }
    this.#countedTo = at;
    return { line: this.#line, column: at - this.#lineStart + 1 };
  }

  /** Lets go of what was read; its lines stay counted. */
  #forget(): void {
    this.#placeOf(this.#at);
    this.#text = this.#text.slice(this.#at);
    this.#lineStart -= this.#at;
    this.#countedTo = 0;
    this.#at = 0;
  }

  /** Reads the next tag, comment or instruction; false when it is not all there. */
  #readMarkup(): boolean {
    const text = this.#text;
    const start = text.indexOf("<", this.#at);
    this.#at = start < 0 ? text.length : start;
    if (start < 0 || start + 1 >= text.length) return false;
    switch (text.charCodeAt(start + 1)) {
      case 0x21 /* ! */:
        return this.#readDeclaration(start);
      case 0x3f /* ? */:
        return this.#passOver(start + 2, "?>");
      case 0x2f /* / */:
        return this.#readEnd(start);
      default:
        return this.#readStart(start);
    }
  }

  #readDeclaration(start: number): boolean {
    const text = this.#text;
    if (text.startsWith("<!--", start)) return this.#passOver(start + 4, "-->");
    if (text.startsWith("<![CDATA[", start)) return this.#passOver(start + 9, "]]>");
    if (text.length - start < "<![CDATA[".length) return false;
    throw this.problem("a DTD is not read, because it can define entities; remove it");
  }

  #passOver(from: number, end: string): boolean {
    const found = this.#text.indexOf(end, from);
    if (found >= 0) this.#at = found + end.length;
    return found >= 0;
  }

  #readEnd(start: number): boolean {
    const end = this.#text.indexOf(">", start);
    if (end < 0) return false;
    const name = this.#text.slice(start + 2, end).trimEnd();
    const open = this.#open.pop();
    if (open !== name)
      throw this.problem(
        open === undefined ? `</${name}> closes nothing` : `expected </${open}>, not </${name}>`,
      );
    this.#at = end + 1;
    this.#handler.close();
    return true;
  }

  #readStart(start: number): boolean {
    const nameEnd = endOfName(this.#text, start + 1);
    if (nameEnd === start + 1) throw this.problem("expected the name of an element behind <");
    const end = this.#readAttributes(nameEnd);
    if (end === undefined) return false;
    const name = this.#text.slice(start + 1, nameEnd);
    if (this.#open.length === 0 && this.#hasRoot)
      throw this.problem(`<${name}> stands behind the end of the log`);
    if (this.#open.length >= xmlDepthMax)
      throw this.problem(`elements stand in each other deeper than ${xmlDepthMax}`);
    this.#hasRoot = true;
    // A copy has just the room that it needs; an array that grew would have five times that.
    const attributes = this.#attributes.slice();
    if (this.#text.charCodeAt(end - 2) === 0x2f /* / */) this.#handler.leaf(name, attributes);
    else {
      this.#handler.open(name, attributes, this.#placeOf(start));
      this.#open.push(name);
    }
    this.#at = end;
    return true;
  }

  /** Reads what stands between a name and the end of its tag; undefined when that end is not there yet. */
  #readAttributes(from: number): number | undefined {
    const text = this.#text;
    this.#attributes.length = 0;
    for (let at = endOfSpace(text, from); at < text.length; at = endOfSpace(text, at)) {
      const code = text.charCodeAt(at);
      if (code === 0x3e /* > */) return at + 1;
      if (code === 0x2f /* / */) {
        if (at + 1 >= text.length) return undefined;
        if (text.charCodeAt(at + 1) === 0x3e) return at + 2;
      }
      const end = this.#readAttribute(at);
      if (end === undefined) return undefined;
      at = end;
    }
    return undefined;
  }

  /** Adds name and value of the attribute at a place; undefined when it is not all there. */
  #readAttribute(start: number): number | undefined {
    const text = this.#text;
    const nameEnd = endOfName(text, start);
    const equals = endOfSpace(text, nameEnd);
    const quoteAt = endOfSpace(text, equals + 1);
    if (quoteAt >= text.length) return undefined;
    const quote = text.charAt(quoteAt);
    if (nameEnd === start || text.charAt(equals) !== "=" || (quote !== '"' && quote !== "'"))
      throw this.problem('expected an attribute such as key="value"', start);
    const end = text.indexOf(quote, quoteAt + 1);
    if (end < 0) return undefined;
    this.#attributes.push(text.slice(start, nameEnd), this.#valueOf(quoteAt + 1, end));
    return end + 1;
  }

  #valueOf(start: number, end: number): string {
    const raw = this.#text.slice(start, end);
    if (raw.includes("<"))
      throw this.problem("a value may not hold <; a quotation mark may be missing", start);
    return raw.includes("&")
      ? raw.replace(/&([^;]*);?/g, (all, name: string) => this.#entity(all, name, start))
      : raw;
  }

  #entity(all: string, name: string, at: number): string {
    const known = namedEntities.get(name);
    if (known !== undefined && all.endsWith(";")) return known;
    const digits = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
    const code = digits ? Number.parseInt(digits[1] ?? digits[2] ?? "", digits[1] ? 16 : 10) : 0;
    if (!all.endsWith(";") || !isXmlCharacter(code))
      throw this.problem(
        `${JSON.stringify(all.slice(0, 40))} is no character; entities are not expanded`,
        at,
      );
    return String.fromCodePoint(code);
  }
}

const namedEntities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** Those that XML 1.0 allows in a document (production 2, Char). */
export function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

function endOfSpace(text: string, from: number): number {
  let at = from;
  for (
    let code = text.charCodeAt(at);
    code === 0x20 || (code <= 0xd && code >= 0x9);
    code = text.charCodeAt(at)
  )
    at += 1;
  return at;
}

/** Names end where space, `=`, `/` or `>` begins; what else may stand in a name is not looked at. */
function endOfName(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code > 0x20; code = text.charCodeAt(at)) {
    if (code === 0x3d || code === 0x2f || code === 0x3e || code === 0x3c) break;
    at += 1;
  }
  return at;
}
