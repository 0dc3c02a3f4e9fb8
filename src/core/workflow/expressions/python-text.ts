/**
 * Text as Python has it: strings are sequences of code points, white space is Python's, floats and
 * quoted strings are printed by the rules of `repr`. Nothing here knows of templates.
 */

const surrogate = /[\ud800-\udfff]/;
const printable = /^[^\p{C}\p{Z}]$/u;

/** Whether UTF-16 units and code points are the same in a text, so that it can be cut by index. */
function isPlain(text: string): boolean {
  return !surrogate.test(text);
}

export function codePoints(text: string): readonly string[] {
  return isPlain(text) ? text.split("") : Array.from(text);
}

export function textLength(text: string): number {
  if (isPlain(text)) return text.length;
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** The code point at an index from the start, or undefined. */
export function characterAt(text: string, index: number): string | undefined {
  if (isPlain(text)) return text[index];
  let left = index;
  for (const character of text) {
    if (left === 0) return character;
    left -= 1;
  }
  return undefined;
}

/** The code points from `start` up to `stop`, both counted from the start and not negative. */
export function sliceText(text: string, start: number, stop: number): string {
  return isPlain(text) ? text.slice(start, stop) : Array.from(text).slice(start, stop).join("");
}

/** Below, at or above zero, by code point: UTF-16 order differs beyond U+FFFF. */
export function compareText(a: string, b: string): number {
  if (isPlain(a) && isPlain(b)) return a < b ? -1 : a > b ? 1 : 0;
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** What `str.isspace` accepts; unlike JavaScript it knows the separators 0x1c to 0x1f but not U+FEFF. */
export function isSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 9 && code <= 13) || (code >= 0x1c && code <= 0x1f);
  if (code < 0x2000) return code === 0x85 || code === 0xa0 || code === 0x1680;
  return (
    code <= 0x200a ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}

/** Strips white space, or any of the given characters, from the chosen sides. */
export function strip(text: string, sides: { left: boolean; right: boolean }, characters?: string): string {
  const set = characters === undefined ? undefined : new Set(Array.from(characters));
  if (set && !(isPlain(text) && isPlain(characters ?? ""))) return stripPoints(Array.from(text), sides, set);
  const isStripped = (index: number) => (set ? set.has(text.charAt(index)) : isSpace(text.charCodeAt(index)));
  let start = 0;
  let end = text.length;
  if (sides.left) while (start < end && isStripped(start)) start += 1;
  if (sides.right) while (end > start && isStripped(end - 1)) end -= 1;
  return text.slice(start, end);
}

function stripPoints(
  points: readonly string[],
  sides: { left: boolean; right: boolean },
  set: Set<string>,
): string {
  let start = 0;
  let end = points.length;
  if (sides.left) while (start < end && set.has(points[start] ?? "")) start += 1;
  if (sides.right) while (end > start && set.has(points[end - 1] ?? "")) end -= 1;
  return points.slice(start, end).join("");
}

export const stripBoth = { left: true, right: true };

/** `str.split()` without a separator: words between white space, at most `cutsMax` cuts. */
export function splitWords(text: string, cutsMax = Number.POSITIVE_INFINITY): string[] {
  const words: string[] = [];
  let index = 0;
  while (index < text.length) {
    while (index < text.length && isSpace(text.charCodeAt(index))) index += 1;
    if (index >= text.length) break;
    const start = index;
    if (words.length >= cutsMax) {
      words.push(strip(text.slice(start), { left: false, right: true }));
      break;
    }
    while (index < text.length && !isSpace(text.charCodeAt(index))) index += 1;
    words.push(text.slice(start, index));
  }
  return words;
}

const lineEnds = new Set([10, 11, 12, 13, 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029]);

/** `str.splitlines`: an end at the very end of the text starts no further line. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (!lineEnds.has(code)) continue;
    const end = code === 13 && text.charCodeAt(index + 1) === 10 ? index + 2 : index + 1;
    lines.push(text.slice(start, keepEnds ? end : index));
    start = end;
    index = end - 1;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}

export function capitalize(text: string): string {
  const [first = ""] = text;
  return first.toUpperCase() + text.slice(first.length).toLowerCase();
}

const cased = /\p{Cased}/u;

/** `str.title`: a letter after anything but a letter is large, the others are small. */
export function titleByLetters(text: string): string {
  let out = "";
  let afterLetter = false;
  for (const character of text) {
    out += afterLetter ? character.toLowerCase() : character.toUpperCase();
    afterLetter = cased.test(character);
  }
  return out;
}

/** Jinja's `title` filter: words begin after white space, hyphens and opening brackets. */
export function titleByWords(text: string): string {
  let out = "";
  let atStart = true;
  for (const character of text) {
    const isBreak = isSpace(character.charCodeAt(0)) || "-({[<".includes(character);
    out += isBreak ? character : atStart ? character.toUpperCase() : character.toLowerCase();
    atStart = isBreak;
  }
  return out;
}

export function swapCase(text: string): string {
  let out = "";
  for (const character of text) {
    const upper = character.toUpperCase();
    out += upper === character ? character.toLowerCase() : upper;
  }
  return out;
}

/** `str.isupper` and `str.islower`: at least one cased letter, and all of them of that case. */
export function isAllCased(text: string, wanted: "upper" | "lower"): boolean {
  const other = wanted === "upper" ? text.toUpperCase() : text.toLowerCase();
  return other === text && text.toUpperCase() !== text.toLowerCase();
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** Everything that a quoted text may hold as it is, so that the common text is copied in one piece. */
const plainQuoted = /^[ !#-&(-[\]-~]*$/;

/** `repr` of a string: single quotes unless the text has those and no double ones. */
export function quoteText(text: string): string {
  if (plainQuoted.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const character of text) out += quotedCharacter(character, quote);
  return out + quote;
}

function quotedCharacter(character: string, quote: string): string {
  if (character === quote) return `\\${quote}`;
  const escaped = escapes[character];
  if (escaped !== undefined) return escaped;
  if (character === " " || printable.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff
    ? `\\u${code.toString(16).padStart(4, "0")}`
    : `\\U${code.toString(16).padStart(8, "0")}`;
}
