import type { JsonObject } from "../../core/base/index.ts";
import type { Asset } from "../../core/workflow/index.ts";
import type { CallParts } from "../../models/gateway/index.ts";
import {
  type CallSettings,
  type Message,
  type MessagePart,
  messageText,
  type RenderedPrompt,
  renderPrompt,
  type ToolCall,
  type ToolSpec,
} from "../../models/prompts/index.ts";
import { ParameterInvalid } from "./parameter.ts";
import type { ChatBody, RequestMessage, RequestTool, ResponseFormat } from "./schema.ts";

/** A request for a chat completion, as a call to a model. */
export function chatParts(
  body: ChatBody,
  prompt: Asset | undefined,
  tags: Readonly<Record<string, string>>,
): CallParts {
  const messages = body.messages.map(messageOf);
  const asked = {
    settings: settingsOf(body),
    output: outputOf(body.response_format),
    ...toolsOf(body),
  };
  if (!prompt) return { ...asked, messages, input: inputOf(messages) };
  const input = variablesOf(body, messages);
  return { ...asked, input, ...withPrompt(renderPrompt(prompt, input, tags), asked) };
}

/** The prompt says what a model is told and what must come back; the caller's settings come over its own. */
function withPrompt(rendered: RenderedPrompt, asked: Pick<CallParts, "settings" | "output">) {
  return {
    messages: rendered.messages,
    settings: { ...rendered.settings, ...asked.settings },
    output: rendered.output ?? asked.output,
    ...(rendered.tools ? { tools: rendered.tools } : {}),
  };
}

/** What local models read, which need no words around it. */
function inputOf(messages: readonly Message[]): JsonObject {
  const last = messages.findLast(({ role }) => role === "user");
  return last ? { text: messageText(last) } : {};
}

/** A prompt's variables: the user's message as `text`, then `metadata`, then `flyball.input`. */
function variablesOf({ metadata, flyball }: ChatBody, messages: readonly Message[]): JsonObject {
  const [message, more] = messages;
  if (message?.role !== "user" || more)
    throw new ParameterInvalid(
      "messages",
      "A prompt says all that its model is told: send one user message, which is its variable `text`.",
    );
  return { ...inputOf(messages), ...metadata, ...flyball?.input };
}

function messageOf(message: RequestMessage): Message {
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", content: plain(message.content) };
    case "user":
      return { role: "user", content: partsOf(message.content) };
    case "assistant": {
      const toolCalls = message.tool_calls?.map(toolCallOf);
      const content = plain(message.content ?? message.refusal ?? "");
      return { role: "assistant", content, ...(toolCalls ? { toolCalls } : {}) };
    }
    case "tool":
      return { role: "tool", content: plain(message.content), toolCallId: message.tool_call_id };
  }
}

type TextPart = { type: "text"; text: string } | { type: "refusal"; refusal: string };

function plain(content: string | readonly TextPart[]): string {
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : part.refusal)).join("\n");
}

type UserContent = Extract<RequestMessage, { role: "user" }>["content"];

function partsOf(content: UserContent): string | readonly MessagePart[] {
  if (typeof content === "string") return content;
  return content.map((part) =>
    part.type === "text" ? { type: "text", text: part.text } : { type: "image", url: part.image_url.url },
  );
}

function toolCallOf(call: { id: string; function: { name: string; arguments: string } }): ToolCall {
  return { id: call.id, name: call.function.name, arguments: call.function.arguments };
}

function settingsOf(body: ChatBody): CallSettings {
  const { temperature, top_p: topP, seed, stop } = body;
  const maxTokens = body.max_completion_tokens ?? body.max_tokens;
  return {
    ...(typeof temperature === "number" ? { temperature } : {}),
    ...(typeof maxTokens === "number" ? { maxTokens } : {}),
    ...(typeof topP === "number" ? { topP } : {}),
    ...(typeof seed === "number" ? { seed } : {}),
    ...(stop ? { stop: typeof stop === "string" ? [stop] : stop } : {}),
  };
}

function outputOf(format: ResponseFormat | null | undefined): JsonObject | undefined {
  switch (format?.type) {
    case "json_schema":
      return format.json_schema.schema;
    case "json_object":
      return { type: "object" };
    default:
      return undefined;
  }
}

function toolsOf({ tools, tool_choice: choice }: ChatBody): Pick<CallParts, "tools" | "toolChoice"> {
  if (!tools || tools.length === 0) {
    if (choice && choice !== "none" && choice !== "auto")
      throw new ParameterInvalid("tool_choice", "'tool_choice' is only allowed when 'tools' are specified.");
    return {};
  }
  const names = tools.map((tool) => tool.function.name);
  if (!choice) return { tools: tools.map(toolOf) };
  if (typeof choice === "string") return { tools: tools.map(toolOf), toolChoice: choice };
  const { name } = choice.function;
  if (!names.includes(name))
    throw new ParameterInvalid("tool_choice", `Tool choice '${name}' is not among the 'tools'.`);
  return { tools: tools.map(toolOf), toolChoice: { name } };
}

function toolOf({ function: { name, description, parameters } }: RequestTool): ToolSpec {
  return {
    name,
    ...(description ? { description } : {}),
    parameters: parameters ?? { type: "object", properties: {} },
  };
}
