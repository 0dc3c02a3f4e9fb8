import type { Json, JsonObject } from "../../core/base/index.ts";
import type { StepResult } from "../../core/workflow/index.ts";
import { unpackVector } from "../../models/gateway/index.ts";

/** An answer as it is recorded, with what OpenAI's shapes need beside it. */
export interface Answered {
  readonly runId: string;
  readonly beganAt: number;
  /** Digest of the release; null of an answer that was cut. */
  readonly release: string | null;
  readonly result: StepResult;
  readonly cache: string;
  /** Why it has no end of its own; then its run has failed. */
  readonly cut?: "length" | "content_filter";
}

/** What every object of one answer begins with. */
export function completionHead({ runId, beganAt }: Pick<Answered, "runId" | "beganAt">) {
  return { id: `chatcmpl-${runId}`, created: Math.floor(beganAt / 1_000) };
}

/** The release says what the answer depends on, which is what OpenAI's fingerprint is for. */
export function fingerprintOf(release: string | null): string | null {
  return release === null ? null : `fp_${release.slice(0, 12)}`;
}

export function chatCompletion(answered: Answered): JsonObject {
  const { result } = answered;
  const toolCalls = toolCallsOf(result);
  return {
    ...completionHead(answered),
    object: "chat.completion",
    model: modelOf(result),
    system_fingerprint: fingerprintOf(answered.release),
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: contentOf(result),
          refusal: null,
          ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
        },
        logprobs: null,
        finish_reason: finishReasonOf(answered),
      },
    ],
    ...usageOf(result),
  };
}

/** What is said beside a tool call may be nothing. A structured answer is text again. */
export function contentOf({ value, toolCalls }: StepResult): string | null {
  if (toolCalls && value === "") return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function toolCallsOf({ toolCalls }: StepResult): readonly JsonObject[] {
  if (!Array.isArray(toolCalls)) return [];
  return toolCalls.map((call) => {
    const { id, name, arguments: written } = Object(call);
    return { id, type: "function", function: { name, arguments: written } };
  });
}

export function finishReasonOf({ cut, result }: Answered): string {
  return cut ?? (result.toolCalls ? "tool_calls" : "stop");
}

export function modelOf({ provider, model }: StepResult): string {
  return `${provider}/${model}`;
}

/** Nothing where the provider did not say. */
export function usageOf({ tokens }: StepResult): { readonly usage?: JsonObject } {
  if (typeof tokens !== "object" || tokens === null) return {};
  const { input, cached, output, reasoning } = numbersOf(tokens);
  return {
    usage: {
      prompt_tokens: input + cached,
      completion_tokens: output + reasoning,
      total_tokens: input + cached + output + reasoning,
      prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: reasoning,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
  };
}

function numbersOf(tokens: object) {
  const { input, cached, output, reasoning } = Object(tokens);
  return {
    input: Number(input),
    cached: Number(cached),
    output: Number(output),
    reasoning: Number(reasoning),
  };
}

export function embeddingList({ result }: Answered, format: "float" | "base64"): JsonObject {
  const packed = Array.isArray(result.value) ? result.value.map(String) : [];
  const data = packed.map((text, index): Json => {
    const embedding = format === "base64" ? text : unpackVector(text);
    return { object: "embedding", index, embedding };
  });
  const { input, cached } = numbersOf(Object(result.tokens ?? { input: 0, cached: 0 }));
  const usage = { prompt_tokens: input + cached, total_tokens: input + cached };
  return { object: "list", data, model: modelOf(result), usage };
}

export function modelObject(name: string): JsonObject {
  const slash = name.indexOf("/");
  return { id: name, object: "model", created: 0, owned_by: slash > 0 ? name.slice(0, slash) : "flyball" };
}

/** What is known of an answer beside OpenAI's own words. */
export function answerHeaders(answered: Answered): Record<string, string> {
  const { cost } = answered.result;
  return {
    "x-flyball-run-id": answered.runId,
    "x-flyball-model": modelOf(answered.result),
    ...(typeof cost === "number" ? { "x-flyball-cost": String(cost) } : {}),
    "x-flyball-cache": answered.cache,
  };
}
