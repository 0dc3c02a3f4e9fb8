// Bodies that codecs like to lose, and bodies that nobody should have to parse. Each either comes back as it
// was, or is refused in words.

export interface Payload {
  readonly name: string;
  /** The body of the request as it goes over the wire. */
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** Sent in chunks, without its length. */
  readonly chunked?: boolean;
  /** How it is refused; else it must come back. */
  readonly refused?: { readonly status: number; readonly code: string };
}

const tooLarge = { status: 413, code: "BODY_TOO_LARGE" };
const invalid = { status: 400, code: "REQUEST_INVALID" };
const input = (text: string) => `{"input":${text}}`;
const list = (count: number, item: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => item(n)).join();
const latin1 = (text: string) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

export const payloads: readonly Payload[] = [
  { name: "lone surrogates", body: input('["\\ud800", "a\\udfffb", "\\ud800\\ud800", "\\udc00\\ud800"]') },
  { name: "NUL and control characters", body: input('["\\u0000", "a\\u0000b\\u001f\\u007f\\u0085"]') },
  {
    name: "right to left, with marks",
    body: input('"\\u202e\\u05e9\\u05dc\\u05d5\\u05dd\\u202c abc \\u2066x\\u2069"'),
  },
  {
    name: "emoji, families and flags",
    body: input('"\\ud83d\\udc69\\u200d\\ud83d\\udc67 \\ud83c\\uddea\\ud83c\\uddfa 👍🏽"'),
  },
  { name: "composed and decomposed", body: input('{"\\u00e9": 1, "e\\u0301": 2, "v": ["Å", "Å", "Å"]}') },
  { name: "line separators and a byte order mark inside", body: input('"\\u2028\\u2029\\ufeff"') },
  {
    name: "__proto__ and its like",
    body: input('{"__proto__": {"a": 1}, "constructor": {"prototype": 2}, "x": {"__proto__": null}}'),
  },
  {
    name: "members named toJSON and then",
    body: input('{"toJSON": "x", "then": 1, "valueOf": {"toJSON": null}}'),
  },
  {
    name: "empty names, number names, spaces",
    body: input('{"": 1, "10": 2, "2": 3, " ": 4, "a.b": 5, "a[0]": 6}'),
  },
  {
    name: "dates as texts",
    body: input('["2026-02-30T25:61:61Z", "0000-00-00", "-271821-04-20T00:00:00.000Z"]'),
  },
  { name: "the largest exact integers", body: input("[9007199254740991, -9007199254740991]") },
  { name: "the smallest and largest numbers", body: input("[5e-324, 1.7976931348623157e308, 1e21, 0.1]") },
  { name: "an empty list, an empty object, null", body: input('[[], {}, null, [[]], [{}], ""]') },
  { name: "names that look like templates", body: input('"{{ 7 * 7 }} {% raw %} ${1} {{"') },
  { name: "as deep as may be", body: input(`${"[".repeat(480)}${"]".repeat(480)}`) },
  { name: "a text of 2 MB", body: input(`"${"x".repeat(2_000_000)}"`) },
  { name: "a text of 2 MB in chunks", body: input(`"${"é".repeat(1_000_000)}"`), chunked: true },
  { name: "50,000 names", body: input(`{${list(50_000, (n) => `"name ${n}":${n}`)}}`) },
  { name: "as many names as may be", body: input(`{${list(99_990, (n) => `"nam${n}":${n}`)}}`) },
  {
    name: "as many small objects as may be",
    body: input(`[${list(49_000, (n) => `{"a":${n},"b":"text ${n}"}`)}]`),
  },
  { name: "as many decimals as may be", body: input(`[${list(99_990, (n) => `${Math.sqrt(n)}`)}]`) },
  { name: "a whole number above 2^53", body: input("9007199254740993"), refused: invalid },
  { name: "a number above all numbers", body: input("[1e999]"), refused: invalid },
  { name: "NaN", body: input("NaN"), refused: invalid },
  { name: "Infinity", body: input("-Infinity"), refused: invalid },
  { name: "undefined", body: input("undefined"), refused: invalid },
  { name: "a million deep", body: input(`${"[".repeat(1e6)}${"]".repeat(1e6)}`), refused: invalid },
  {
    name: "a million deep, in objects",
    body: input(`${'{"a":'.repeat(1e6)}1${"}".repeat(1e6)}`),
    refused: tooLarge,
  },
  {
    name: "100,000 deep, in objects",
    body: input(`${'{"a":'.repeat(1e5)}1${"}".repeat(1e5)}`),
    refused: invalid,
  },
  { name: "200,000 names", body: input(`{${list(2e5, (n) => `"${n}":0`)}}`), refused: invalid },
  { name: "a million names", body: input(`{${list(1e6, (n) => `"${n}":0`)}}`), refused: tooLarge },
  { name: "50 MB", body: input(`"${"x".repeat(50_000_000)}"`), refused: tooLarge },
  { name: "50 MB in chunks", body: input(`"${"x".repeat(50_000_000)}"`), chunked: true, refused: tooLarge },
  { name: "bytes that are no UTF-8", body: latin1('{"input":"\xff\xfe\xc0\xaf"}'), refused: invalid },
  { name: "a surrogate in UTF-8", body: latin1('{"input":"\xed\xa0\x80"}'), refused: invalid },
  { name: "cut short", body: '{"input":"abc', refused: invalid },
  { name: "a list in the place of the request", body: "[1]", refused: invalid },
];
