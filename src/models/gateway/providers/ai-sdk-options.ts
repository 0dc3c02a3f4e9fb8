import type {
  JSONSchema7,
  LanguageModelV4CallOptions,
  LanguageModelV4FilePart,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolChoice,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import type { JsonObject } from "../../../core/base/index.ts";
import { type Message, messageText } from "../../prompts/index.ts";
import { ModelInputMissing, ModelLacksAbility } from "../errors.ts";
import type { ModelCall } from "../model.ts";
import { envelopeOf } from "../output.ts";

/** What of a call depends on who is asked. */
interface Asked {
  readonly model: string;
  /** The URLs of images that the provider fetches itself, by media type. */
  readonly imageUrls: "all" | Readonly<Record<string, readonly RegExp[]>>;
  /** The schema is told in words, because the server does not hold to it. */
  readonly inWords: boolean;
  readonly options?: (isStrict: boolean | undefined) => SharedV4ProviderOptions;
}

/** A call of ours as the AI SDK's providers take it. */
export function callOptions(call: ModelCall, asked: Asked): LanguageModelV4CallOptions {
  const { temperature, maxTokens, topP, seed, stop } = call.settings;
  const told = call.output && asked.inWords ? [inWords(call.output)] : [];
  return {
    prompt: promptOf([...told, ...call.messages], asked),
    abortSignal: call.signal,
    headers: { "Idempotency-Key": call.origin.key },
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxOutputTokens: maxTokens }),
    ...(topP === undefined ? {} : { topP }),
    ...(seed === undefined ? {} : { seed }),
    ...(stop === undefined ? {} : { stopSequences: [...stop] }),
    ...toolsOf(call),
    ...structured(call.output, asked),
  };
}

function toolsOf({ tools, toolChoice }: ModelCall): Pick<LanguageModelV4CallOptions, "tools" | "toolChoice"> {
  if (!tools || tools.length === 0) return {};
  const known: LanguageModelV4FunctionTool[] = tools.map(({ name, description, parameters }) => ({
    type: "function",
    name,
    inputSchema: schemaOf(parameters),
    ...(description === undefined ? {} : { description }),
  }));
  return { tools: known, ...(toolChoice === undefined ? {} : { toolChoice: choiceOf(toolChoice) }) };
}

function choiceOf(choice: NonNullable<ModelCall["toolChoice"]>): LanguageModelV4ToolChoice {
  return typeof choice === "string" ? { type: choice } : { type: "tool", toolName: choice.name };
}

function structured(output: JsonObject | undefined, { options }: Asked) {
  if (!output) return options ? { providerOptions: options(undefined) } : {};
  const schema = envelopeOf(output);
  return {
    responseFormat: { type: "json" as const, name: "answer", schema: schemaOf(schema) },
    ...(options ? { providerOptions: options(isStrict(schema)) } : {}),
  };
}

/** A schema of ours is plain JSON, which is what the package's own type describes word by word. */
function schemaOf(schema: JsonObject): JSONSchema7 {
  return schema as JSONSchema7;
}

/**
 * OpenAI decodes under a schema only where each object requires all its members and allows no others,
 * and refuses other schemas when asked to be strict. The answer is validated by us in any case.
 */
export function isStrict(schema: JsonObject): boolean {
  const properties = schema.properties;
  if (schema.type === "object") {
    const names = typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
    const required = Array.isArray(schema.required) ? schema.required : [];
    if (schema.additionalProperties !== false || !names.every((name) => required.includes(name)))
      return false;
  }
  return subschemas(schema).every(isStrict);
}

function subschemas(schema: JsonObject): JsonObject[] {
  const lists = [schema.anyOf, schema.prefixItems, schema.items].flat();
  const maps = [schema.properties, schema.$defs, schema.definitions].flatMap((map) =>
    Object.values(map ?? {}),
  );
  return [...lists, ...maps].filter((part): part is JsonObject => typeof part === "object" && part !== null);
}

