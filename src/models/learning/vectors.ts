// Vectors
// =======
// Features become sparse vectors: (1 + ln count) times inverse document frequency, each block brought to
// its own length, the whole to length 1. A text that training hardly knows gets a shorter vector, so that
// its scores, and with them its confidence, fall towards nothing.
import { blockCount, type HashedText } from "./features.ts";
import { limits } from "./limits.ts";

/** Many sparse vectors: row r is `ids[ends[r] .. ends[r + 1])` with `values`. */
export interface SparseRows {
  readonly rows: number;
  readonly ends: Int32Array;
  readonly ids: Int32Array;
  readonly values: Float32Array;
}

export interface SparseVector {
  readonly ids: Int32Array;
  readonly values: Float32Array;
  /** Which share of the text's weight training had seen; 0 for a text without features. */
  readonly known: number;
}

/** The features of all training texts, numbered once, so that each fold only has to count. */
export interface Corpus {
  readonly rows: number;
  /** Block b of row r is `ids[ends[3r + b] .. ends[3r + b + 1])`. */
  readonly ends: Int32Array;
  readonly ids: Int32Array;
  readonly counts: Float32Array;
  /** Ascending; a feature's id is its place here. */
  readonly hashes: Uint32Array;
}

/** What a model keeps of its training texts: the hashes that it knows and how rare each was. */
export interface Vocabulary {
  readonly hashes: Uint32Array;
  readonly rarity: Float32Array;
  /** The rarity of what was never seen. */
  readonly rarityUnseen: number;
}

/** Chosen by cross-validation on three sets of customer questions and one of messages. */
const blockWeights = [1, 1, 0.5] as const;
/** How much a share of unknown features shortens the vector: its square root, as a plain norm would. */
const knownPower = 0.5;

export function corpusOf(texts: readonly HashedText[]): Corpus {
  const hashes = distinctHashes(texts);
  const idOf = new Map<number, number>();
  for (const [id, hash] of hashes.entries()) idOf.set(hash, id);
  const size = texts.reduce((sum, text) => sum + sizeOf(text), 0);
  const ends = new Int32Array(texts.length * blockCount + 1);
  const ids = new Int32Array(size);
  const counts = new Float32Array(size);
  let at = 0;
  for (const [row, text] of texts.entries())
    for (const [block, blockHashes] of text.hashes.entries()) {
      for (let i = 0; i < blockHashes.length; i++, at++) {
        ids[at] = idOf.get(blockHashes[i] ?? 0) ?? -1;
        counts[at] = text.counts[block]?.[i] ?? 0;
      }
      ends[row * blockCount + block + 1] = at;
    }
  return { rows: texts.length, ends, ids, counts, hashes };
}

function sizeOf(text: HashedText): number {
  return text.hashes.reduce((sum, hashes) => sum + hashes.length, 0);
}

function distinctHashes(texts: readonly HashedText[]): Uint32Array {
  const seen = new Set<number>();
  for (const text of texts) for (const hashes of text.hashes) for (const hash of hashes) seen.add(hash);
  return Uint32Array.from(seen).sort();
}

/**
 * The vocabulary of some rows. `idOf` maps a feature of the corpus to its id in the vocabulary, or -1.
 * Features found in too few texts are left out only where the weights would not fit otherwise.
 */
export function fitVocabulary(
  corpus: Corpus,
  rows: Int32Array,
  labels: number,
): { vocabulary: Vocabulary; idOf: Int32Array } {
  const texts = new Int32Array(corpus.hashes.length);
  for (const row of rows) {
    const end = corpus.ends[(row + 1) * blockCount] ?? 0;
    for (let at = corpus.ends[row * blockCount] ?? 0; at < end; at++) {
      const id = corpus.ids[at] ?? 0;
      texts[id] = (texts[id] ?? 0) + 1;
    }
  }
  const textsMin = textsMinThatFits(texts, Math.floor(limits.weightsMax / labels));
  const idOf = new Int32Array(texts.length).fill(-1);
  const kept: number[] = [];
  for (let id = 0; id < texts.length; id++) if ((texts[id] ?? 0) >= textsMin) idOf[id] = kept.push(id) - 1;
  const rarityOf = (count: number) => Math.log((1 + rows.length) / (1 + count)) + 1;
  const vocabulary = {
    hashes: Uint32Array.from(kept, (id) => corpus.hashes[id] ?? 0),
    rarity: Float32Array.from(kept, (id) => rarityOf(texts[id] ?? 0)),
    rarityUnseen: rarityOf(0),
  };
  return { vocabulary, idOf };
}

function textsMinThatFits(texts: Int32Array, featuresMax: number): number {
  for (let textsMin = 1; ; textsMin++) {
    let features = 0;
    for (const count of texts) if (count >= textsMin) features++;
    if (features <= featuresMax) return textsMin;
  }
}

