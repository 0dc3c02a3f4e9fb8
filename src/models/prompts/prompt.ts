import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../../core/base/index.ts";
import { camelObject } from "./fields.ts";

/** The roles that a prompt may write; `tool` messages come from callers of the API. */
export const roles = ["system", "user", "assistant"] as const;
export type Role = (typeof roles)[number];

/** One message of a call, ready to send. */
export interface Message {
  readonly role: Role | "tool";
  readonly content: string | readonly MessagePart[];
  /** On `assistant`: what it asked for. */
  readonly toolCalls?: readonly ToolCall[];
  /** On `tool`: the call that the content answers. */
  readonly toolCallId?: string;
}

export type MessagePart =
  | { readonly type: "text"; readonly text: string }
  /** `url` is http(s), or a `data:` URL with the image in it. */
  | { readonly type: "image"; readonly url: string };

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly arguments: string;
}

/** What a model may ask for. */
export interface ToolSpec {
  readonly name: string;
  readonly description?: string;
  /** A JSON Schema of an object. */
  readonly parameters: JsonObject;
}

/** The text of a message, without its images. */
export function messageText({ content }: Pick<Message, "content">): string {
  if (typeof content === "string") return content;
  return content.flatMap((part) => (part.type === "text" ? part.text : [])).join("\n");
}

/** How a model is asked to answer; what is absent is the provider's default. */
export const callSettings = camelObject({
  temperature: z.number().min(0).max(2).exactOptional(),
  /** Tokens of the answer; an answer that reaches it is cut, which is an error. */
  maxTokens: z.int().positive().exactOptional(),
  topP: z.number().min(0).max(1).exactOptional(),
  /** Asks a provider that can for the same answer each time. */
  seed: z.int().exactOptional(),
  stop: z.array(z.string().min(1)).min(1).exactOptional(),
});
export type CallSettings = z.output<typeof callSettings>;

const jsonObject = z.custom<JsonObject>(isJsonObject, "expected an object");

const message = z.strictObject({ role: z.enum(roles), content: z.string() });
const writtenMessage = message.extend({ content: z.string().min(1) });

/** A question with its answer: by the prompt's own variables, or word by word. */
const example = z.union(
  [
    z.strictObject({ input: jsonObject, output: z.json() }),
    z.strictObject({ user: z.string().min(1), assistant: z.string().min(1) }),
  ],
  { error: "expected `{ input, output }` or `{ user, assistant }`" },
);
export type Example = z.output<typeof example>;

/** What providers take as the name of a tool. */
export const toolName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, "expected the name of a tool: letters, digits, _ and -, at most 64");
const tool = z.strictObject({
  name: toolName,
  description: z.string().exactOptional(),
  parameters: jsonObject,
});

const variantTags = {
  tenant: z.string().min(1).exactOptional(),
  channel: z.string().min(1).exactOptional(),
  language: z.string().min(1).exactOptional(),
};
const overridden = {
  messages: z.array(writtenMessage).min(1).exactOptional(),
  examples: z.array(example).exactOptional(),
  settings: callSettings.exactOptional(),
};

/** What takes the place of the prompt's own for runs with these tags; settings only where they differ. */
const variant = z.strictObject({ ...variantTags, ...overridden, tools: z.array(tool).exactOptional() });
export type Variant = z.output<typeof variant>;

/** The content of a prompt asset. `input` is a JSON Schema of an object: its properties are the variables. */
export const promptContent = z.strictObject({
  input: jsonObject,
  messages: z.array(message),
  examples: z.array(example).exactOptional(),
  output: jsonObject.exactOptional(),
  tools: z.array(tool).exactOptional(),
  settings: callSettings,
  /** Who answers where a step names neither. */
  route: z.string().exactOptional(),
  model: z.string().exactOptional(),
  variants: z.array(variant).exactOptional(),
});
export type PromptContent = z.output<typeof promptContent>;

const name = z.string().min(1);
const text = z.string().min(1).exactOptional();
const fileTools = z.array(z.union([toolName, tool])).exactOptional();

/** A prompt as people write it: one user message may stand as `text`, and a tool as the name of its file. */
export const promptFile = camelObject({
  name: z.string().exactOptional(),
  description: z.string().exactOptional(),
  input: jsonObject.exactOptional(),
  text,
  ...overridden,
  output: jsonObject.exactOptional(),
  tools: fileTools,
  route: name.exactOptional(),
  model: name.exactOptional(),
  variants: z
    .array(z.strictObject({ ...variantTags, text, ...overridden, tools: fileTools }))
    .exactOptional(),
});
export type PromptFields = z.output<typeof promptFile>;
export type VariantFields = NonNullable<PromptFields["variants"]>[number];

const typeNames = ["string", "number", "integer", "boolean", "array", "object", "null", "any"];

/**
 * The variables as a JSON Schema. `{ text: string, tone: string? }` is shorthand: a type for each, `?`
 * for one that may be absent, or a JSON Schema in its place. Answers with what is wrong instead of
 * throwing: `[name, what was expected]`.
 */
export function inputSchema(declared: JsonObject): {
  schema: JsonObject;
  problems: readonly [string, string][];
} {
  if (declared.type === "object" && isJsonObject(declared.properties))
    return { schema: declared, problems: [] };
  const properties: Record<string, Json> = {};
  const required: string[] = [];
  const problems: [string, string][] = [];
  for (const [name, type] of Object.entries(declared)) {
    if (isJsonObject(type)) {
      properties[name] = type;
      required.push(name);
      continue;
    }
    const plain = typeof type === "string" ? type.replace(/\?$/, "") : "";
    if (!typeNames.includes(plain))
      problems.push([name, `expected one of ${typeNames.join(", ")}, or a JSON Schema`]);
    properties[name] = plain === "any" || !typeNames.includes(plain) ? {} : { type: plain };
    if (plain === type) required.push(name);
  }
  return { schema: { type: "object", properties, required: required.sort() }, problems };
}
