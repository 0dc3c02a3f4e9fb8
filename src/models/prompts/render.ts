import { assert, isJsonObject, type Json, type JsonObject } from "../../core/base/index.ts";
import { schemaMismatches } from "../../core/executor/kinds/index.ts";
import { type Asset, parseTemplate, type Scope, type Template } from "../../core/workflow/index.ts";
import { PromptInputInvalid } from "./errors.ts";
import {
  type CallSettings,
  type Example,
  type Message,
  type PromptContent,
  promptContent,
  type ToolSpec,
  type Variant,
} from "./prompt.ts";
import { declaredPart, promptScope } from "./variables.ts";
import { type ChosenVariant, chooseVariant } from "./variant.ts";

/** What a call is made of. */
export interface RenderedPrompt {
  readonly messages: readonly Message[];
  /** The JSON Schema that the answer must fit. */
  readonly output?: JsonObject;
  readonly tools?: readonly ToolSpec[];
  readonly settings: CallSettings;
  readonly variant: Pick<ChosenVariant, "name" | "reason">;
}

/**
 * The messages of a prompt for an input and the tags of a run. Members that the prompt does not declare are
 * left alone, so that one input can serve several models. Throws `PromptInputInvalid` for a variable that is
 * missing or of another type, and `ExpressionFailed` where a template has no value.
 */
export function renderPrompt(
  asset: Asset,
  input: JsonObject,
  tags: Readonly<Record<string, string>> = {},
): RenderedPrompt {
  const prompt = compiled(asset);
  const { content } = prompt;
  const problems = schemaMismatches(content.input, declaredPart(content.input, input));
  if (problems.length > 0)
    throw new PromptInputInvalid(
      asset.name,
      problems.map(({ at, message }) => `${at || "input"}: ${message.replace(/\.$/, "")}`).join("; "),
    );
  const { variant, name, reason } = chooseVariant(content, tags);
  const tools = variant?.tools ?? content.tools;
  return {
    messages: prompt.wordsOf(variant)(promptScope(input)),
    ...(content.output === undefined ? {} : { output: content.output }),
    ...(tools === undefined ? {} : { tools }),
    settings: { ...content.settings, ...variant?.settings },
    variant: { name, reason },
  };
}

/** Who answers where a step names neither route nor model: what the prompt says, if it does. */
export function preferenceOf({ content }: Asset): { readonly route?: string; readonly model?: string } {
  const { route, model } = isJsonObject(content) ? content : {};
  if (typeof model === "string") return { model };
  return typeof route === "string" ? { route } : {};
}

type Words = (scope: Scope) => readonly Message[];

interface Compiled {
  readonly content: PromptContent;
  wordsOf(variant: Variant | undefined): Words;
}

/** Compiled prompts live as long as the asset that they were made of. */
const prompts = new WeakMap<Asset, Compiled>();

function compiled(asset: Asset): Compiled {
  const known = prompts.get(asset);
  if (known) return known;
  const parsed = promptContent.safeParse(asset.content);
  assert(parsed.success, `the asset prompt ${asset.name} has no prompt content`);
  const content = parsed.data;
  const words = new Map<Variant | undefined, Words>();
  const prompt: Compiled = {
    content,
    wordsOf(variant) {
      const made = words.get(variant) ?? compileWords({ ...content, ...variant });
      words.set(variant, made);
      return made;
    },
  };
  prompts.set(asset, prompt);
  return prompt;
}

/** The variables without which a prompt cannot be rendered. */
export function requiredVariables(asset: Asset): readonly string[] {
  const { required } = compiled(asset).content.input;
  return Array.isArray(required) ? required.map(String) : [];
}

/** The messages in order, the examples before the last message of a user. */
function compileWords({ messages, examples = [] }: Pick<PromptContent, "messages" | "examples">): Words {
  const templates = messages.map(({ role, content }) => ({ role, template: parseTemplate(content) }));
  const last = templates.findLastIndex(({ role }) => role === "user");
  const question = templates[last]?.template;
  const shown = examples.map((example) => compileExample(example, question));
  const before = last === -1 ? templates.length : last;
  const render = (scope: Scope, from: number, to?: number): Message[] =>
    templates.slice(from, to).map(({ role, template }) => ({ role, content: template.render(scope) }));
  return (scope) => [
    ...render(scope, 0, before),
    ...shown.flatMap((words) => words(scope)),
    ...render(scope, before),
  ];
}

/** An example by its variables is what the last message of a user would be for them; it is the same in every call. */
function compileExample(example: Example, question: Template | undefined): Words {
  if ("user" in example) {
    const [user, assistant] = [parseTemplate(example.user), parseTemplate(example.assistant)];
    return (scope) => asked(user.render(scope), assistant.render(scope));
  }
  const words = asked(question?.render(promptScope(example.input)) ?? "", textOf(example.output));
  return () => words;
}

function asked(user: string, assistant: string): readonly Message[] {
  return [
    { role: "user", content: user },
    { role: "assistant", content: assistant },
  ];
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
