// Folds
// =====
// Which examples are held out together when confidence is measured. Two things make held-out figures too
// good to be true, and both are common in real files: the same text twice, and rows that one hand wrote one
// after the other (in one public set, random folds promise 95.6% where new rows give 93.3%; blocks of
// neighbours say 93.6%). So each label's examples are cut, in file order, into blocks of neighbours, one a
// fold, and equal texts go where the first of them went. Where the order means nothing, this costs nothing.

/** Fewer examples need more folds, as each fold trains without its share. */
const manyExamples = 1_000;

export function foldCount(examples: number): number {
  return Math.min(examples, examples >= manyExamples ? 5 : 10);
}

/** The fold of each example, from 0 to `folds` - 1. `sameAs` gives the first example with an equal text. */
export function blockFolds(
  targets: Int32Array,
  labels: number,
  folds: number,
  sameAs: Int32Array,
): Int32Array {
  const sizes = new Int32Array(labels);
  for (const target of targets) sizes[target] = (sizes[target] ?? 0) + 1;
  // Labels with fewer examples than folds begin at different folds, or the first would hold them all.
  const offsets = new Int32Array(labels);
  for (let label = 1; label < labels; label++)
    offsets[label] = (offsets[label - 1] ?? 0) + (sizes[label - 1] ?? 0);
  const seen = new Int32Array(labels);
  const folded = new Int32Array(targets.length);
  for (const [row, target] of targets.entries()) {
    const place = seen[target] ?? 0;
    seen[target] = place + 1;
    const size = sizes[target] ?? 1;
    const block = size >= folds ? Math.floor((place * folds) / size) : place;
    folded[row] = (block + (offsets[target] ?? 0)) % folds;
  }
  for (const [row, first] of sameAs.entries()) folded[row] = folded[first] ?? 0;
  return folded;
}
