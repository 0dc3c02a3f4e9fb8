import { z } from "zod";
import { isJsonObject, type JsonObject } from "../../core/base/index.ts";
import { embeddingInputsMax, messagesMax, stopsMax, toolsMax } from "./limits.ts";

// The requests of OpenAI's API, as far as they are answered here. A parameter that would change the answer
// and that no model is told is refused unless it has its default; one that would not is ignored.

const jsonObject = z.custom<JsonObject>(isJsonObject, "expected an object");

const textPart = z.object({ type: z.literal("text"), text: z.string() });
const imagePart = z.object({
  type: z.literal("image_url"),
  image_url: z.object({
    url: z
      .string()
      .regex(
        /^(https?:\/\/|data:image\/[a-z0-9.+-]+;base64,)/i,
        "expected an http(s) URL or a data: URL of an image",
      ),
  }),
});
const refusalPart = z.object({ type: z.literal("refusal"), refusal: z.string() });
const texts = z.union([z.string(), z.array(textPart).min(1)]);

const toolCall = z.object({
  id: z.string().min(1),
  type: z.literal("function"),
  function: z.object({ name: z.string().min(1), arguments: z.string() }),
});

const message = z.discriminatedUnion("role", [
  z.object({ role: z.literal("system"), content: texts }),
  z.object({ role: z.literal("developer"), content: texts }),
  z.object({
    role: z.literal("user"),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, imagePart])).min(1)]),
  }),
  z.object({
    role: z.literal("assistant"),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, refusalPart]))]).nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(toolCall).min(1).nullish(),
  }),
  z.object({ role: z.literal("tool"), content: texts, tool_call_id: z.string().min(1) }),
]);
export type RequestMessage = z.output<typeof message>;

const functionName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "expected letters, digits, underscores and dashes, at most 64");

const tool = z.object({
  type: z.literal("function", { error: "only tools of type function are supported" }),
  function: z.object({
    name: functionName,
    description: z.string().nullish(),
    parameters: jsonObject.nullish(),
    strict: z.boolean().nullish(),
  }),
});
export type RequestTool = z.output<typeof tool>;

const responseFormat = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({
      name: z.string().min(1),
      description: z.string().nullish(),
      schema: jsonObject.refine(({ type }) => type === "object", "expected a schema of type object"),
      strict: z.boolean().nullish(),
    }),
  }),
]);
export type ResponseFormat = z.output<typeof responseFormat>;

/** Only its default: models are not told of it. */
const only = <T extends string | number | boolean>(value: T) =>
  z.literal(value, { error: `only ${JSON.stringify(value)} is supported here` }).nullish();
const unsupported = z.null({ error: "this parameter is not supported here" }).optional();
const ignored = z.unknown().optional();

const hints = {
  user: ignored,
  store: ignored,
  service_tier: ignored,
  safety_identifier: ignored,
  prompt_cache_key: ignored,
  prompt_cache_retention: ignored,
  prediction: ignored,
};

export const chatBody = z.strictObject({
  model: z.string().min(1).max(300),
  messages: z.array(message).min(1).max(messagesMax),
  stream: z.boolean().nullish(),
  stream_options: z
    .object({ include_usage: z.boolean().nullish(), include_obfuscation: z.boolean().nullish() })
    .nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(stopsMax)]).nullish(),
  tools: z.array(tool).max(toolsMax).nullish(),
  tool_choice: z
    .union([
      z.enum(["auto", "none", "required"]),
      z.object({ type: z.literal("function"), function: z.object({ name: functionName }) }),
    ])
    .nullish(),
  response_format: responseFormat.nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  /** Beyond OpenAI: the variables of a prompt with their types, and the route that answers it. */
  flyball: z
    .strictObject({ input: jsonObject.exactOptional(), route: z.string().min(1).max(300).exactOptional() })
    .nullish(),
  n: only(1),
  logprobs: only(false),
  top_logprobs: only(0),
  frequency_penalty: only(0),
  presence_penalty: only(0),
  parallel_tool_calls: only(true),
  logit_bias: z.record(z.string(), z.never({ error: "this parameter is not supported here" })).nullish(),
  modalities: z.array(z.literal("text", { error: 'only "text" is supported here' })).nullish(),
  audio: unsupported,
  reasoning_effort: unsupported,
  verbosity: unsupported,
  functions: unsupported,
  function_call: unsupported,
  web_search_options: unsupported,
  ...hints,
});
export type ChatBody = z.output<typeof chatBody>;

const inputText = z.string().min(1, "expected a text that is not empty");
export const embeddingBody = z.strictObject({
  model: z.string().min(1).max(300),
  input: z.union([inputText, z.array(inputText).min(1).max(embeddingInputsMax)], {
    error: `expected a text, or 1 to ${embeddingInputsMax} texts, none of them empty; tokens are not supported`,
  }),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: unsupported,
  user: ignored,
});
