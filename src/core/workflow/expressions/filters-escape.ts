import { integerArgument } from "./calls.ts";
import { display } from "./display.ts";
import { type FilterTable, filter } from "./filter.ts";
import { iterate, truthy } from "./operations.ts";
import { jsonText } from "./plain.ts";
import { splitWords } from "./python-text.ts";
import { type Run, TextBuilder } from "./run.ts";
import { isMapping, mappingEntries, sequenceItems, typeName, type Value } from "./values.ts";

/** Jinja2's filters that make text safe for somewhere else, or take that away. */
export const escapeFilters: FilterTable = {
  e: filter("", (run, value) => escapeHtml(display(run, value))),
  escape: filter("", (run, value) => escapeHtml(display(run, value))),
  forceescape: filter("", (run, value) => escapeHtml(display(run, value))),
  safe: filter("", (run, value) => display(run, value)),
  striptags: filter("", (run, value) => stripTags(display(run, value))),
  tojson: filter("indent", (run, value, indent) => {
    const spaces =
      indent === undefined || indent === null ? undefined : integerArgument(run, indent, "indent", 0);
    return jsonText(run, value, spaces === undefined ? undefined : Math.max(0, spaces));
  }),
  urlencode: filter("", urlEncode),
  xmlattr: filter("autospace", xmlAttributes),
};

/**
 * Filters whose result counts as escaped already: `escape` behind one of them does nothing. Jinja2
 * knows this of the value (`Markup`); here it is known of the place, so that texts are only texts.
 */
export const escapingFilters: ReadonlySet<string> = new Set([
  "e",
  "escape",
  "forceescape",
  "safe",
  "tojson",
  "xmlattr",
]);

const htmlEntities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => htmlEntities[character] ?? character);
}

const namedEntities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  copy: "\u00a9",
  reg: "\u00ae",
  hellip: "\u2026",
  mdash: "\u2014",
  ndash: "\u2013",
  euro: "\u20ac",
  laquo: "\u00ab",
  raquo: "\u00bb",
};

/** Comments and tags go, entities become characters, white space becomes single spaces. */
function stripTags(text: string): string {
  const bare = withoutBetween(withoutBetween(text, "<!--", "-->"), "<", ">");
  return unescapeHtml(splitWords(bare).join(" "));
}

/** Removes what stands between two marks, and the marks. One search for each mark: linear. */
function withoutBetween(text: string, open: string, close: string): string {
  let out = "";
  let from = 0;
  for (let start = text.indexOf(open); start >= 0; start = text.indexOf(open, from)) {
    const end = text.indexOf(close, start);
    if (end < 0) break;
    out += text.slice(from, start);
    from = end + close.length;
  }
  return out + text.slice(from);
}

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,6}));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined)
      return Object.hasOwn(namedEntities, name) ? (namedEntities[name] ?? whole) : whole;
    const code = Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
      ? String.fromCodePoint(code)
      : "\ufffd";
  });
}

function urlEncode(run: Run, value: Value): string {
  if (typeof value === "string") return quoteUrl(value).replaceAll("%2F", "/");
  const pairs = isMapping(value)
    ? mappingEntries(value)
    : sequenceItems(value)?.map((item) => pairOf(run, item));
  if (!pairs) return quoteUrl(display(run, value)).replaceAll("%2F", "/");
  const out = new TextBuilder(run);
  for (const [name, member] of pairs) {
    run.spend(1);
    const separator = out.length === 0 ? "" : "&";
    out.add(`${separator}${quoteQuery(display(run, name))}=${quoteQuery(display(run, member))}`);
  }
  return out.text();
}

function pairOf(run: Run, item: Value): readonly [Value, Value] {
  const [name, member, ...more] = iterate(run, item);
  if (name === undefined || member === undefined || more.length > 0)
    throw run.failure(`urlencode needs pairs of a name and a value, not ${typeName(item)}`);
  return [name, member];
}

/** Everything but letters, digits and `_.-~`; a lone surrogate has no UTF-8 and becomes U+FFFD. */
function quoteUrl(text: string): string {
  const hex = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, hex);
}

function quoteQuery(text: string): string {
  return quoteUrl(text).replaceAll("%20", "+");
}

function xmlAttributes(run: Run, value: Value, autospace: Value = true): string {
  const entries = mappingEntries(value);
  if (!entries) throw run.failure(`xmlattr needs a dict, not ${typeName(value)}`);
  const out = new TextBuilder(run);
  for (const [key, member] of entries) {
    run.spend(1);
    const name = display(run, key);
    if (member === null) continue;
    if (/[\s/>=]/.test(name)) throw run.failure(`${JSON.stringify(name)} cannot be the name of an attribute`);
    const separator = out.length === 0 ? "" : " ";
    out.add(`${separator}${escapeHtml(name)}="${escapeHtml(display(run, member))}"`);
  }
  return truthy(run, autospace) && out.length > 0 ? ` ${out.text()}` : out.text();
}
