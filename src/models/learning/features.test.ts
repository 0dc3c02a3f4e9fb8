import assert from "node:assert/strict";
import { test } from "node:test";
import { hashText, tokensOf } from "./features.ts";
import { limits } from "./limits.ts";
import { corpusOf, fitVocabulary, vectorOf, vectorsOf } from "./vectors.ts";

const blockSizes = (text: string) => hashText(text).hashes.map((hashes) => hashes.length);

test("tokens are words and single signs, in lower case", () => {
  assert.deepEqual(tokensOf("Where's MY card?!"), ["where", "'", "s", "my", "card", "?", "!"]);
  assert.deepEqual(tokensOf("Straße 12b, Ünï"), ["straße", "12b", ",", "ünï"]);
  assert.deepEqual(tokensOf("  \n\t "), []);
});

test("characters of scripts without spaces are words of their own", () => {
  assert.deepEqual(tokensOf("カードabc紛失"), ["カ", "ー", "ド", "abc", "紛", "失"]);
});

test("compatibility forms and case do not matter, combining marks in either form do not either", () => {
  assert.deepEqual(hashText("ＣＡＲＤ ﬁne"), hashText("card fine"));
  assert.deepEqual(hashText("cafe\u0301"), hashText("caf\u00e9"));
});

test("a text without signs has no features, one without words only characters", () => {
  assert.deepEqual(blockSizes(""), [0, 0, 0]);
  assert.deepEqual(blockSizes(" \n"), [0, 0, 0]);
  const [characters = 0, ...others] = blockSizes("?!");
  assert.ok(characters > 0);
  assert.deepEqual(others, [0, 0]);
});

test("features are distinct, ascending, counted, and of one block only", () => {
  const { hashes, counts } = hashText("pay pay pay the bill");
  const seen = new Set<number>();
  for (const [block, some] of hashes.entries()) {
    assert.deepEqual(
      [...some],
      [...new Set(some)].sort((a, b) => a - b),
    );
    assert.equal(counts[block]?.length, some.length);
    for (const hash of some) assert.ok(!seen.has(hash));
    for (const hash of some) seen.add(hash);
  }
  assert.equal(Math.max(...(counts[1] ?? [])), 3);
});

test("pairs do not depend on the order of words, neighbours do", () => {
  const [, wordsA, pairsA] = hashText("one two three").hashes;
  const [, wordsB, pairsB] = hashText("three two one").hashes;
  assert.deepEqual(pairsA, pairsB);
  assert.notDeepEqual(wordsA, wordsB);
});

test("only so much of a text is read", () => {
  const long = "word ".repeat(limits.textCharsMax);
  assert.deepEqual(hashText(long), hashText(`${long.slice(0, limits.textCharsMax)}`));
});

test("vectors of known texts have length 1 and know all, in the corpus and outside alike", () => {
  const texts = ["my card is lost", "where is my card", "a transfer failed"].map(hashText);
  const corpus = corpusOf(texts);
  const rows = Int32Array.from([0, 1, 2]);
  const fitted = fitVocabulary(corpus, rows, 2);
  const all = vectorsOf(corpus, rows, fitted);
  for (const [row, text] of texts.entries()) {
    const vector = vectorOf(text, fitted.vocabulary);
    assert.equal(vector.known, 1);
    const inCorpus = all.ids.slice(all.ends[row], all.ends[row + 1]);
    assert.deepEqual(vector.ids, inCorpus);
    const square = vector.values.reduce((sum, value) => sum + value ** 2, 0);
    assert.ok(Math.abs(square - 1) < 1e-5);
  }
});

test("the less of a text is known, the shorter its vector", () => {
  const corpus = corpusOf(["my card is lost", "where is my card"].map(hashText));
  const { vocabulary } = fitVocabulary(corpus, Int32Array.from([0, 1]), 2);
  const lengthOf = (text: string) =>
    vectorOf(hashText(text), vocabulary).values.reduce((sum, value) => sum + value ** 2, 0);
  const lengths = ["my card", "my card zebra", "my zebra giraffe", "жираф"].map(lengthOf);
  assert.deepEqual(
    [...lengths].sort((a, b) => b - a),
    lengths,
  );
  assert.equal(lengths.at(-1), 0);
  assert.equal(vectorOf(hashText("жираф"), vocabulary).known, 0);
});

test("rare features are left out where the weights would not fit, and only there", () => {
  const corpus = corpusOf(["alpha beta", "alpha gamma", "alpha delta"].map(hashText));
  const rows = Int32Array.from([0, 1, 2]);
  const whole = fitVocabulary(corpus, rows, 2).vocabulary;
  assert.equal(whole.hashes.length, corpus.hashes.length);
  const narrow = fitVocabulary(corpus, rows, Math.ceil(limits.weightsMax / 20)).vocabulary;
  assert.ok(narrow.hashes.length > 0 && narrow.hashes.length <= 20);
  const rarestKept = Math.max(...narrow.rarity);
  assert.ok(rarestKept < Math.max(...whole.rarity));
});
