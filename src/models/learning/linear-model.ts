/**
 * Weights as bytes with one scale a feature: a quarter of the size, and the same predictions (the error of
 * a weight is below 0.4% of the feature's largest). `values` is by feature, then label.
 */
export interface LinearModel {
  readonly labels: number;
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

export function quantise(weights: Float32Array, labels: number): LinearModel {
  const features = weights.length / labels;
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(features);
  for (let feature = 0; feature < features; feature++) {
    const from = feature * labels;
    let largest = 0;
    for (let at = from; at < from + labels; at++) largest = Math.max(largest, Math.abs(weights[at] ?? 0));
    if (largest === 0) continue;
    const scale = Math.fround(largest / 127);
    scales[feature] = scale;
    for (let at = from; at < from + labels; at++) values[at] = Math.round((weights[at] ?? 0) / scale);
  }
  return { labels, values, scales };
}

/**
 * The score of each label for a sparse vector, entries `start` to `end`. Two features at once, as
 * `addScores` does for floats; one function for both kinds of array would make the engine slow for either.
 */
export function scoreInto(
  scores: Float64Array,
  { labels, values: weights, scales }: LinearModel,
  { ids, values }: { readonly ids: Int32Array; readonly values: Float32Array },
  start = 0,
  end = ids.length,
): void {
  scores.fill(0);
  let at = start;
  for (; at + 1 < end; at += 2) {
    const [idA, idB] = [ids[at] ?? 0, ids[at + 1] ?? 0];
    const a = (values[at] ?? 0) * (scales[idA] ?? 0);
    const b = (values[at + 1] ?? 0) * (scales[idB] ?? 0);
    const [fromA, fromB] = [idA * labels, idB * labels];
    for (let label = 0; label < labels; label++)
      scores[label] =
        (scores[label] ?? 0) + (a * (weights[fromA + label] ?? 0) + b * (weights[fromB + label] ?? 0));
  }
  if (at >= end) return;
  const id = ids[at] ?? 0;
  const value = (values[at] ?? 0) * (scales[id] ?? 0);
  for (let label = 0; label < labels; label++)
    scores[label] = (scores[label] ?? 0) + value * (weights[id * labels + label] ?? 0);
}
