import { isJsonObject, type Json } from "../../core/base/index.ts";
import type { Release } from "../../core/executor/index.ts";
import type { StepDocument } from "../../core/workflow/index.ts";
import { type LabelledText, textKey, trainClassifier } from "../../models/learning/index.ts";
import type { RecordedAnswer } from "./answers.ts";
import type { Pupil } from "./cascade.ts";
import {
  answersMin,
  answersPerLabelMin,
  contradictingMax,
  heldOutShare,
  labelsMax,
  trustedWeight,
} from "./limits.ts";

/** The answers that a step may give, where its schema names them all. */
export function declaredLabels({ config }: StepDocument, release: Release): readonly string[] | undefined {
  const { prompt, output } = config;
  const named = release.parts.assets.find(({ kind, name }) => kind === "prompt" && name === prompt);
  const schema = output ?? (named && isJsonObject(named.content) ? named.content.output : undefined);
  const values = schema !== undefined && isJsonObject(schema) ? schema.enum : undefined;
  return Array.isArray(values) && values.every(isText) ? values : undefined;
}

function isText(value: Json): value is string {
  return typeof value === "string";
}

/** Answers that are among finitely many, as the schema says or as the record shows; none where they are not. */
export function finiteAnswers(
  answers: readonly RecordedAnswer[],
  declared: readonly string[] | undefined,
): readonly RecordedAnswer[] {
  const fitting = declared ? answers.filter(({ label }) => declared.includes(label)) : answers;
  const labels = new Set(fitting.map(({ label }) => label)).size;
  const areFinite = declared !== undefined || labels * answersPerLabelMin <= fitting.length;
  return areFinite && labels >= 2 && labels <= labelsMax && fitting.length >= answersMin ? fitting : [];
}

/**
 * A classifier trained on the earlier answers; the later ones are held out. Undefined where there are too few, or
 * where the same text has different labels too often: what people disagree on is no lesson.
 */
export async function pupilOf(answers: readonly RecordedAnswer[]): Promise<Pupil | undefined> {
  const contradicting = contradictingShare(answers);
  const trainedOn = answers.length - Math.floor(heldOutShare * answers.length);
  const [earlier, heldOut] = [answers.slice(0, trainedOn), answers.slice(trainedOn)];
  if (contradicting > contradictingMax || new Set(earlier.map(({ label }) => label)).size < 2)
    return undefined;
  const model = await trainClassifier(lessonsOf(earlier), { seed: 1 });
  const trusted = answers.filter(isTrusted).length;
  return { model, trainedOn, heldOut, trusted, contradicting };
}

function isTrusted({ from }: RecordedAnswer): boolean {
  return from !== "answer";
}

/** What somebody vouches for counts more than a model's own word, and silences it on the same text. */
function lessonsOf(answers: readonly RecordedAnswer[]): readonly LabelledText[] {
  const trusted = answers.filter(isTrusted);
  const vouched = new Set(trusted.map(({ text }) => textKey(text)));
  const others = answers.filter((answer) => !isTrusted(answer) && !vouched.has(textKey(answer.text)));
  const times = others.length === 0 ? 1 : trustedWeight;
  const lessons = [...Array.from({ length: times }, () => trusted).flat(), ...others];
  return lessons.map(({ text, label }) => ({ text, label }));
}

/** Of the answers to texts that came more than once, those that are not as most of the others. */
function contradictingShare(answers: readonly RecordedAnswer[]): number {
  const byText = Map.groupBy(answers, ({ text }) => textKey(text));
  let [repeated, against] = [0, 0];
  for (const same of byText.values()) {
    if (same.length < 2) continue;
    const counts = [...Map.groupBy(same, ({ label }) => label).values()].map(({ length }) => length);
    repeated += same.length;
    against += same.length - Math.max(...counts);
  }
  return repeated === 0 ? 0 : against / repeated;
}
