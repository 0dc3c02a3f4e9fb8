import { harmonicMean } from "./rouge.ts";

/** A label that was given, and the one that is right. */
export interface LabelPair {
  readonly given: string;
  readonly right: string;
}

export interface ClassFigures {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** How many are rightly of this class. */
  readonly support: number;
}

/**
 * Precision, recall and F1 of each class (van Rijsbergen 1979, chapter 7); a class that was never given has
 * precision 0, one that is never right has recall 0.
 */
export function classFigures(pairs: readonly LabelPair[]): ReadonlyMap<string, ClassFigures> {
  const counts = new Map<string, { hits: number; given: number; right: number }>();
  const countOf = (label: string) => {
    const known = counts.get(label) ?? { hits: 0, given: 0, right: 0 };
    counts.set(label, known);
    return known;
  };
  for (const { given, right } of pairs) {
    countOf(given).given += 1;
    countOf(right).right += 1;
    if (given === right) countOf(right).hits += 1;
  }
  const figures = [...counts].map(([label, { hits, given, right }]) => {
    const precision = given === 0 ? 0 : hits / given;
    const recall = right === 0 ? 0 : hits / right;
    return [label, { precision, recall, f1: harmonicMean(precision, recall), support: right }] as const;
  });
  return new Map(figures.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The plain means over classes: each counts the same, however rare it is. */
export function macroFigures(pairs: readonly LabelPair[]): Omit<ClassFigures, "support"> {
  const all = [...classFigures(pairs).values()];
  const meanOf = (of: (figures: ClassFigures) => number) =>
    all.length === 0 ? 0 : all.reduce((sum, figures) => sum + of(figures), 0) / all.length;
  return {
    precision: meanOf((figures) => figures.precision),
    recall: meanOf((figures) => figures.recall),
    f1: meanOf((figures) => figures.f1),
  };
}
