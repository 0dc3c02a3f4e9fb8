// Softmax
// =======
// Multinomial logistic regression with an L2 penalty, by block coordinate ascent on the dual (Yu, Huang
// and Lin 2011 give the dual; the block is solved here by Newton steps on its primal). For each example the
// dual holds one number a label, and the weights are always `cost` times the sum of dual times vector.
// A visit solves one example's block exactly, given all the others, so there is no learning rate, and a
// handful of passes converge. After two passes an example scores only the labels that still matter to it.
import type { Random } from "../../core/base/index.ts";
import type { SparseRows } from "./vectors.ts";

export interface SoftmaxOptions {
  readonly labels: number;
  /** The inverse of the penalty: larger fits the examples more closely. */
  readonly cost: number;
  readonly random: Random;
}

const passesMax = 9;
const fullPasses = 2;
/** Every so many passes all labels are scored again, so that none is forgotten for good. */
const fullEvery = 5;
/** A dual that would change by less is left alone. */
const tolerance = 3e-3;
/** A label matters to an example while its probability or its dual is above this. */
const activeMin = 1e-3;
const newtonStepsMax = 6;
/** No score moves further in one Newton step: the exponential is too curved to trust it beyond. */
const newtonMoveMax = 3;
/** The caller may do something else after so many examples. */
const rowsPerTurn = 500;

/**
 * Weights by feature, then label: `features * labels` numbers. A generator, which yields the share that is
 * surely done, so that a progress bar can draw. The same rows, targets and chance give the same weights.
 */
export function* trainSoftmax(
  rows: SparseRows,
  features: number,
  targets: Int32Array,
  options: SoftmaxOptions,
): Generator<number, Float32Array> {
  const dual = new SoftmaxDual(rows, features, targets, options);
  const order = Int32Array.from({ length: rows.rows }, (_, row) => row);
  for (let pass = 0; pass < passesMax; pass++) {
    shuffle(order, options.random);
    const full = pass < fullPasses || pass % fullEvery === fullEvery - 1;
    let change = 0;
    for (const [visited, row] of order.entries()) {
      change += dual.visit(row, full);
      if (visited % rowsPerTurn === rowsPerTurn - 1) yield (pass + visited / order.length) / passesMax;
    }
    if (change < rows.rows * tolerance) break;
    yield (pass + 1) / passesMax;
  }
  return dual.weights;
}

/** Fisher and Yates. */
function shuffle(order: Int32Array, random: Random): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    const moved = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = moved;
  }
}

class SoftmaxDual {
  readonly weights: Float32Array;
  readonly #rows: SparseRows;
  readonly #targets: Int32Array;
  readonly #labels: number;
  readonly #cost: number;
  readonly #duals: Float32Array;
  readonly #allLabels: Int32Array;
  readonly #active: Int32Array[];
  // Scratch for one visit, by place among the labels that are looked at.
  readonly #scores: Float64Array;
  readonly #without: Float64Array;
  readonly #shares: Float64Array;
  readonly #steps: Float64Array;
  readonly #changed: Int32Array;

  constructor(rows: SparseRows, features: number, targets: Int32Array, { labels, cost }: SoftmaxOptions) {
    this.#rows = rows;
    this.#targets = targets;
    this.#labels = labels;
    this.#cost = cost;
    this.weights = new Float32Array(features * labels);
    this.#duals = new Float32Array(rows.rows * labels);
    this.#allLabels = Int32Array.from({ length: labels }, (_, label) => label);
    this.#active = Array.from({ length: rows.rows }, () => this.#allLabels);
    this.#scores = new Float64Array(labels);
    this.#without = new Float64Array(labels);
    this.#shares = new Float64Array(labels);
    this.#steps = new Float64Array(labels);
    this.#changed = new Int32Array(labels);
  }

