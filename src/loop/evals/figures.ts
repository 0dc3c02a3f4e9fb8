import type { Json } from "../../core/base/index.ts";
import { calibrationError } from "./calibration.ts";
import { type LabelPair, macroFigures } from "./classes.ts";
import type { Score, Scorer } from "./scorers.ts";
import { bootstrap, type Estimate, mean, meanOf, quantile, share } from "./statistics.ts";

/** One row of a dataset, answered and scored. Times in milliseconds, money in dollars. */
export interface ScoredRow {
  readonly row: number;
  readonly status: string;
  readonly output: Json;
  readonly expected: Json | undefined;
  readonly scores: Readonly<Record<string, Score>>;
  /** The last that any step gave. */
  readonly confidence: number | null;
  readonly costUsd: number;
  readonly tookMs: number;
  /** A person would have been asked. */
  readonly needsReview: boolean;
  readonly error: string | null;
}

/** What a set of rows comes to, by name. */
export type Figures = Readonly<Record<string, Estimate>>;

/** The figures of a scorer that tells right from wrong; the first one is also called `accuracy`. */
export function figuresOf(rows: readonly ScoredRow[], scorers: readonly Scorer[], seed = 1): Figures {
  const figures: Record<string, Estimate> = {};
  for (const { name, isShare } of scorers) {
    const scores = scoresOf(rows, name);
    figures[name] = isShare
      ? share(scores.filter((score) => score === 1).length, scores.length)
      : meanOf(scores, seed);
  }
  const deciding = scorers.find(({ isShare }) => isShare);
  const accuracy = deciding && figures[deciding.name];
  if (accuracy) figures.accuracy = accuracy;
  Object.assign(figures, classesOf(rows, seed));
  if (deciding) Object.assign(figures, calibrationOf(rows, deciding.name, seed));
  const failed = rows.filter(({ status }) => status !== "completed").length;
  figures.error_rate = share(failed, rows.length);
  figures.automated = share(
    rows.filter(({ needsReview, status }) => status === "completed" && !needsReview).length,
    rows.length,
  );
  figures.cost_mean = meanOf(
    rows.map(({ costUsd }) => costUsd),
    seed,
  );
  const times = rows.map(({ tookMs }) => tookMs);
  figures.time_p50 = bootstrap(times, (drawn) => quantile(Float64Array.from(drawn).sort(), 0.5), { seed });
  return figures;
}

function scoresOf(rows: readonly ScoredRow[], name: string): number[] {
  return rows.flatMap(({ scores }) => scores[name] ?? []);
}

/** Classes are there where answers and what is right are single values. */
function classesOf(rows: readonly ScoredRow[], seed: number): Figures {
  const pairs = rows.flatMap(({ output, expected }): LabelPair[] =>
    isLabel(expected) ? [{ given: isLabel(output) ? String(output) : "", right: String(expected) }] : [],
  );
  if (pairs.length === 0) return {};
  const of = (part: "precision" | "recall" | "f1") =>
    bootstrap(pairs, (drawn) => macroFigures(drawn)[part], { seed });
  return { precision: of("precision"), recall: of("recall"), f1: of("f1") };
}

function isLabel(value: Json | undefined): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function calibrationOf(rows: readonly ScoredRow[], scorer: string, seed: number): Figures {
  const judged = rows.flatMap(({ confidence, scores }) => {
    const score = scores[scorer];
    return confidence === null || score === null || score === undefined
      ? []
      : [{ confidence, isRight: score === 1 }];
  });
  return judged.length === 0
    ? {}
    : { calibration_error: bootstrap(judged, (drawn) => calibrationError(drawn), { seed }) };
}

export interface Comparison {
  /** After less before, over the rows that both have. */
  readonly difference: Estimate;
  /** Rows whose score is higher, and lower, after. */
  readonly higher: number;
  readonly lower: number;
}

/** Two versions over the same rows: each row is held against itself, so what rows differ in does not matter. */
export function compare(
  before: readonly ScoredRow[],
  after: readonly ScoredRow[],
  scorers: readonly Scorer[],
  seed = 1,
): Readonly<Record<string, Comparison>> {
  const earlier = new Map(before.map((row) => [row.row, row]));
  const pairs = after.flatMap((row) => {
    const other = earlier.get(row.row);
    return other ? [[other, row] as const] : [];
  });
  const of = (read: (row: ScoredRow) => Score | undefined): Comparison => {
    const differences = pairs.flatMap(([one, other]) => {
      const [was, is] = [read(one), read(other)];
      return typeof was === "number" && typeof is === "number" ? [is - was] : [];
    });
    return {
      difference: bootstrap(differences, mean, { seed }),
      higher: differences.filter((difference) => difference > 0).length,
      lower: differences.filter((difference) => difference < 0).length,
    };
  };
  const scored = scorers.map(({ name }) => [name, of(({ scores }) => scores[name])] as const);
  return {
    ...Object.fromEntries(scored),
    cost_mean: of(({ costUsd }) => costUsd),
    time_mean: of(({ tookMs }) => tookMs),
  };
}
