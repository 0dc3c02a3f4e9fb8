// Classifier
// ==========
// What a trained model knows and says. It is immutable; training makes it (`train.ts`), a file keeps it
// (`file.ts`), and both give the same answers to the last bit, as training quantises before it hands over.
import { type Calibration, confidenceOf } from "./calibration.ts";
import { PrecisionInvalid } from "./errors.ts";
import { hashText, isWord, neighbourHash, pushCharacterGrams, tokensOf, wordHash } from "./features.ts";
import { limits } from "./limits.ts";
import { type LinearModel, scoreInto } from "./linear-model.ts";
import { chooseThreshold, decidedAt, type HeldOutDecisions } from "./threshold.ts";
import { featureId, type SparseVector, type Vocabulary, vectorOf } from "./vectors.ts";

export interface ScoredLabel {
  readonly label: string;
  readonly confidence: number;
}

export interface EvidenceWord {
  /** As in the text, in lower case. */
  readonly word: string;
  /** What it adds to the label's score, above the mean of all labels. */
  readonly weight: number;
}

export interface Prediction {
  readonly label: string;
  /** Calibrated probability that the label is right. */
  readonly confidence: number;
  /** The best three, best first. */
  readonly top: readonly ScoredLabel[];
  /** Whether the model may answer alone: `confidence` reaches the threshold. */
  readonly decided: boolean;
  /** The words that spoke most for the label, strongest first. */
  readonly evidence: readonly EvidenceWord[];
}

/** An example whose label the held-out model contradicts almost surely: worth a person's look. */
export interface Suspect {
  /** Index in the training examples, from 0. */
  readonly example: number;
  readonly label: string;
  readonly predicted: string;
  readonly confidence: number;
}

/** Figures on held-out folds, over distinct texts. */
export interface Measured {
  readonly accuracy: number;
  /** 15 bins of equal width. */
  readonly expectedCalibrationError: number;
  /** The share that is decided at `precision`, how much of it is right, and the 95% lower bound of that. */
  readonly coverage: number;
  readonly precisionOfDecided: number | null;
  readonly precisionLowerBound: number | null;
  readonly folds: number;
  /** The surest first; at most 100. */
  readonly suspects: readonly Suspect[];
}

/** Everything that a file keeps. */
export interface ClassifierParts {
  readonly labels: readonly string[];
  readonly precision: number;
  /** How many examples it was trained on. */
  readonly examples: number;
  readonly seed: number;
  readonly measured: Measured;
  readonly calibration: Calibration;
  readonly vocabulary: Vocabulary;
  readonly linear: LinearModel;
  readonly heldOut: HeldOutDecisions;
}

const topCount = 3;

export class ClassifierModel {
  readonly labels: readonly string[];
  readonly precision: number;
  readonly threshold: number | null;
  readonly examples: number;
  readonly seed: number;
  readonly measured: Measured;
  readonly parts: ClassifierParts;
  readonly #scores: Float64Array;
  readonly #shares: Float64Array;
  readonly #thresholds = new Map<number, number | null>();

  constructor(parts: ClassifierParts) {
    this.parts = parts;
    this.labels = parts.labels;
    this.precision = parts.precision;
    this.examples = parts.examples;
    this.seed = parts.seed;
    this.measured = parts.measured;
    this.#scores = new Float64Array(parts.labels.length);
    this.#shares = new Float64Array(parts.labels.length);
    this.threshold = this.thresholdAt(parts.precision);
  }

  /**
   * The lowest confidence at which what is decided is right in at least this share of cases, with one-sided
   * 95% confidence on the held-out examples; null when they support no such promise.
   * Throws `PrecisionInvalid` unless 0 < precision < 1.
   */
  thresholdAt(precision: number): number | null {
    const known = this.#thresholds.get(precision);
    if (known !== undefined) return known;
    checkPrecision(precision);
    const threshold = chooseThreshold(this.parts.heldOut, precision);
    this.#thresholds.set(precision, threshold);
    return threshold;
  }

