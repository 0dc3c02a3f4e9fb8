import { integerArgument, textArgument } from "./calls.ts";
import { display, prettyText } from "./display.ts";
import { type FilterTable, filter } from "./filter.ts";
import { iterate, sameSequence, truthy } from "./operations.ts";
import { formatArguments } from "./printf.ts";
import {
  capitalize,
  codePoints,
  sliceText,
  splitLines,
  strip,
  stripBoth,
  textLength,
  titleByWords,
} from "./python-text.ts";
import type { Run } from "./run.ts";
import { replaceText } from "./text-replace.ts";
import { wrapText } from "./text-wrap.ts";
import type { Value } from "./values.ts";

/** Jinja2's filters on text. Anything that is no text is taken as it prints. */
export const textFilters: FilterTable = {
  capitalize: filter("", (run, value) => capitalize(display(run, value))),
  center: filter("width", (run, value, width) =>
    center(run, display(run, value), integerArgument(run, width, "width", 80)),
  ),
  format: { applyOpen: (run, value, args) => formatArguments(run, display(run, value), args) },
  indent: filter("width first blank", indent),
  lower: filter("", (run, value) => display(run, value).toLowerCase()),
  pprint: filter("", (run, value) => prettyText(run, value)),
  replace: filter("old! new! count", (run, value, old = "", by = "", count) =>
    replaceText(
      run,
      display(run, value),
      display(run, old),
      display(run, by),
      integerArgument(run, count ?? undefined, "count", -1),
    ),
  ),
  reverse: filter("", reverse),
  string: filter("", (run, value) => display(run, value)),
  title: filter("", (run, value) => titleByWords(display(run, value))),
  trim: filter("chars", (run, value, characters) =>
    strip(
      display(run, value),
      stripBoth,
      characters === undefined || characters === null
        ? undefined
        : textArgument(run, characters, "chars", ""),
    ),
  ),
  truncate: filter("length killwords end leeway", truncate),
  upper: filter("", (run, value) => display(run, value).toUpperCase()),
  wordcount: filter("", (run, value) => countWords(display(run, value))),
  wordwrap: filter("width break_long_words wrapstring break_on_hyphens", wordwrap),
};

/** Python puts the odd space on the left when the width is odd, too. */
export function center(run: Run, text: string, width: number, fill = " "): string {
  const missing = width - textLength(text);
  if (missing <= 0) return text;
  run.spendText(width);
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

function indent(
  run: Run,
  value: Value,
  width: Value = 4,
  first: Value = false,
  blank: Value = false,
): string {
  const margin =
    typeof width === "string"
      ? width
      : " ".repeat(boundedWidth(run, integerArgument(run, width, "width", 4)));
  const text = display(run, value);
  const lines = splitLines(`${text}\n`);
  run.spendText(text.length + margin.length * lines.length);
  const keepsBlank = !truthy(run, blank);
  const indented = lines.map((line, index) => {
    if (index === 0) return truthy(run, first) ? margin + line : line;
    return line === "" && keepsBlank ? line : margin + line;
  });
  return indented.join("\n");
}

/** A count of characters to make; negative ones are none. */
function boundedWidth(run: Run, width: number): number {
  run.spendText(Math.max(0, width));
  return Math.max(0, width);
}

function reverse(run: Run, value: Value): Value {
  if (typeof value === "string") return codePoints(value).toReversed().join("");
  return sameSequence(value, iterate(run, value).toReversed());
}

function truncate(
  run: Run,
  value: Value,
  length?: Value,
  killwords: Value = false,
  end?: Value,
  leeway?: Value,
): string {
  const text = display(run, value);
  const max = integerArgument(run, length, "length", 255);
  const ending = textArgument(run, end, "end", "...");
  const slack = integerArgument(run, leeway ?? undefined, "leeway", 5);
  const kept = max - textLength(ending);
  if (kept < 0)
    throw run.failure(`length is ${max}; expected at least ${textLength(ending)}, the length of the end`);
  if (slack < 0) throw run.failure(`leeway is ${slack}; expected 0 or more`);
  if (textLength(text) <= max + slack) return text;
  const head = sliceText(text, 0, kept);
  if (truthy(run, killwords)) return head + ending;
  const space = head.lastIndexOf(" ");
  return (space < 0 ? head : head.slice(0, space)) + ending;
}

function countWords(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(/[\p{L}\p{N}_]+/gu)) count += 1;
  return count;
}

function wordwrap(
  run: Run,
  value: Value,
  width?: Value,
  breakLong: Value = true,
  wrap?: Value,
  hyphens: Value = true,
) {
  return wrapText(run, display(run, value), {
    width: integerArgument(run, width, "width", 79),
    breaksLongWords: truthy(run, breakLong),
    breaksOnHyphens: truthy(run, hyphens),
    lineEnd: wrap === undefined || wrap === null ? "\n" : textArgument(run, wrap, "wrapstring", "\n"),
  });
}
