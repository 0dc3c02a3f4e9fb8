// Threshold
// =========
// From which confidence on the classifier may decide alone, so that a wished share of its decisions is
// right. Many thresholds are looked at, and the luckiest of many would promise too much; so they are tested
// in a fixed order, from the strictest on, each exactly (Clopper and Pearson) at 95% confidence, and the
// first that fails ends the search. That keeps the chance of a false promise at 5% for the whole search
// (fixed-sequence testing; Angelopoulos and others 2021, "Learn then test", give the setting).
import { shareIsAtLeast } from "./statistics.ts";

/** Confidences of held-out examples, and whether the top label was right. */
export interface HeldOutDecisions {
  /** Falling. */
  readonly confidences: Float32Array;
  readonly correct: Uint8Array;
}

const levelDefault = 0.95;
/** The strictest threshold that is tested lets through this share of the examples … */
const firstShare = 0.2;
/** … and each next one this share more. */
const nextShare = 0.005;

/** Sorts by falling confidence; equal confidences keep their order. */
export function heldOutDecisions(confidences: Float32Array, correct: Uint8Array): HeldOutDecisions {
  const order = Int32Array.from(confidences, (_, row) => row);
  order.sort((a, b) => (confidences[b] ?? 0) - (confidences[a] ?? 0) || a - b);
  return {
    confidences: Float32Array.from(order, (row) => confidences[row] ?? 0),
    correct: Uint8Array.from(order, (row) => correct[row] ?? 0),
  };
}

/** The lowest confidence that is safe to decide at, or null when the examples support no such promise. */
export function chooseThreshold(
  decisions: HeldOutDecisions,
  precision: number,
  level = levelDefault,
): number | null {
  const rows = decisions.confidences.length;
  const right = rightAmongFirst(decisions.correct);
  let threshold: number | null = null;
  for (let count = firstCount(rows, precision, level); count <= rows; count = nextCount(count, rows)) {
    // A threshold cannot tell equal confidences apart: it lets all of them through, or none.
    const confidence = decisions.confidences[count - 1] ?? 0;
    let through = count;
    while (through < rows && decisions.confidences[through] === confidence) through++;
    if (!shareIsAtLeast(right[through] ?? 0, through, precision, level)) break;
    threshold = confidence;
    count = through;
    if (count === rows) break;
  }
  return threshold;
}

/**
 * Enough that the first test survives one error and more; fewer when there are not so many examples. With
 * fewer than ln 0.05 / ln precision (59 for 95%) even a flawless record proves nothing.
 */
function firstCount(rows: number, precision: number, level: number): number {
  const flawless = Math.ceil(Math.log(1 - level) / Math.log(precision));
  return Math.max(1, Math.min(rows, Math.max(2 * flawless, Math.round(rows * firstShare))));
}

function nextCount(count: number, rows: number): number {
  const next = count + Math.max(1, Math.round(rows * nextShare));
  return count < rows ? Math.min(rows, next) : next;
}

/** Entry n is how many of the first n are right. */
function rightAmongFirst(correct: Uint8Array): Int32Array {
  const right = new Int32Array(correct.length + 1);
  for (let row = 0; row < correct.length; row++) right[row + 1] = (right[row] ?? 0) + (correct[row] ?? 0);
  return right;
}

/** What a threshold lets through, and how much of it is right. */
export function decidedAt(
  { confidences, correct }: HeldOutDecisions,
  threshold: number | null,
): { readonly decided: number; readonly right: number } {
  let [decided, right] = [0, 0];
  if (threshold !== null)
    for (let row = 0; row < confidences.length && (confidences[row] ?? 0) >= threshold; row++) {
      decided++;
      right += correct[row] ?? 0;
    }
  return { decided, right };
}
