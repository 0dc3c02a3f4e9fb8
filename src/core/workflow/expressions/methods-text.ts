import { integerArgument, textArgument } from "./calls.ts";
import { signatureOf } from "./filter.ts";
import { center } from "./filters-text.ts";
import { formatString } from "./format-string.ts";
import type { Method } from "./methods.ts";
import { iterate, truthy } from "./operations.ts";
import {
  capitalize,
  isAllCased,
  isSpace,
  sliceText,
  splitLines,
  splitWords,
  strip,
  stripBoth,
  swapCase,
  textLength,
  titleByLetters,
} from "./python-text.ts";
import { type Run, TextBuilder } from "./run.ts";
import { countText, replaceText } from "./text-replace.ts";
import { List, Tuple, typeName, type Value } from "./values.ts";

type Bound = (Value | undefined)[];
type TextMethod = Method<string>;

function method(parameters: string, call: (run: Run, text: string, args: Bound) => Value): TextMethod {
  return { signature: signatureOf(parameters), call };
}

/** A method that looks at a text and nothing else. */
function plain(call: (text: string) => Value): TextMethod {
  return method("", (_run, text) => call(text));
}

/** Python's string methods that templates use. None of them changes anything. */
export const textMethods: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>(
  Object.entries({
    capitalize: plain(capitalize),
    casefold: plain((text) => text.toLowerCase().replaceAll("ß", "ss")),
    center: method("width! fillchar", (run, text, [width, fill]) =>
      center(run, text, integerArgument(run, width, "width", 0), fillCharacter(run, fill)),
    ),
    count: method("sub!", (run, text, [part]) => countText(run, text, needText(run, part, "sub"))),
    endswith: method("suffix!", (run, text, [suffix]) =>
      choices(run, suffix).some((end) => text.endsWith(end)),
    ),
    find: method("sub! start end", (run, text, args) => find(run, text, args, "first")),
    format: { signature: signatureOf("*"), call: (run, text, _args, all) => formatString(run, text, all) },
    index: method("sub! start end", (run, text, args) => found(run, find(run, text, args, "first"))),
    isalnum: plain((text) => /^[\p{L}\p{N}]+$/u.test(text)),
    isalpha: plain((text) => /^\p{L}+$/u.test(text)),
    isdecimal: plain((text) => /^\p{Nd}+$/u.test(text)),
    isdigit: plain((text) => /^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u.test(text)),
    islower: plain((text) => isAllCased(text, "lower")),
    isnumeric: plain((text) => /^\p{N}+$/u.test(text)),
    isspace: plain(
      (text) => text !== "" && Array.from(text).every((character) => isSpace(character.charCodeAt(0))),
    ),
    isupper: plain((text) => isAllCased(text, "upper")),
    join: method("iterable!", join),
    ljust: method("width! fillchar", (run, text, [width, fill]) => text + padding(run, text, width, fill)),
    lower: plain((text) => text.toLowerCase()),
    lstrip: method("chars", (run, text, [characters]) =>
      strip(text, { left: true, right: false }, optionalText(run, characters)),
    ),
    partition: method("sep!", (run, text, [separator]) => partition(run, text, separator, "first")),
    removeprefix: method("prefix!", (run, text, [prefix]) => {
      const start = needText(run, prefix, "prefix");
      return text.startsWith(start) ? text.slice(start.length) : text;
    }),
    removesuffix: method("suffix!", (run, text, [suffix]) => {
      const end = needText(run, suffix, "suffix");
      return end !== "" && text.endsWith(end) ? text.slice(0, -end.length) : text;
    }),
    replace: method("old! new! count", (run, text, [old, by, count]) =>
      replaceText(
        run,
        text,
        needText(run, old, "old"),
        needText(run, by, "new"),
        integerArgument(run, count, "count", -1),
      ),
    ),
    rfind: method("sub! start end", (run, text, args) => find(run, text, args, "last")),
    rindex: method("sub! start end", (run, text, args) => found(run, find(run, text, args, "last"))),
    rjust: method("width! fillchar", (run, text, [width, fill]) => padding(run, text, width, fill) + text),
    rpartition: method("sep!", (run, text, [separator]) => partition(run, text, separator, "last")),
    rsplit: method("sep maxsplit", (run, text, args) => split(run, text, args, "right")),
    rstrip: method("chars", (run, text, [characters]) =>
      strip(text, { left: false, right: true }, optionalText(run, characters)),
    ),
    split: method("sep maxsplit", (run, text, args) => split(run, text, args, "left")),
    splitlines: method("keepends", (run, text, [keepEnds = false]) =>
      listOf(run, splitLines(text, truthy(run, keepEnds))),
    ),
    startswith: method("prefix!", (run, text, [prefix]) =>
      choices(run, prefix).some((start) => text.startsWith(start)),
    ),
    strip: method("chars", (run, text, [characters]) =>
      strip(text, stripBoth, optionalText(run, characters)),
    ),
    swapcase: plain(swapCase),
    title: plain(titleByLetters),
    upper: plain((text) => text.toUpperCase()),
    zfill: method("width!", zeroFill),
  }),
);