  /** Solves the block of one example; returns how much its duals changed in all. */
  visit(row: number, full: boolean): number {
    const labels = full ? this.#allLabels : (this.#active[row] ?? this.#allLabels);
    const square = this.#score(row, labels);
    if (square === 0) return 0;
    const curvature = this.#cost * square;
    const targetAt = labels.indexOf(this.#targets[row] ?? 0);
    const base = row * this.#labels;
    for (let i = 0; i < labels.length; i++)
      this.#without[i] = (this.#scores[i] ?? 0) - curvature * (this.#duals[base + (labels[i] ?? 0)] ?? 0);
    this.#solve(labels.length, targetAt, 1 / curvature);
    const change = this.#move(row, labels, 1 / curvature);
    if (full) this.#active[row] = this.#labelsThatMatter(row);
    return change;
  }

  /** Scores of the row for the given labels into scratch; returns the vector's squared length. */
  #score(row: number, labels: Int32Array): number {
    const { ids, values, ends } = this.#rows;
    const start = ends[row] ?? 0;
    const end = ends[row + 1] ?? 0;
    if (labels.length === this.#labels)
      addScores(this.#scores, this.weights, this.#labels, ids, values, start, end);
    else this.#scoreSome(labels, start, end);
    let square = 0;
    for (let at = start; at < end; at++) square += (values[at] ?? 0) ** 2;
    return square;
  }

  #scoreSome(labels: Int32Array, start: number, end: number): void {
    const { ids, values } = this.#rows;
    const scores = this.#scores;
    const weights = this.weights;
    const count = labels.length;
    for (let i = 0; i < count; i++) scores[i] = 0;
    for (let at = start; at < end; at++) {
      const value = values[at] ?? 0;
      const base = (ids[at] ?? 0) * this.#labels;
      for (let i = 0; i < count; i++)
        scores[i] = (scores[i] ?? 0) + value * (weights[base + (labels[i] ?? 0)] ?? 0);
    }
  }

  /**
   * Minimises `|x - without|² / (2 curvature) + ln Σ exp x - x_target` over the scores x by Newton; the
   * Hessian is a diagonal less a rank-one matrix, so Sherman and Morrison invert it.
   */
  #solve(count: number, targetAt: number, inverse: number): void {
    const [scores, without, shares, steps] = [this.#scores, this.#without, this.#shares, this.#steps];
    for (let iteration = 0; iteration < newtonStepsMax; iteration++) {
      toShares(scores, shares, count);
      let slopeAlong = 0;
      let shareAlong = 0;
      let slopeMax = 0;
      for (let i = 0; i < count; i++) {
        const share = shares[i] ?? 0;
        const slope = ((scores[i] ?? 0) - (without[i] ?? 0)) * inverse + share - (i === targetAt ? 1 : 0);
        const step = slope / (inverse + share);
        steps[i] = step;
        slopeAlong += share * step;
        shareAlong += (share * share) / (inverse + share);
        slopeMax = Math.max(slopeMax, Math.abs(slope));
      }
      if (slopeMax < tolerance / 3) return;
      const along = slopeAlong / (1 - shareAlong);
      let stepMax = 0;
      for (let i = 0; i < count; i++) {
        const share = shares[i] ?? 0;
        const step = (steps[i] ?? 0) + (along * share) / (inverse + share);
        steps[i] = step;
        stepMax = Math.max(stepMax, Math.abs(step));
      }
      const damping = Math.min(1, newtonMoveMax / stepMax);
      for (let i = 0; i < count; i++) scores[i] = (scores[i] ?? 0) - damping * (steps[i] ?? 0);
    }
  }

  /** Takes the solved duals over, and the weights with them. */
  #move(row: number, labels: Int32Array, inverse: number): number {
    const [duals, changed, steps] = [this.#duals, this.#changed, this.#steps];
    const base = row * this.#labels;
    let count = 0;
    let change = 0;
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i] ?? 0;
      const before = duals[base + label] ?? 0;
      const by = ((this.#scores[i] ?? 0) - (this.#without[i] ?? 0)) * inverse - before;
      if (Math.abs(by) <= tolerance) continue;
      duals[base + label] = before + by;
      change += Math.abs(by);
      steps[count] = by * this.#cost;
      changed[count++] = label;
    }
    if (count > 0) this.#addToWeights(row, count);
    return change;
  }

  #addToWeights(row: number, count: number): void {
    const { ids, values, ends } = this.#rows;
    const [weights, changed, steps] = [this.weights, this.#changed, this.#steps];
    const end = ends[row + 1] ?? 0;
    for (let at = ends[row] ?? 0; at < end; at++) {
      const value = values[at] ?? 0;
      const base = (ids[at] ?? 0) * this.#labels;
      for (let i = 0; i < count; i++) {
        const place = base + (changed[i] ?? 0);
        weights[place] = (weights[place] ?? 0) + value * (steps[i] ?? 0);
      }
    }
  }

  #labelsThatMatter(row: number): Int32Array {
    const base = row * this.#labels;
    const target = this.#targets[row];
    return this.#allLabels.filter(
      (label) =>
        label === target ||
        (this.#shares[label] ?? 0) > activeMin ||
        Math.abs(this.#duals[base + label] ?? 0) > activeMin,
    );
  }
}

/** Softmax of the first `count` scores. */
export function toShares(scores: Float64Array, shares: Float64Array, count: number): void {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) highest = Math.max(highest, scores[i] ?? 0);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const share = Math.exp((scores[i] ?? 0) - highest);
    shares[i] = share;
    sum += share;
  }
  for (let i = 0; i < count; i++) shares[i] = (shares[i] ?? 0) / sum;
}

/**
 * `scores = Σ value · weights[id]` over the entries from `start` to `end`. Four features at once: half of the
 * time of one at once, as the scores are read and written a quarter as often.
 */
export function addScores(
  scores: Float64Array,
  weights: Float32Array,
  labels: number,
  ids: Int32Array,
  values: Float32Array,
  start: number,
  end: number,
): void {
  scores.fill(0);
  let at = start;
  for (; at + 3 < end; at += 4) {
    const [a, b, c, d] = [values[at] ?? 0, values[at + 1] ?? 0, values[at + 2] ?? 0, values[at + 3] ?? 0];
    const fromA = (ids[at] ?? 0) * labels;
    const fromB = (ids[at + 1] ?? 0) * labels;
    const fromC = (ids[at + 2] ?? 0) * labels;
    const fromD = (ids[at + 3] ?? 0) * labels;
    for (let label = 0; label < labels; label++)
      scores[label] =
        (scores[label] ?? 0) +
        (a * (weights[fromA + label] ?? 0) + b * (weights[fromB + label] ?? 0)) +
        (c * (weights[fromC + label] ?? 0) + d * (weights[fromD + label] ?? 0));
  }
  for (; at < end; at++) {
    const value = values[at] ?? 0;
    const from = (ids[at] ?? 0) * labels;
    for (let label = 0; label < labels; label++)
      scores[label] = (scores[label] ?? 0) + value * (weights[from + label] ?? 0);
  }
}
