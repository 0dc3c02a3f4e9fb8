// Calibration
// ===========
// Scores become a confidence: the probability that the top label is right. All numbers are fitted on
// scores of examples that the scoring model had not seen. Three stages, each monotone in the last:
//   1. temperature: scores are divided by it before the softmax (Guo and others 2017);
//   2. a label "none of these" with a fixed score, set so that known examples give it 2% on average: what
//      scores low for every label loses confidence, where a softmax alone would hand 100% to the best;
//   3. ceiling · sigmoid(intercept + slope · log-odds) (Platt 1999, with a ceiling): where the labels of the
//      file contradict each other, even the surest answer is right only so often.

export interface Calibration {
  readonly temperature: number;
  readonly noneScore: number;
  readonly intercept: number;
  readonly slope: number;
  readonly ceiling: number;
  /** A text of which training knew less than this share loses confidence in proportion. */
  readonly knownMin: number;
}

/** Scores of examples by models that had not seen them: `scores` by example, then label. */
export interface HeldOut {
  readonly labels: number;
  readonly scores: Float32Array;
  readonly known: Float32Array;
  readonly targets: Int32Array;
}

export interface Confidences {
  /** The best label. */
  readonly label: number;
  readonly confidence: number;
  /** Softmax shares that stage 3 has not seen, by label; they and `none` add up to 1. */
  readonly shares: Float64Array;
}

const noneShareMean = 0.02;
/** This share of known examples may fall below `knownMin`. */
const knownQuantile = 0.005;
/** Examples made from templates know each other too well: a text that is half known is not strange. */
const knownMinMax = 0.5;
const ceilings = [1, 0.995, 0.99, 0.985, 0.98, 0.97, 0.96, 0.95, 0.94, 0.93, 0.92, 0.9, 0.88, 0.85, 0.8];
/** The stage-3 fit is held to intercept 0 and slope 1 as strongly as two examples would. */
const priorStrength = 2;
const slopeMin = 0.05;
/** Examples that are all right would want the temperature 0; the prior counts for no more than a few of them. */
const temperatureUsual = 0.5;
const temperaturePriorStrength = 2;

/** Confidence for one row of scores. `shares` is scratch that the result refers to. */
export function confidenceOf(
  scores: ArrayLike<number>,
  known: number,
  calibration: Calibration,
  shares: Float64Array,
): Confidences {
  const { temperature, noneScore } = calibration;
  let label = 0;
  let highest = noneScore;
  for (let i = 0; i < shares.length; i++) {
    if ((scores[i] ?? 0) > (scores[label] ?? 0)) label = i;
    highest = Math.max(highest, scores[i] ?? 0);
  }
  let sum = Math.exp((noneScore - highest) / temperature);
  for (let i = 0; i < shares.length; i++) {
    const share = Math.exp(((scores[i] ?? 0) - highest) / temperature);
    shares[i] = share;
    sum += share;
  }
  for (let i = 0; i < shares.length; i++) shares[i] = (shares[i] ?? 0) / sum;
  const confidence =
    platt(logOdds(shares[label] ?? 0), calibration) * familiarity(known, calibration.knownMin);
  return { label, confidence, shares };
}

function familiarity(known: number, knownMin: number): number {
  return known >= knownMin && known > 0 ? 1 : known / Math.max(knownMin, Number.MIN_VALUE);
}

function platt(
  odds: number,
  { intercept, slope, ceiling }: Omit<Calibration, "temperature" | "noneScore">,
): number {
  return ceiling * sigmoid(intercept + slope * odds);
}

export function fitCalibration(heldOut: HeldOut): Calibration {
  const temperature = fitTemperature(heldOut);
  const noneScore = fitNoneScore(heldOut, temperature);
  const before = { temperature, noneScore, intercept: 0, slope: 1, ceiling: 1, knownMin: 0 };
  const rows = heldOut.targets.length;
  const odds = new Float64Array(rows);
  const correct = new Uint8Array(rows);
  const shares = new Float64Array(heldOut.labels);
  for (let row = 0; row < rows; row++) {
    const { label } = confidenceOf(scoresOf(heldOut, row), 1, before, shares);
    odds[row] = logOdds(shares[label] ?? 0);
    correct[row] = label === heldOut.targets[row] ? 1 : 0;
  }
  const knownSorted = Float32Array.from(heldOut.known).sort();
  const knownMin = Math.min(knownMinMax, knownSorted[Math.floor(rows * knownQuantile)] ?? 0);
  return { ...before, ...fitPlatt(odds, correct), knownMin };
}

export function scoresOf({ scores, labels }: HeldOut, row: number): Float32Array {
  return scores.subarray(row * labels, (row + 1) * labels);
}

