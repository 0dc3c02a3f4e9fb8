import {
  type Clock,
  canonicalJson,
  type Json,
  type JsonObject,
  type Random,
  seededRandom,
} from "../../../core/base/index.ts";
import { messageText } from "../../prompts/index.ts";
import { modelName, type SimulatedContent } from "../content.ts";
import { SimulatedFailure } from "../errors.ts";
import { observedAnswersMax, simulatedDimensions } from "../limits.ts";
import type { Model, ModelCall, ModelReply } from "../model.ts";
import { textOf } from "../output.ts";
import { pause } from "../pause.ts";
import { betaDraw, logNormalDraw } from "./draws.ts";
import { sampleOf, wrongAnswer } from "./sim-answers.ts";

/**
 * A model that is declared instead of trained: right with probability `quality`, as far as the expected
 * answer is known. All chance comes from (seed, model, run, path, attempt), so the same step gives the
 * same answer again; what a `change` does depends on the number of the call within this engine.
 */
export function simulated(content: SimulatedContent, clock: Clock): Model {
  let calls = 0;
  const observed = new Map<string, Json>();
  return async (call) => {
    const behaviour = behaviourAt(content, ++calls);
    const { runId, path, attempt } = call.origin;
    const seed = `${content.seed}/${content.model}/${runId}/${path}/${attempt}`;
    // Every call draws the same numbers in the same order, so that one changed setting moves only itself.
    const random = seededRandom(seed);
    const [failure, luck] = [random.next(), random.next()];
    const latencyMs = logNormalDraw(behaviour.latency, random);
    await pause(clock, latencyMs, call.signal, modelName(content));
    if (failure < behaviour.errorRate) throw new SimulatedFailure(modelName(content));
    if (call.embed) return vectors(call.embed, content);
    const isRight = luck < behaviour.quality;
    remember(observed, call.expected);
    const labels =
      [content.labels, enumOf(call.output), [...observed.values()]].find((list) => list.length > 0) ?? [];
    const value = answer(call, { isRight, labels, seed });
    return {
      value,
      confidence: confidenceOf(content.quality, isRight, random),
      evidence: null,
      top: null,
      tokens: { input: promptTokens(call), cached: 0, output: tokensIn(textOf(value)), reasoning: 0 },
      costUsd: null,
      provider: content.provider,
      model: content.model,
      simulated: true,
    };
  };
}

/** The same text gets the same vector, which means nothing: unlike texts are about as far apart as any. */
function vectors(texts: readonly string[], content: SimulatedContent): ModelReply {
  const value = texts.map((text) => {
    const random = seededRandom(`${content.seed}/${content.model}/${text}`);
    const drawn = Array.from({ length: simulatedDimensions }, () => random.next() * 2 - 1);
    const length = Math.hypot(...drawn);
    return drawn.map((part) => part / length);
  });
  const input = texts.reduce((sum, text) => sum + tokensIn(text), 0);
  return {
    value,
    confidence: null,
    evidence: null,
    top: null,
    tokens: { input, cached: 0, output: 0, reasoning: 0 },
    costUsd: null,
    provider: content.provider,
    model: content.model,
    simulated: true,
  };
}

type Behaviour = Pick<SimulatedContent, "latency" | "errorRate" | "quality">;

/** The declared behaviour with the changes that have set in, the later ones last. */
function behaviourAt(content: SimulatedContent, call: number): Behaviour {
  const due = content.changes.filter((change) => change.atCall <= call).sort((a, b) => a.atCall - b.atCall);
  const { latency, errorRate, quality } = Object.assign({}, content, ...due);
  return { latency, errorRate, quality };
}

function answer(
  call: ModelCall,
  { isRight, labels, seed }: { isRight: boolean; labels: readonly Json[]; seed: string },
): Json {
  const { expected } = call;
  if (expected !== undefined) return isRight ? expected : wrongAnswer(expected, labels, seed);
  return call.output ? sampleOf(call.output, seed) : echo(call);
}

/** What there is to say without an expected answer: the question again, marked. */
function echo(call: ModelCall): string {
  const message = call.messages.findLast(({ role }) => role === "user");
  const asked = message ? messageText(message) : canonicalJson(call.input);
  return `[simulated] ${asked.slice(0, 500)}`;
}

/**
 * A confidence that means what it says while the model is as declared: with c drawn from Beta(qk, (1-q)k)
 * and the answer right with probability c, Bayes gives Beta(qk + 1, (1-q)k) for right answers and
 * Beta(qk, (1-q)k + 1) for wrong ones. A `change` of quality leaves it as it was: models that get worse
 * do not know it.
 */
function confidenceOf(quality: number, isRight: boolean, random: Random): number {
  const certainty = 4;
  if (quality <= 0 || quality >= 1) return quality;
  const [right, wrong] = [quality * certainty, (1 - quality) * certainty];
  const drawn = isRight ? betaDraw(right + 1, wrong, random) : betaDraw(right, wrong + 1, random);
  return Number(Math.min(0.999, Math.max(0.001, drawn)).toFixed(4));
}

function remember(observed: Map<string, Json>, expected: Json | undefined): void {
  if (expected === undefined || observed.size >= observedAnswersMax) return;
  const key = canonicalJson(expected);
  if (!observed.has(key)) observed.set(key, expected);
}

function enumOf(schema: JsonObject | undefined): readonly Json[] {
  return Array.isArray(schema?.enum) ? schema.enum : [];
}

function promptTokens(call: ModelCall): number {
  const read =
    call.messages.length > 0 ? call.messages.map(messageText).join("\n") : canonicalJson(call.input);
  return tokensIn(read);
}

/** A fair guess for English: four characters are a token. */
function tokensIn(text: string): number {
  return Math.ceil(text.length / 4);
}
