import { TrainingDataInvalid } from "./errors.ts";
import { limits } from "./limits.ts";

export interface LabelledText {
  readonly text: string;
  readonly label: string;
}

/** Checked examples: labels sorted by code unit, each example's label as its place among them. */
export interface TrainingSet {
  readonly texts: readonly string[];
  readonly labels: readonly string[];
  readonly targets: Int32Array;
  /** For each example the first one with an equal text (itself, mostly). */
  readonly sameAs: Int32Array;
}

/** Throws `TrainingDataInvalid` for what no classifier can be made of. */
export function trainingSetOf(examples: readonly LabelledText[]): TrainingSet {
  if (examples.length === 0) throw new TrainingDataInvalid("there are no examples");
  if (examples.length > limits.examplesMax)
    throw new TrainingDataInvalid(`there are more than ${limits.examplesMax} examples`);
  for (const [index, example] of examples.entries()) checkExample(example, index);
  const labels = [...new Set(examples.map((example) => example.label))].sort();
  if (labels.length === 1)
    throw new TrainingDataInvalid(`all examples have the same label, ${JSON.stringify(labels[0])}`);
  if (labels.length > limits.labelsMax)
    throw new TrainingDataInvalid(
      `there are ${labels.length} labels, at most ${limits.labelsMax} are possible`,
    );
  if (labels.length * examples.length > limits.trainingCellsMax)
    throw new TrainingDataInvalid(
      `${examples.length} examples times ${labels.length} labels is more than ${limits.trainingCellsMax}`,
    );
  const place = new Map(labels.map((label, index) => [label, index]));
  return {
    texts: examples.map((example) => example.text),
    labels,
    targets: Int32Array.from(examples, (example) => place.get(example.label) ?? 0),
    sameAs: firstWithEqualText(examples),
  };
}

function checkExample({ text, label }: LabelledText, index: number): void {
  if (typeof text !== "string") throw new TrainingDataInvalid("its text is no string", index);
  if (typeof label !== "string" || label.trim() === "")
    throw new TrainingDataInvalid("it has no label", index);
  if (label.length > limits.labelCharsMax)
    throw new TrainingDataInvalid(`its label is longer than ${limits.labelCharsMax} characters`, index);
}

/** Equal for texts that say the same in the same words. */
export function textKey(text: string): string {
  return text.normalize("NFKC").toLowerCase().split(/\s+/).join(" ").trim();
}

function firstWithEqualText(examples: readonly LabelledText[]): Int32Array {
  const first = new Map<string, number>();
  return Int32Array.from(examples, ({ text }, index) => {
    const key = textKey(text);
    const known = first.get(key);
    if (known === undefined) first.set(key, index);
    return known ?? index;
  });
}
