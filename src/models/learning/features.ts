// Features
// ========
// A text becomes a bag of 32-bit hashes in three blocks: character n-grams inside words (typos, word
// forms), words and pairs of neighbours, and pairs of words a little apart (order that people vary).
// No word list is kept: a hash that training never saw is simply unknown, which is itself a signal.
import { limits } from "./limits.ts";

/** Blocks in their order: 0 characters, 1 words, 2 pairs; the numbers are stored in model files. */
export const blockCount = 3;

/** The features of one text: per block, ascending distinct hashes and how often each occurs. */
export interface HashedText {
  readonly hashes: readonly Uint32Array[];
  readonly counts: readonly Uint32Array[];
}

const gramCharsMin = 2;
const gramCharsMax = 4;
/** Pairs join words that are at least 2 and at most this many places apart. */
const pairDistanceMax = 6;

// Scripts that put no space between words: each character is a word of its own.
const unspaced =
  "\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}";
const tokenPattern = new RegExp(`[${unspaced}]|[[\\p{L}\\p{M}\\p{N}]--[${unspaced}]]+|[^\\s]`, "gv");
const wordPattern = /[\p{L}\p{N}]/u;

/** Words and single signs of a text, in lower case and Unicode's compatibility form. */
export function tokensOf(text: string): readonly string[] {
  return text.slice(0, limits.textCharsMax).normalize("NFKC").toLowerCase().match(tokenPattern) ?? [];
}

export function isWord(token: string): boolean {
  return wordPattern.test(token);
}

export function hashText(text: string): HashedText {
  const tokens = tokensOf(text);
  const characters: number[] = [];
  for (const token of tokens) pushCharacterGrams(token, characters);
  const words = tokens.filter(isWord).map(wordHash);
  const bags = [characters, wordFeatures(words), pairFeatures(words)].map(countDistinct);
  return { hashes: bags.map((bag) => bag.hashes), counts: bags.map((bag) => bag.counts) };
}

/** The n-grams of ` token `; a token shorter than n counts once as a whole. */
export function pushCharacterGrams(token: string, into: number[]): void {
  const padded = ` ${token} `;
  for (let start = 0; start < padded.length; start++) {
    let hash = 0x811c9dc5;
    const end = Math.min(padded.length, start + gramCharsMax);
    for (let at = start; at < end; at++) {
      hash = Math.imul(hash ^ padded.charCodeAt(at), 0x01000193);
      if (at - start + 1 >= gramCharsMin) into.push(scramble(hash ^ (at - start)));
    }
  }
}

/** FNV-1a over UTF-16 units; scrambled, as FNV leaves its high bits poor on short texts. */
export function wordHash(word: string): number {
  let hash = 0x2f0b4a87;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return scramble(hash);
}

/** Two words side by side, in this order. */
export function neighbourHash(first: number, second: number): number {
  return scramble(Math.imul(first, 0x9e3779b1) ^ second ^ 0x51ab3c07);
}

const textStart = wordHash("\u0002");
const textEnd = wordHash("\u0003");

function wordFeatures(words: readonly number[]): number[] {
  const features = [...words];
  if (words.length === 0) return features;
  let previous = textStart;
  for (const word of words) {
    features.push(neighbourHash(previous, word));
    previous = word;
  }
  features.push(neighbourHash(previous, textEnd));
  return features;
}

function pairFeatures(words: readonly number[]): number[] {
  const features: number[] = [];
  for (let first = 0; first < words.length; first++) {
    const end = Math.min(words.length - 1, first + pairDistanceMax);
    for (let second = first + 2; second <= end; second++) {
      const [a, b] = [words[first] ?? 0, words[second] ?? 0];
      features.push(scramble(Math.imul(Math.min(a, b), 0x85ebca6b) ^ Math.max(a, b) ^ 0x1b56c4e9));
    }
  }
  return features;
}

function countDistinct(features: number[]): { hashes: Uint32Array; counts: Uint32Array } {
  const sorted = Uint32Array.from(features).sort();
  const counts = new Uint32Array(sorted.length);
  let distinct = 0;
  for (let at = 0; at < sorted.length; at++) {
    if (at > 0 && sorted[at] === sorted[distinct - 1]) counts[distinct - 1] = (counts[distinct - 1] ?? 0) + 1;
    else {
      sorted[distinct] = sorted[at] ?? 0;
      counts[distinct++] = 1;
    }
  }
  return { hashes: sorted.slice(0, distinct), counts: counts.slice(0, distinct) };
}

/** A finaliser that lets each bit of the input change half the bits of the output. */
function scramble(hash: number): number {
  let mixed = hash ^ (hash >>> 15);
  mixed = Math.imul(mixed, 0x2c1b3c6d);
  mixed ^= mixed >>> 12;
  mixed = Math.imul(mixed, 0x297a2d39);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
