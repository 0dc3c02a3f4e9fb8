import type { Message, ToolSpec } from "./prompt.ts";
import { messageText } from "./prompt.ts";

/** English prose has about four characters a token, most other text fewer; a message has a frame of some. */
const charactersPerToken = 4;
const tokensPerMessage = 4;

/** A rough count before a call: providers count with vocabularies of their own, and only theirs is billed. */
export function estimatedTokens(messages: readonly Message[], tools: readonly ToolSpec[] = []): number {
  const texts = [...messages.map(messageText), ...tools.map((tool) => JSON.stringify(tool))];
  const characters = texts.reduce((sum, text) => sum + [...text].length, 0);
  return Math.ceil(characters / charactersPerToken) + messages.length * tokensPerMessage;
}
