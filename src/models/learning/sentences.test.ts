import assert from "node:assert/strict";
import { test } from "node:test";
import { sentencesOf } from "./sentences.ts";

function cut(text: string): readonly string[] {
  const sentences = sentencesOf(text);
  for (const { sentence, start, end } of sentences) assert.equal(text.slice(start, end), sentence);
  return sentences.map(({ sentence }) => sentence);
}

test("full stops, questions and exclamations end a sentence", () => {
  assert.deepEqual(cut("It works. Does it? Yes! Really?! Good"), [
    "It works.",
    "Does it?",
    "Yes!",
    "Really?!",
    "Good",
  ]);
  assert.deepEqual(cut(""), []);
  assert.deepEqual(cut(" \n\n \t"), []);
  assert.deepEqual(cut("... --- !!!"), []);
});

test("abbreviations and initials do not", () => {
  for (const text of [
    "Ask Dr. Smith or Mrs. Jones about it.",
    "Bring a document, e.g. a passport, i.e. the original.",
    "J. R. R. Tolkien wrote it.",
    "See Fig. 3 and No. 7 for details.",
    "Das gilt z.B. für Karten bzw. Konten.",
    "We open at 9 a.m. and close at 5 p.m. on Mondays, approx. every week.",
  ])
    assert.deepEqual(cut(text), [text]);
});

test("an abbreviation may end one too", () => {
  assert.deepEqual(cut("We close at 5 p.m. Come early."), ["We close at 5 p.m.", "Come early."]);
  assert.deepEqual(cut("Bags, shoes, etc. All can be returned."), [
    "Bags, shoes, etc.",
    "All can be returned.",
  ]);
  assert.deepEqual(cut("So do I. Then we agree."), ["So do I.", "Then we agree."]);
});

test("decimals, dates, versions, addresses and file names hold together", () => {
  for (const text of [
    "It costs $3.50 or 1.000,25 euros.",
    "Version 2.3.1 came on 3.5.2024 for Node.js users.",
    "See https://example.com/a.b?c=d.e and mail help.desk@example.co.uk now.",
  ])
    assert.deepEqual(cut(text), [text]);
  assert.deepEqual(cut("Go to https://example.com. Then log in."), [
    "Go to https://example.com.",
    "Then log in.",
  ]);
});

test("quotes and brackets close with their sentence", () => {
  assert.deepEqual(cut('They said "We will pay." Then they left. (It was late.) Over.'), [
    'They said "We will pay."',
    "Then they left.",
    "(It was late.)",
    "Over.",
  ]);
  assert.deepEqual(cut("It was... strange. Wait… what?"), ["It was... strange.", "Wait… what?"]);
});

test("Markdown: headings are marked, list items and rows stand alone, code is left out", () => {
  const text = [
    "# Refunds #",
    "",
    "1. Open the app",
    "2) Choose **Refund**. Confirm it.",
    "- Wait 5 days",
    "> quoted words",
    "",
    "| Plan | Price |",
    "|------|-------|",
    "| Pro | $10.50 |",
    "",
    "Underlined",
    "==========",
    "A paragraph that",
    "goes on. And ends.",
    "***",
    "```js",
    "const code = 1. Not read.",
    "```",
  ].join("\n");
  assert.deepEqual(cut(text), [
    "Refunds",
    "Open the app",
    "Choose **Refund**.",
    "Confirm it.",
    "Wait 5 days",
    "quoted words",
    "| Plan | Price |",
    "| Pro | $10.50 |",
    "Underlined",
    "A paragraph that\ngoes on.",
    "And ends.",
  ]);
  const headings = sentencesOf(text).filter(({ heading }) => heading);
  assert.deepEqual(
    headings.map(({ sentence }) => sentence),
    ["Refunds", "Underlined"],
  );
});

test("a label in bold stays with the sentence that it announces", () => {
  assert.deepEqual(cut("**Get a copy.** Open the order. **Done.**"), [
    "**Get a copy.** Open the order.",
    "**Done.**",
  ]);
});

test("scripts without spaces have ends of their own, and Windows line ends do no harm", () => {
  assert.deepEqual(cut("これは一つ目。これは二つ目！最後"), ["これは一つ目。", "これは二つ目！", "最後"]);
  assert.deepEqual(cut("One.\r\n\r\n- Two\r\n- Three\r\n"), ["One.", "Two", "Three"]);
});

test("a long line without an end is one sentence, found in linear time", () => {
  assert.equal(cut("word ".repeat(40_000)).length, 1);
  assert.equal(cut(`${".".repeat(50_000)} a`).length, 1);
  assert.equal(cut(`${".".repeat(50_000)}x`).length, 1);
  assert.equal(cut("a. ".repeat(40_000)).length, 1);
  assert.equal(cut("**a ".repeat(40_000)).length, 1);
});
