import assert from "node:assert/strict";
import { test } from "node:test";
import {
  exponentialText,
  fixedText,
  floatText,
  generalText,
  parseFloatText,
  parseIntegerText,
  roundHalfEven,
} from "./python-numbers.ts";
import {
  capitalize,
  compareText,
  isSpace,
  quoteText,
  sliceText,
  splitLines,
  splitWords,
  strip,
  stripBoth,
  textLength,
  titleByLetters,
  titleByWords,
} from "./python-text.ts";

test("floats are printed with the fewest digits, and an exponent below 1e-4 and from 1e16", () => {
  const rows: readonly (readonly [number, string])[] = [
    [1, "1.0"],
    [-0, "-0.0"],
    [0, "0.0"],
    [0.1 + 0.2, "0.30000000000000004"],
    [1e15, "1000000000000000.0"],
    [1e16, "1e+16"],
    [1.5e16, "1.5e+16"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e21, "1e+21"],
    [1e22, "1e+22"],
    [1e100, "1e+100"],
    [0.0001, "0.0001"],
    [0.00012, "0.00012"],
    [0.00001, "1e-05"],
    [1.5e-7, "1.5e-07"],
    [5e-324, "5e-324"],
    [Number.MAX_VALUE, "1.7976931348623157e+308"],
    [-2.5, "-2.5"],
    [Number.POSITIVE_INFINITY, "inf"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [Number.NaN, "nan"],
  ];
  for (const [value, text] of rows) assert.equal(floatText(value), text);
});

test("decimals are rounded exactly, half to even", () => {
  const rows: readonly (readonly [number, number, string])[] = [
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [2.5, 0, "2"],
    [-0.5, 0, "-0"],
    [0.125, 2, "0.12"],
    [0.375, 2, "0.38"],
    [1.005, 2, "1.00"],
    [2.675, 2, "2.67"],
    [1e22, 1, "10000000000000000000000.0"],
    [0.1, 20, "0.10000000000000000555"],
    [99.995, 2, "100.00"],
  ];
  for (const [value, decimals, text] of rows) assert.equal(fixedText(value, decimals), text);
  assert.equal(roundHalfEven(2.5, 0), 2);
  assert.equal(roundHalfEven(1250, -2), 1200);
  assert.equal(roundHalfEven(1350, -2), 1400);
  assert.equal(exponentialText(12345.678, 2), "1.23e+04");
  assert.equal(generalText(1e10, 6), "1e+10");
  assert.equal(generalText(100000, 6), "100000");
  assert.equal(generalText(0.0001, 6), "0.0001");
});

test("texts that are numbers are read as Python reads them", () => {
  assert.equal(parseFloatText("1_0.5"), 10.5);
  assert.equal(parseFloatText("-.5e1"), -5);
  assert.equal(parseFloatText("Infinity"), Number.POSITIVE_INFINITY);
  for (const text of ["", "1__0", "_1", "1_", "0x1", "1e", "1 2", "one", "."])
    assert.equal(parseFloatText(text), undefined);
  assert.equal(parseIntegerText("0x1F", 16), 31);
  assert.equal(parseIntegerText("-1_000", 10), -1000);
  assert.equal(parseIntegerText("0b11", 0), 3);
  for (const text of ["", "1.5", "9z", "1__0", "0x1"]) assert.equal(parseIntegerText(text, 10), undefined);
});

test("strings are quoted by the rules of repr", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["", "''"],
    ["it's", '"it\'s"'],
    ['say "x"', "'say \"x\"'"],
    ['it\'s "x"', "'it\\'s \"x\"'"],
    ["a\n\t\r\\", "'a\\n\\t\\r\\\\'"],
    ["\0\x1f\x7f", "'\\x00\\x1f\\x7f'"],
    ["é ß 漢 😀", "'é ß 漢 😀'"],
    ["\u00a0\u200b\ufeff", "'\\xa0\\u200b\\ufeff'"],
    ["\ud800", "'\\ud800'"],
    ["\u{e0001}", "'\\U000e0001'"],
  ];
  for (const [text, quoted] of rows) assert.equal(quoteText(text), quoted);
});

test("text is counted and cut by code points", () => {
  assert.equal(textLength("a😀b"), 3);
  assert.equal(sliceText("a😀b", 1, 2), "😀");
  assert.ok(compareText("😀", "\uffff") > 0);
  assert.ok(compareText("a", "b") < 0);
  assert.equal(compareText("é", "é"), 0);
});

test("white space and lines are Python's", () => {
  assert.ok([9, 10, 11, 12, 13, 0x1c, 0x1f, 0x20, 0x85, 0xa0, 0x2003, 0x3000].every(isSpace));
  assert.ok(![0, 0x1b, 0x200b, 0xfeff].some(isSpace));
  assert.equal(strip("\x1c a\ufeff \u2003", stripBoth), "a\ufeff");
  assert.equal(strip("xxaxx", stripBoth, "x"), "a");
  assert.equal(strip("😀a😀", stripBoth, "😀"), "a");
  assert.deepEqual(splitWords("  a  b\tc "), ["a", "b", "c"]);
  assert.deepEqual(splitWords("a b  c ", 1), ["a", "b  c"]);
  assert.deepEqual(splitLines("a\r\nb\rc\u2028d\n"), ["a", "b", "c", "d"]);
  assert.deepEqual(splitLines("a\n\n", true), ["a\n", "\n"]);
  assert.deepEqual(splitLines(""), []);
});

test("titles and capitals", () => {
  assert.equal(capitalize("hELLO wORLD"), "Hello world");
  assert.equal(titleByLetters("they're bill's"), "They'Re Bill'S");
  assert.equal(titleByWords("they're bill's foo-bar (baz)"), "They're Bill's Foo-Bar (Baz)");
});
