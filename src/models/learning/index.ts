/**
 * learning: small models that Flyball trains and runs itself, without a network and without cost.
 *
 * What: `local/classifier`, a linear model on hashed word and character n-grams; `local/extractive`,
 * answers and summaries made of the sources' own sentences; `local/lexical`, vectors of character n-grams.
 * Owns: the format of classifier files; how confidence is calibrated; from when a model may decide alone.
 * Promises: the same examples and seed give the same model, and a loaded file answers as the model that
 * was saved. `confidence` is the probability of being right, fitted on examples that the scoring model had
 * not seen. `decided` is true only above a threshold at which the wished precision holds with one-sided 95%
 * confidence; where the examples prove no such thing, nothing is decided. What is extracted is verbatim.
 * Read first: `train.ts`, then `calibration.ts` and `threshold.ts`; for answers, `extract.ts`.
 */
export {
  ClassifierModel,
  type EvidenceWord,
  type Measured,
  type Prediction,
  type ScoredLabel,
  type Suspect,
} from "./classifier.ts";
export * from "./errors.ts";
export { type LabelledText, textKey } from "./examples.ts";
export { type Evidence, type Extract, type ExtractRequest, type ExtractSource, extract } from "./extract.ts";
export { classifierBytes, loadClassifier, saveClassifier } from "./file.ts";
export { lexicalVector } from "./lexical.ts";
export { expectedCalibrationError, shareLowerBound } from "./statistics.ts";
export { chooseThreshold, decidedAt, heldOutDecisions } from "./threshold.ts";
export { type TrainOptions, trainClassifier } from "./train.ts";