/** The vectors of some rows of the corpus, in the order of `rows`, with the known share of each. */
export function vectorsOf(
  corpus: Corpus,
  rows: Int32Array,
  { vocabulary, idOf }: { vocabulary: Vocabulary; idOf: Int32Array },
): SparseRows & { readonly known: Float32Array } {
  const weigher = new Weigher(vocabulary);
  const ends = new Int32Array(rows.length + 1);
  const known = new Float32Array(rows.length);
  const size = rows.reduce((sum, row) => sum + rowLength(corpus, row), 0);
  const ids = new Int32Array(size);
  const values = new Float32Array(size);
  for (const [index, row] of rows.entries()) {
    weigher.begin(ends[index] ?? 0, ids, values);
    for (let block = 0; block < blockCount; block++) {
      const end = corpus.ends[row * blockCount + block + 1] ?? 0;
      for (let at = corpus.ends[row * blockCount + block] ?? 0; at < end; at++)
        weigher.add(idOf[corpus.ids[at] ?? 0] ?? -1, corpus.counts[at] ?? 0);
      weigher.endBlock(blockWeights[block] ?? 0);
    }
    known[index] = weigher.finish();
    ends[index + 1] = weigher.end;
  }
  return {
    rows: rows.length,
    ends,
    ids: ids.slice(0, weigher.end),
    values: values.slice(0, weigher.end),
    known,
  };
}

function rowLength(corpus: Corpus, row: number): number {
  return (corpus.ends[(row + 1) * blockCount] ?? 0) - (corpus.ends[row * blockCount] ?? 0);
}

/** The vector of a text that is not in the corpus. */
export function vectorOf(text: HashedText, vocabulary: Vocabulary): SparseVector {
  const size = sizeOf(text);
  const ids = new Int32Array(size);
  const values = new Float32Array(size);
  const weigher = new Weigher(vocabulary);
  weigher.begin(0, ids, values);
  for (const [block, hashes] of text.hashes.entries()) {
    const counts = text.counts[block];
    for (let i = 0; i < hashes.length; i++)
      weigher.add(featureId(vocabulary.hashes, hashes[i] ?? 0), counts?.[i] ?? 0);
    weigher.endBlock(blockWeights[block] ?? 0);
  }
  const known = weigher.finish();
  return { ids: ids.subarray(0, weigher.end), values: values.subarray(0, weigher.end), known };
}

/** The place of a hash in ascending hashes, or -1. */
export function featureId(hashes: Uint32Array, hash: number): number {
  let low = 0;
  let high = hashes.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = hashes[middle] ?? 0;
    if (found === hash) return middle;
    if (found < hash) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Fills one vector at a time, block by block, into arrays that the caller owns. */
class Weigher {
  readonly #vocabulary: Vocabulary;
  #ids = new Int32Array(0);
  #values = new Float32Array(0);
  #start = 0;
  #blockStart = 0;
  #blockKnown = 0;
  #blockUnknown = 0;
  #weight = 0;
  #known = 0;
  /** Where the next entry will stand. */
  end = 0;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  begin(at: number, ids: Int32Array<ArrayBuffer>, values: Float32Array<ArrayBuffer>): void {
    this.#ids = ids;
    this.#values = values;
    this.end = this.#start = this.#blockStart = at;
    this.#weight = this.#known = this.#blockKnown = this.#blockUnknown = 0;
  }

  add(id: number, count: number): void {
    const frequency = 1 + Math.log(count);
    if (id < 0) {
      this.#blockUnknown += (frequency * this.#vocabulary.rarityUnseen) ** 2;
      return;
    }
    const value = frequency * (this.#vocabulary.rarity[id] ?? 0);
    this.#blockKnown += value * value;
    this.#ids[this.end] = id;
    this.#values[this.end++] = value;
  }

  endBlock(weight: number): void {
    const all = this.#blockKnown + this.#blockUnknown;
    if (all > 0) {
      this.#weight += weight * weight;
      this.#known += (weight * weight * this.#blockKnown) / all;
    }
    if (this.#blockKnown > 0) this.#scale(this.#blockStart, weight / Math.sqrt(this.#blockKnown));
    this.#blockStart = this.end;
    this.#blockKnown = this.#blockUnknown = 0;
  }

  /** Brings the vector to its length and returns the known share. */
  finish(): number {
    const known = this.#weight > 0 ? this.#known / this.#weight : 0;
    let square = 0;
    for (let at = this.#start; at < this.end; at++) square += (this.#values[at] ?? 0) ** 2;
    if (square > 0) this.#scale(this.#start, known ** knownPower / Math.sqrt(square));
    return known;
  }

  #scale(start: number, factor: number): void {
    for (let at = start; at < this.end; at++) this.#values[at] = (this.#values[at] ?? 0) * factor;
  }
}
