/**
 * ROUGE-L of a text against a reference (Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries",
 * section 3.1): the longest common subsequence of words over the words of each side, and their harmonic mean
 * (beta 1). Words are runs of letters and digits, in lower case.
 */
export function rougeL(text: string, reference: string): { precision: number; recall: number; f1: number } {
  const [words, wanted] = [wordsOf(text), wordsOf(reference)];
  if (words.length === 0 && wanted.length === 0) return { precision: 1, recall: 1, f1: 1 };
  const common = commonLength(words, wanted);
  const precision = words.length === 0 ? 0 : common / words.length;
  const recall = wanted.length === 0 ? 0 : common / wanted.length;
  return { precision, recall, f1: harmonicMean(precision, recall) };
}

export function harmonicMean(precision: number, recall: number): number {
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

function wordsOf(text: string): readonly string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}

/** Length of the longest common subsequence; one row of the table is kept. */
function commonLength(words: readonly string[], wanted: readonly string[]): number {
  const row = new Uint32Array(wanted.length + 1);
  for (const word of words) {
    let diagonal = 0;
    for (let index = 1; index <= wanted.length; index++) {
      const above = row[index] ?? 0;
      row[index] = word === wanted[index - 1] ? diagonal + 1 : Math.max(above, row[index - 1] ?? 0);
      diagonal = above;
    }
  }
  return row[wanted.length] ?? 0;
}