/** The temperature under which the held-out labels are likeliest, by golden section over its logarithm. */
function fitTemperature(heldOut: HeldOut): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(0.02), Math.log(20)];
  let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
  let [lossLeft, lossRight] = [lossAt(heldOut, Math.exp(left)), lossAt(heldOut, Math.exp(right))];
  for (let step = 0; step < 20; step++) {
    if (lossLeft < lossRight) {
      [high, right, lossRight] = [right, left, lossLeft];
      left = high - golden * (high - low);
      lossLeft = lossAt(heldOut, Math.exp(left));
    } else {
      [low, left, lossLeft] = [left, right, lossRight];
      right = low + golden * (high - low);
      lossRight = lossAt(heldOut, Math.exp(right));
    }
  }
  return Math.exp((low + high) / 2);
}

function lossAt(heldOut: HeldOut, temperature: number): number {
  let loss = temperaturePriorStrength * Math.log(temperature / temperatureUsual) ** 2;
  for (const [row, target] of heldOut.targets.entries()) {
    const scores = scoresOf(heldOut, row);
    loss += (logSumExp(scores, temperature) - (scores[target] ?? 0)) / temperature;
  }
  return loss;
}

/** `temperature · ln Σ exp(score / temperature)`: a smooth maximum. */
function logSumExp(scores: Float32Array, temperature: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) highest = Math.max(highest, scores[i] ?? 0);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) sum += Math.exp(((scores[i] ?? 0) - highest) / temperature);
  return highest + temperature * Math.log(sum);
}

/** By bisection: the mean share of "none" rises with its score. */
function fitNoneScore(heldOut: HeldOut, temperature: number): number {
  const rows = heldOut.targets.length;
  const smooth = Float64Array.from({ length: rows }, (_, row) =>
    logSumExp(scoresOf(heldOut, row), temperature),
  );
  const meanShare = (score: number) =>
    smooth.reduce((sum, best) => sum + sigmoid((score - best) / temperature), 0) / rows;
  const range = smooth.reduce((most, best) => Math.max(most, Math.abs(best)), 0) + 10 * temperature;
  let [low, high] = [-range, range];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (meanShare(middle) < noneShareMean) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

type PlattFit = Pick<Calibration, "intercept" | "slope" | "ceiling">;

function fitPlatt(odds: Float64Array, correct: Uint8Array): PlattFit {
  let best = { fit: { intercept: 0, slope: 1, ceiling: 1 }, loss: Number.POSITIVE_INFINITY };
  for (const ceiling of ceilings) {
    const candidate = fitBelow(odds, correct, { ...best.fit, ceiling });
    if (candidate.loss >= best.loss) break;
    best = candidate;
  }
  return best.fit;
}

/** Intercept and slope under a given ceiling, by damped Newton with the Fisher information. */
function fitBelow(odds: Float64Array, correct: Uint8Array, start: PlattFit): { fit: PlattFit; loss: number } {
  let fit = start;
  let loss = plattLoss(odds, correct, fit);
  for (let step = 0; step < 25; step++) {
    const [byIntercept, bySlope] = plattStep(odds, correct, fit);
    let next = fit;
    let nextLoss = Number.POSITIVE_INFINITY;
    for (let damping = 1; nextLoss >= loss && damping > 1e-3; damping /= 2) {
      const slope = Math.max(slopeMin, fit.slope + damping * bySlope);
      next = { ...fit, intercept: fit.intercept + damping * byIntercept, slope };
      nextLoss = plattLoss(odds, correct, next);
    }
    if (!(nextLoss < loss - 1e-9)) break;
    [fit, loss] = [next, nextLoss];
  }
  return { fit, loss };
}

function plattLoss(odds: Float64Array, correct: Uint8Array, fit: PlattFit): number {
  let loss = (priorStrength / 2) * (fit.intercept ** 2 + (fit.slope - 1) ** 2);
  for (const [row, odd] of odds.entries()) {
    const chance = fit.ceiling * sigmoid(fit.intercept + fit.slope * odd);
    loss -= Math.log(Math.max(1e-12, correct[row] === 1 ? chance : 1 - chance));
  }
  return loss;
}

function plattStep(odds: Float64Array, correct: Uint8Array, fit: PlattFit): [number, number] {
  let [slopeA, slopeB] = [-priorStrength * fit.intercept, -priorStrength * (fit.slope - 1)];
  let [aa, ab, bb] = [priorStrength, 0, priorStrength];
  for (const [row, odd] of odds.entries()) {
    const raw = sigmoid(fit.intercept + fit.slope * odd);
    const chance = Math.min(1 - 1e-9, Math.max(1e-9, fit.ceiling * raw));
    const change = fit.ceiling * raw * (1 - raw);
    const pull = (((correct[row] ?? 0) - chance) * change) / (chance * (1 - chance));
    const weight = (change * change) / (chance * (1 - chance));
    slopeA += pull;
    slopeB += pull * odd;
    aa += weight;
    ab += weight * odd;
    bb += weight * odd * odd;
  }
  const determinant = aa * bb - ab * ab;
  return [(bb * slopeA - ab * slopeB) / determinant, (aa * slopeB - ab * slopeA) / determinant];
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function logOdds(share: number): number {
  const bounded = Math.min(1 - 1e-9, Math.max(1e-9, share));
  return Math.log(bounded / (1 - bounded));
}