  /** The share of the held-out examples that is decided at this precision. */
  coverageAt(precision: number): number {
    const { heldOut } = this.parts;
    const { decided } = decidedAt(heldOut, this.thresholdAt(precision));
    return decided / Math.max(1, heldOut.confidences.length);
  }

  predict(text: string): Prediction {
    return this.predictAt(text, this.precision);
  }

  /** `predict` with `decided` for another precision than the one wished for at training. */
  predictAt(text: string, precision: number): Prediction {
    const { vocabulary, linear, calibration } = this.parts;
    const vector = vectorOf(hashText(text), vocabulary);
    scoreInto(this.#scores, linear, vector);
    const { label, confidence } = confidenceOf(this.#scores, vector.known, calibration, this.#shares);
    const threshold = this.thresholdAt(precision);
    return {
      label: this.labels[label] ?? "",
      confidence,
      top: this.#top(label, confidence),
      decided: threshold !== null && vector.known > 0 && confidence >= threshold,
      evidence: this.#evidence(text, vector, label),
    };
  }

  /** The runners-up share what confidence the best leaves, as their softmax shares have it. */
  #top(best: number, confidence: number): readonly ScoredLabel[] {
    const shares = this.#shares;
    const places: number[] = [];
    for (let label = 0; label < shares.length; label++) {
      if (places.length === topCount && (shares[label] ?? 0) <= (shares[places[topCount - 1] ?? 0] ?? 0))
        continue;
      const before = places.findIndex((place) => (shares[label] ?? 0) > (shares[place] ?? 0));
      places.splice(before < 0 ? places.length : before, 0, label);
      places.length = Math.min(places.length, topCount);
    }
    const left = (1 - confidence) / Math.max(1e-12, 1 - (shares[best] ?? 0));
    return places.map((label) => ({
      label: this.labels[label] ?? "",
      confidence: label === best ? confidence : Math.min(confidence, (shares[label] ?? 0) * left),
    }));
  }

  /** Each word is credited with its own weight, its n-grams, and half of what it shares with a neighbour. */
  #evidence(text: string, vector: SparseVector, label: number): readonly EvidenceWord[] {
    const { hashes } = this.parts.vocabulary;
    const byId = new Map<number, number>();
    for (const [index, id] of vector.ids.entries())
      byId.set(id, (vector.values[index] ?? 0) * this.#weightAboveMean(id, label));
    const weightOf = (hash: number) => byId.get(featureId(hashes, hash)) ?? 0;
    const words = tokensOf(text).filter(isWord).slice(0, evidenceWordsRead);
    const weights = new Map<string, number>();
    for (const [index, word] of words.entries()) {
      if (weights.has(word)) continue;
      const grams: number[] = [];
      pushCharacterGrams(word, grams);
      const own = wordHash(word);
      const beside = [words[index - 1], words[index + 1]].map((other) =>
        other === undefined ? null : wordHash(other),
      );
      const [before, after] = beside;
      const shared =
        (typeof before === "number" ? weightOf(neighbourHash(before, own)) : 0) +
        (typeof after === "number" ? weightOf(neighbourHash(own, after)) : 0);
      weights.set(word, grams.reduce((sum, gram) => sum + weightOf(gram), weightOf(own)) + shared / 2);
    }
    return [...weights]
      .filter(([, weight]) => weight > 0)
      .sort(([, a], [, b]) => b - a)
      .slice(0, limits.evidenceWordsMax)
      .map(([word, weight]) => ({ word, weight: Number(weight.toPrecision(4)) }));
  }

  #weightAboveMean(id: number, label: number): number {
    const { labels, values, scales } = this.parts.linear;
    let sum = 0;
    for (let at = id * labels; at < (id + 1) * labels; at++) sum += values[at] ?? 0;
    return ((values[id * labels + label] ?? 0) - sum / labels) * (scales[id] ?? 0);
  }
}

const evidenceWordsRead = 200;

export function checkPrecision(precision: number): void {
  if (!(precision > 0 && precision < 1)) throw new PrecisionInvalid(precision);
}
