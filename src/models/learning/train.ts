// Train
// =====
// From labelled texts to a classifier: held-out scores by folds, from them the calibration, the threshold
// and the figures; then a last model on everything. The promise is made for the models of the folds, which
// saw less than the last one, so it errs on the careful side.
import { nextTurn, seededRandom } from "../../core/base/index.ts";
import { type Confidences, confidenceOf, fitCalibration, type HeldOut, scoresOf } from "./calibration.ts";
import { ClassifierModel, checkPrecision, type Measured, type Suspect } from "./classifier.ts";
import { TrainingDataInvalid } from "./errors.ts";
import { type LabelledText, type TrainingSet, trainingSetOf } from "./examples.ts";
import { type HashedText, hashText } from "./features.ts";
import { blockFolds, foldCount } from "./folds.ts";
import { limits } from "./limits.ts";
import { type LinearModel, quantise, scoreInto } from "./linear-model.ts";
import { trainSoftmax } from "./softmax.ts";
import { expectedCalibrationError, shareLowerBound } from "./statistics.ts";
import { chooseThreshold, decidedAt, type HeldOutDecisions, heldOutDecisions } from "./threshold.ts";
import { type Corpus, corpusOf, fitVocabulary, type Vocabulary, vectorsOf } from "./vectors.ts";

export interface TrainOptions {
  /** The same examples, options and seed give the same model. */
  readonly seed: number;
  /** The share of what is decided alone that shall be right; 0.95 when absent. */
  readonly precision?: number;
  /** The share done, between 0 and 1, and what is being done. */
  readonly onProgress?: (share: number, what: string) => void;
}

const precisionDefault = 0.95;
/** Chosen by cross-validation; between 10 and 20 hardly matters. */
const cost = 15;
const suspectConfidenceMin = 0.95;
/** The event loop gets a turn after so many texts. */
const textsPerTurn = 500;

interface Fitted {
  readonly vocabulary: Vocabulary;
  readonly idOf: Int32Array;
  readonly linear: LinearModel;
}

/**
 * Trains a classifier. Gives the event loop a turn every few milliseconds.
 * Throws `TrainingDataInvalid` (no examples, a single label, no text at all) and `PrecisionInvalid`.
 */
export async function trainClassifier(
  examples: readonly LabelledText[],
  { seed, precision = precisionDefault, onProgress = () => {} }: TrainOptions,
): Promise<ClassifierModel> {
  checkPrecision(precision);
  const set = trainingSetOf(examples);
  const corpus = corpusOf(await hashAll(set.texts, onProgress));
  if (corpus.hashes.length === 0) throw new TrainingDataInvalid("no example has any text");
  const heldOut = await scoreHeldOut(set, corpus, seed, onProgress);
  onProgress(shares.folds, "calibration");
  await nextTurn();
  const calibration = fitCalibration(heldOut.distinct);
  const judged = judge(heldOut.distinct, calibration);
  const decisions = heldOutDecisions(judged.confidences, judged.correct);
  const suspects = suspectsOf(set.labels, heldOut, judged);
  const measured = { ...measure(judged, decisions, precision), folds: heldOut.folds, suspects };
  const all = Int32Array.from({ length: corpus.rows }, (_, row) => row);
  const last = await fit(set, corpus, all, seed, (share) =>
    onProgress(shares.folds + (1 - shares.folds) * share, "last model"),
  );
  onProgress(1, "done");
  return new ClassifierModel({
    labels: set.labels,
    precision,
    examples: examples.length,
    seed,
    measured,
    calibration,
    vocabulary: last.vocabulary,
    linear: last.linear,
    heldOut: decisions,
  });
}

/** How far each part of the work brings the progress bar. */
const shares = { texts: 0.05, folds: 0.8 } as const;
type Report = NonNullable<TrainOptions["onProgress"]>;

async function hashAll(texts: readonly string[], report: Report): Promise<readonly HashedText[]> {
  const hashed: HashedText[] = [];
  for (const text of texts) {
    hashed.push(hashText(text));
    if (hashed.length % textsPerTurn !== 0) continue;
    report((shares.texts * hashed.length) / texts.length, "reading texts");
    await nextTurn();
  }
  return hashed;
}

/** Vocabulary and weights from the given rows of the corpus. */
async function fit(
  set: TrainingSet,
  corpus: Corpus,
  rows: Int32Array,
  seed: number,
  report: (share: number) => void,
): Promise<Fitted> {
  const labels = set.labels.length;
  const { vocabulary, idOf } = fitVocabulary(corpus, rows, labels);
  const vectors = vectorsOf(corpus, rows, { vocabulary, idOf });
  const targets = Int32Array.from(rows, (row) => set.targets[row] ?? 0);
  const training = trainSoftmax(vectors, vocabulary.hashes.length, targets, {
    labels,
    cost,
    random: seededRandom(seed),
  });
  for (;;) {
    const turn = training.next();
    if (turn.done) return { vocabulary, idOf, linear: quantise(turn.value, labels) };
    report(turn.value);
    await nextTurn();
  }
}