function needText(run: Run, value: Value | undefined, name: string): string {
  return textArgument(run, value ?? null, name, "");
}

function optionalText(run: Run, value: Value | undefined): string | undefined {
  return value === undefined || value === null ? undefined : textArgument(run, value, "chars", "");
}

function listOf(run: Run, texts: readonly string[]): List {
  run.spendItems(texts.length);
  return new List(texts);
}

/** One text or a tuple of them, as `startswith` takes it. */
function choices(run: Run, value: Value | undefined): readonly string[] {
  if (value instanceof Tuple) return value.items.map((item) => needText(run, item, "the prefix or suffix"));
  return [needText(run, value, "the prefix or suffix")];
}

function fillCharacter(run: Run, value: Value | undefined): string {
  const fill = textArgument(run, value, "fillchar", " ");
  if (textLength(fill) !== 1) throw run.failure("fillchar is not one character");
  return fill;
}

function padding(run: Run, text: string, width: Value | undefined, fill: Value | undefined): string {
  const missing = Math.max(0, integerArgument(run, width, "width", 0) - textLength(text));
  run.spendText(missing);
  return fillCharacter(run, fill).repeat(missing);
}

function zeroFill(run: Run, text: string, [width]: Bound): string {
  const missing = Math.max(0, integerArgument(run, width, "width", 0) - textLength(text));
  run.spendText(missing);
  const sign = text.startsWith("-") || text.startsWith("+") ? text.charAt(0) : "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function join(run: Run, separator: string, [items]: Bound): string {
  const out = new TextBuilder(run);
  iterate(run, items ?? null).forEach((item, index) => {
    run.spend(1);
    if (typeof item !== "string")
      throw run.failure(
        `item ${index} is ${typeName(item)}; the method join takes strings only, use the filter join`,
      );
    out.add(index > 0 ? separator + item : item);
  });
  return out.text();
}

/** The index by code point, or -1. The ends count from the text's end when negative. */
function find(run: Run, text: string, [part, start, end]: Bound, which: "first" | "last"): number {
  const wanted = needText(run, part, "sub");
  const length = textLength(text);
  const clamp = (index: number) => Math.min(length, Math.max(0, index < 0 ? index + length : index));
  const from = clamp(integerArgument(run, start ?? undefined, "start", 0));
  const piece = sliceText(text, from, clamp(integerArgument(run, end ?? undefined, "end", length)));
  const at = which === "first" ? piece.indexOf(wanted) : piece.lastIndexOf(wanted);
  return at < 0 ? -1 : from + textLength(piece.slice(0, at));
}

function found(run: Run, index: number): number {
  if (index < 0) throw run.failure("the text is not in the other one");
  return index;
}

function partition(run: Run, text: string, separator: Value | undefined, which: "first" | "last"): Tuple {
  const wanted = needSeparator(run, separator);
  const at = which === "first" ? text.indexOf(wanted) : text.lastIndexOf(wanted);
  if (at < 0) return new Tuple(which === "first" ? [text, "", ""] : ["", "", text]);
  return new Tuple([text.slice(0, at), wanted, text.slice(at + wanted.length)]);
}

function needSeparator(run: Run, value: Value | undefined): string {
  const separator = needText(run, value, "sep");
  if (separator === "") throw run.failure("sep is the empty text; expected at least one character");
  return separator;
}

function split(run: Run, text: string, [separator = null, countMax]: Bound, from: "left" | "right"): List {
  const count = integerArgument(run, countMax, "maxsplit", -1);
  const cutsMax = count < 0 ? Number.POSITIVE_INFINITY : count;
  if (separator === null)
    return listOf(
      run,
      from === "left" || cutsMax === Number.POSITIVE_INFINITY
        ? splitWords(text, cutsMax)
        : splitWordsRight(text, cutsMax),
    );
  const between = needSeparator(run, separator);
  const parts = text.split(between);
  const cuts = Math.min(cutsMax, parts.length - 1);
  if (cuts === parts.length - 1) return listOf(run, parts);
  if (from === "left") return listOf(run, [...parts.slice(0, cuts), parts.slice(cuts).join(between)]);
  const kept = parts.length - cuts;
  return listOf(run, [parts.slice(0, kept).join(between), ...parts.slice(kept)]);
}

/** Words from the right; what is left over keeps its inner white space. */
function splitWordsRight(text: string, cutsMax: number): string[] {
  const words: string[] = [];
  let end = text.length;
  for (;;) {
    while (end > 0 && isSpace(text.charCodeAt(end - 1))) end -= 1;
    if (end === 0) break;
    if (words.length >= cutsMax) {
      words.push(strip(text.slice(0, end), { left: true, right: false }));
      break;
    }
    let start = end;
    while (start > 0 && !isSpace(text.charCodeAt(start - 1))) start -= 1;
    words.push(text.slice(start, end));
    end = start;
  }
  return words.reverse();
}
