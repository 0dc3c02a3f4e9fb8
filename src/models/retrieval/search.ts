/** A piece of a document that can be found and shown by itself. */
export interface Passage {
  /** The file's path within its folder; `path#2` for the second passage of a long file. */
  readonly id: string;
  /** The document's title, with the section's heading where there is one. */
  readonly title: string;
  readonly text: string;
  /** The file's path within its folder, with `/` between its parts. */
  readonly source: string;
}

export interface Hit extends Passage {
  /** BM25: higher is better; comparable only within one answer. */
  readonly score: number;
}

/** Full-text indexes, each named by the digest of the snapshot that it was built from, and never changed. */
export interface SearchIndexes {
  /** Whether the index is complete; a build that was cut short does not count. */
  has(snapshot: string): boolean;
  /** Makes the index in one go, or not at all. Building it again is the same index. */
  build(snapshot: string, passages: Iterable<Passage>): void;
  /** Passages that hold at least one of the terms, best first. Terms are plain words, never query syntax. */
  search(snapshot: string, terms: readonly string[], limit: number): readonly Hit[];
  /** The first passages in the order of the files. */
  list(snapshot: string, limit: number): readonly Passage[];
  close(): void;
}
