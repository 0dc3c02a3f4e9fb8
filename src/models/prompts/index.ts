/**
 * prompts: what a model is told, as a versioned asset.
 *
 * What: a prompt file (`prompts/NAME.yaml` with typed variables, messages, examples, tools, an output
 * schema, model settings and variants, or `prompts/NAME.jinja`, which is one user message) becomes an
 * asset; rendering it with the input of a step and the tags of its run gives the messages of a call.
 * Owns: the prompt format, which variant a run gets, and the shape of messages and call settings, which
 * the gateway takes from here.
 * Promises: a prompt that loads has templates that parse and that name only declared variables, and
 * examples that fit its schemas; every problem of a file is reported at once with line and column. The
 * same content has the same digest. Rendering is pure: the same asset, input and tags give the same messages.
 * Read first: `prompt.ts` (the shapes), `load.ts` (text to asset), then `variant.ts` and `render.ts`.
 */
export * from "./errors.ts";
export { camelObject } from "./fields.ts";
export { loadPrompt } from "./load.ts";
export {
  type CallSettings,
  callSettings,
  type Message,
  type MessagePart,
  messageText,
  type PromptContent,
  type Role,
  roles,
  type ToolCall,
  type ToolSpec,
} from "./prompt.ts";
export { preferenceOf, type RenderedPrompt, renderPrompt, requiredVariables } from "./render.ts";
export { estimatedTokens } from "./tokens.ts";
