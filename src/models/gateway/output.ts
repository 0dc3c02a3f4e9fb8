import { isJsonObject, type Json, type JsonObject } from "../../core/base/index.ts";
import { schemaMismatches } from "../../core/executor/kinds/index.ts";
import { ModelOutputInvalid } from "./errors.ts";
import type { Model, ModelCall, ModelDelta, ModelReply, Policy } from "./model.ts";
import { spentTogether } from "./price.ts";

/**
 * Holds an answer against the step's output schema; the value is then what was parsed. With `repair`,
 * an answer that does not fit is shown to the model once more with what is wrong; both calls are paid.
 * What a listener has heard cannot be repaired any more. A model that asks for a tool has not answered yet.
 */
export function fittingOutput({ model, repair }: { model: string; repair: boolean }): Policy {
  return (next) => async (call) => {
    const schema = call.output;
    if (!schema || call.embed) return next(call);
    const { heard, listening } = listen(call, schema);
    const first = await next(listening);
    if (first.toolCalls) return said(call, heard, first);
    const read = readOutput(first.value, schema);
    if ("value" in read) return said(call, heard, { ...first, value: read.value });
    if (!repair || heard()) throw new ModelOutputInvalid(model, read.problems, first);
    const second = await askAgain(next, listening, first, read.problems);
    const both = { ...second, ...spentTogether(first, second) };
    const repaired = readOutput(second.value, schema);
    if (!("value" in repaired)) throw new ModelOutputInvalid(model, repaired.problems, both);
    return said(call, heard, { ...both, value: repaired.value });
  };
}

/**
 * A listener hears the JSON of an object as it comes. Of another value, which travels in an envelope that
 * is none of the listener's business, nothing is told before the value is there.
 */
function listen(call: ModelCall, schema: JsonObject): { heard: () => boolean; listening: ModelCall } {
  const { onDelta, ...deaf } = call;
  let isHeard = false;
  if (!onDelta || isEnveloped(schema)) return { heard: () => isHeard, listening: deaf };
  const hear = (delta: ModelDelta) => {
    isHeard = true;
    onDelta(delta);
  };
  return { heard: () => isHeard, listening: { ...deaf, onDelta: hear } };
}

/** What was held back is told in one piece. */
function said(call: ModelCall, heard: () => boolean, reply: ModelReply): ModelReply {
  return heard() ? reply : toldAtOnce(call, reply);
}

/** For models that do not stream: their listeners hear the answer when it is there. */
export const tellingAtOnce: Policy = (next) => async (call) => toldAtOnce(call, await next(call));

/** Tells a listener an answer that is there already: from such a model, or from a cache. */
export function toldAtOnce(call: ModelCall, reply: ModelReply): ModelReply {
  if (!call.onDelta || call.embed) return reply;
  const text = textOf(reply.value);
  if (text !== "") call.onDelta({ type: "text", text });
  for (const [index, { id, name, arguments: written }] of (reply.toolCalls ?? []).entries())
    call.onDelta({ type: "tool_call", index, id, name, arguments: written });
  return reply;
}

/** The second call has a key of its own: a provider that honours keys would repeat its first answer. */
function askAgain(
  next: Model,
  call: ModelCall,
  reply: ModelReply,
  problems: readonly string[],
): Promise<ModelReply> {
  const content =
    `Your answer does not fit the JSON Schema: ${problems.slice(0, 10).join("; ")}. ` +
    "Answer again with the corrected JSON alone.";
  return next({
    ...call,
    origin: { ...call.origin, key: `${call.origin.key}/repair` },
    messages: [
      ...call.messages,
      { role: "assistant", content: textOf(reply.value) },
      { role: "user", content },
    ],
  });
}

export type ReadOutput = { readonly value: Json } | { readonly problems: readonly string[] };

/**
 * A text is read as JSON first, with or without a fence around it and the envelope of `envelopeOf`; a
 * text that is no JSON may still be the answer where the schema allows a string.
 */
export function readOutput(answer: Json, schema: JsonObject): ReadOutput {
  const parsed = typeof answer === "string" ? parseAnswer(answer) : answer;
  const candidates = [parsed, isEnveloped(schema) ? enveloped(parsed) : undefined, answer];
  let problems: readonly string[] | undefined;
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    const found = outputProblems(candidate, schema);
    if (found.length === 0) return { value: candidate };
    problems ??= found;
  }
  return { problems: parsed === undefined ? ["it is not JSON"] : (problems ?? []) };
}

function parseAnswer(text: string): Json | undefined {
  const body = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text)?.[1] ?? text;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Providers accept only an object at the top; anything else travels as `{ "value": … }`. */
export function envelopeOf(schema: JsonObject): JsonObject {
  if (!isEnveloped(schema)) return schema;
  const { $defs, definitions, $schema, ...inner } = schema;
  return {
    type: "object",
    properties: { value: inner },
    required: ["value"],
    additionalProperties: false,
    ...($defs === undefined ? {} : { $defs }),
    ...(definitions === undefined ? {} : { definitions }),
  };
}

function isEnveloped(schema: JsonObject): boolean {
  return schema.type !== "object";
}

function enveloped(parsed: Json | undefined): Json | undefined {
  return isJsonObject(parsed) && Object.keys(parsed).length === 1 ? parsed.value : undefined;
}

/** What of a value does not fit, for people and for a model: `label: …`. */
export function outputProblems(value: Json, schema: JsonObject): readonly string[] {
  return schemaMismatches(schema, value).map(({ at, message }) =>
    at === "" ? message : `${at}: ${message}`,
  );
}

/** The text of a value for a message: a string as it is, anything else as JSON. */
export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