interface ScoredFolds {
  readonly folds: number;
  /** Each distinct text once: a text that stands in the file a hundred times is one witness, not a hundred. */
  readonly distinct: HeldOut;
  /** The example behind each row of `distinct`. */
  readonly examples: Int32Array;
}

async function scoreHeldOut(
  set: TrainingSet,
  corpus: Corpus,
  seed: number,
  report: Report,
): Promise<ScoredFolds> {
  const labels = set.labels.length;
  const folds = foldCount(corpus.rows);
  const foldOf = blockFolds(set.targets, labels, folds, set.sameAs);
  const scores = new Float32Array(corpus.rows * labels);
  const known = new Float32Array(corpus.rows);
  const rows = Int32Array.from(foldOf, (_, row) => row);
  for (let fold = 0; fold < folds; fold++) {
    const start = shares.texts + ((shares.folds - shares.texts) * fold) / folds;
    const fitted = await fit(
      set,
      corpus,
      rows.filter((row) => foldOf[row] !== fold),
      seed,
      (share) =>
        report(start + ((shares.folds - shares.texts) * share) / folds, `fold ${fold + 1} of ${folds}`),
    );
    scoreRows(
      corpus,
      rows.filter((row) => foldOf[row] === fold),
      fitted,
      { scores, known },
    );
  }
  const examples = rows.filter((row) => set.sameAs[row] === row);
  const distinct = {
    labels,
    scores: pickRows(scores, examples, labels),
    known: Float32Array.from(examples, (row) => known[row] ?? 0),
    targets: Int32Array.from(examples, (row) => set.targets[row] ?? 0),
  };
  return { folds, distinct, examples };
}

function scoreRows(
  corpus: Corpus,
  rows: Int32Array,
  fitted: Fitted,
  into: { scores: Float32Array; known: Float32Array },
): void {
  const { labels } = fitted.linear;
  const vectors = vectorsOf(corpus, rows, fitted);
  const scratch = new Float64Array(labels);
  for (const [index, row] of rows.entries()) {
    scoreInto(scratch, fitted.linear, vectors, vectors.ends[index], vectors.ends[index + 1]);
    into.scores.set(scratch, row * labels);
    into.known[row] = vectors.known[index] ?? 0;
  }
}

function pickRows(scores: Float32Array, rows: Int32Array, labels: number): Float32Array {
  if (rows.length * labels === scores.length) return scores;
  const picked = new Float32Array(rows.length * labels);
  for (const [index, row] of rows.entries())
    picked.set(scores.subarray(row * labels, (row + 1) * labels), index * labels);
  return picked;
}

interface Judged {
  readonly confidences: Float32Array;
  readonly correct: Uint8Array;
  readonly predicted: Int32Array;
}

function judge(heldOut: HeldOut, calibration: Parameters<typeof confidenceOf>[2]): Judged {
  const scratch = new Float64Array(heldOut.labels);
  const said: Omit<Confidences, "shares">[] = [];
  for (let row = 0; row < heldOut.targets.length; row++) {
    const { label, confidence } = confidenceOf(
      scoresOf(heldOut, row),
      heldOut.known[row] ?? 0,
      calibration,
      scratch,
    );
    said.push({ label, confidence });
  }
  return {
    confidences: Float32Array.from(said, ({ confidence }) => confidence),
    correct: Uint8Array.from(said, ({ label }, row) => (label === heldOut.targets[row] ? 1 : 0)),
    predicted: Int32Array.from(said, ({ label }) => label),
  };
}

function measure(
  { confidences, correct }: Judged,
  decisions: HeldOutDecisions,
  precision: number,
): Omit<Measured, "suspects" | "folds"> {
  const rows = confidences.length;
  const { decided, right } = decidedAt(decisions, chooseThreshold(decisions, precision));
  return {
    accuracy: correct.reduce((sum, value) => sum + value, 0) / rows,
    expectedCalibrationError: expectedCalibrationError(confidences, correct),
    coverage: decided / rows,
    precisionOfDecided: decided === 0 ? null : right / decided,
    precisionLowerBound: decided === 0 ? null : shareLowerBound(right, decided),
  };
}

/** The ceiling of the calibration is the file's own doubt; a suspect is one as sure as that allows. */
function suspectsOf(labels: readonly string[], heldOut: ScoredFolds, judged: Judged): readonly Suspect[] {
  const suspects: Suspect[] = [];
  for (const [row, confidence] of judged.confidences.entries()) {
    if (judged.correct[row] === 1 || confidence < suspectConfidenceMin) continue;
    const label = labels[heldOut.distinct.targets[row] ?? 0] ?? "";
    const predicted = labels[judged.predicted[row] ?? 0] ?? "";
    suspects.push({ example: heldOut.examples[row] ?? 0, label, predicted, confidence });
  }
  return suspects.sort((a, b) => b.confidence - a.confidence).slice(0, limits.suspectsMax);
}