export function inWords(output: JsonObject): Message {
  const schema = JSON.stringify(envelopeOf(output));
  return {
    role: "system",
    content: `Answer with JSON alone, no other words, that fits this JSON Schema: ${schema}`,
  };
}

/** Answers of tools that follow each other become one message: Google wants all of a turn together. */
function promptOf(messages: readonly Message[], asked: Asked): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = [];
  for (const message of messages) {
    const written = messageOf(message, messages, asked);
    const last = prompt.at(-1);
    if (written.role === "tool" && last?.role === "tool") last.content.push(...written.content);
    else prompt.push(written);
  }
  return prompt;
}

function messageOf(message: Message, all: readonly Message[], asked: Asked): LanguageModelV4Message {
  const { role } = message;
  if (role === "user") return { role, content: userContent(message, asked) };
  if (hasImage(message))
    throw new ModelLacksAbility(asked.model, `images are taken in messages of a user, not of \`${role}\``);
  const text = messageText(message);
  if (role === "system") return { role, content: text };
  if (role === "tool") return { role, content: [toolResult(message, all, asked.model)] };
  const calls = (message.toolCalls ?? []).map(({ id, name, arguments: written }) => ({
    type: "tool-call" as const,
    toolCallId: id,
    toolName: name,
    input: parsed(written),
  }));
  return { role, content: [...(text === "" ? [] : [{ type: "text" as const, text }]), ...calls] };
}

function hasImage({ content }: Message): boolean {
  return typeof content !== "string" && content.some((part) => part.type === "image");
}

/** Google asks for the name of the tool, which only the call has. */
function toolResult(message: Message, all: readonly Message[], model: string) {
  const calls = all.flatMap(({ toolCalls }) => toolCalls ?? []);
  const answered = calls.find(({ id }) => id === message.toolCallId);
  if (!answered)
    throw new ModelInputMissing(model, "each `tool` message to answer a call of a message before it");
  return {
    type: "tool-result" as const,
    toolCallId: answered.id,
    toolName: answered.name,
    output: { type: "text" as const, value: messageText(message) },
  };
}

/** Arguments as the model once wrote them; what is no JSON goes back as the text that it is. */
function parsed(written: string): unknown {
  try {
    return JSON.parse(written === "" ? "{}" : written);
  } catch {
    return written;
  }
}

function userContent({ content }: Message, asked: Asked) {
  if (typeof content === "string") return [{ type: "text" as const, text: content }];
  return content.map((part) =>
    part.type === "text" ? { type: "text" as const, text: part.text } : imagePart(part.url, asked),
  );
}

const dataUrl = /^data:(image\/[\w.+-]+)(?:;[\w.-]+=[\w.-]+)*;base64,([A-Za-z0-9+/_=-]+)$/;

/** Nothing is fetched by us: a URL goes to the provider as it is, or the image comes with the call. */
function imagePart(written: string, { model, imageUrls }: Asked): LanguageModelV4FilePart {
  const [, mediaType, data] = dataUrl.exec(written) ?? [];
  if (mediaType !== undefined && data !== undefined)
    return { type: "file", mediaType, data: { type: "data", data } };
  const url = URL.parse(written);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new ModelInputMissing(model, "images as http(s) URLs, or as `data:image/…;base64,…`");
  const isTaken =
    imageUrls === "all" ||
    Object.entries(imageUrls).some(
      ([type, patterns]) => /^(\*|image\/)/.test(type) && patterns.some((pattern) => pattern.test(written)),
    );
  if (!isTaken)
    throw new ModelLacksAbility(
      model,
      `it does not fetch images from ${url.host}: send them as \`data:\` URLs`,
    );
  return { type: "file", mediaType: mediaTypeOf(url), data: { type: "url", url } };
}

/** Google wants to know what it will find; the others look for themselves. */
function mediaTypeOf({ pathname }: URL): string {
  const [, extension = ""] = /\.(jpe?g|png|gif|webp|hei[cf])$/i.exec(pathname) ?? [];
  return `image/${extension === "" ? "*" : extension.toLowerCase().replace("jpg", "jpeg")}`;
}
