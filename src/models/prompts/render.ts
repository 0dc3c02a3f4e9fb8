import { assert, isJsonObject, type JsonObject } from "../../core/base/index.ts";
import { schemaMismatches } from "../../core/executor/kinds/index.ts";
import { type Asset, parseTemplate, type Scope, type Template } from "../../core/workflow/index.ts";
import { PromptInputInvalid } from "./errors.ts";
import { type CallSettings, type Message, type PromptContent, promptContent, type Role } from "./prompt.ts";

/** What a call is made of. */
export interface RenderedPrompt {
  readonly messages: readonly Message[];
  /** The JSON Schema that the answer must fit. */
  readonly output?: JsonObject;
  readonly settings: CallSettings;
}

/**
 * The messages of a prompt for an input. Members that the prompt does not declare are left alone, so that
 * one input can serve several models. Throws `PromptInputInvalid` for a variable that is missing or of
 * another type, and `ExpressionFailed` where a template has no value.
 */
export function renderPrompt(asset: Asset, input: JsonObject): RenderedPrompt {
  const { content, templates } = compiled(asset);
  const mismatches = schemaMismatches(content.input, declaredPart(content.input, input));
  if (mismatches.length > 0)
    throw new PromptInputInvalid(
      asset.name,
      mismatches.map(({ at, message }) => `${at || "input"}: ${message}`).join("; "),
    );
  const scope = promptScope(input);
  return {
    messages: templates.map(({ role, template }) => ({ role, content: template.render(scope) })),
    ...(content.output === undefined ? {} : { output: content.output }),
    settings: content.settings,
  };
}

interface Compiled {
  readonly content: PromptContent;
  readonly templates: readonly { readonly role: Role; readonly template: Template }[];
}

/** Compiled prompts live as long as the asset that they were made of. */
const prompts = new WeakMap<Asset, Compiled>();

function compiled(asset: Asset): Compiled {
  const known = prompts.get(asset);
  if (known) return known;
  const parsed = promptContent.safeParse(asset.content);
  assert(parsed.success, `the asset prompt ${asset.name} has no prompt content`);
  const templates = parsed.data.messages.map(({ role, content }) => ({
    role,
    template: parseTemplate(content),
  }));
  const prompt = { content: parsed.data, templates };
  prompts.set(asset, prompt);
  return prompt;
}

/** The variables without which a prompt cannot be rendered. */
export function requiredVariables(asset: Asset): readonly string[] {
  const { required } = compiled(asset).content.input;
  return Array.isArray(required) ? required.map(String) : [];
}

/** A variable that is none is one that is not given: the schema then says whether it may be absent. */
function declaredPart(schema: JsonObject, input: JsonObject): JsonObject {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const given = Object.entries(input).filter(
    ([name, value]) => Object.hasOwn(properties, name) && value !== null,
  );
  return Object.fromEntries(given);
}

/** `{{ text }}` and `{{ input.text }}`. What is not given is not defined, which `default` and `is defined` can catch. */
function promptScope(input: JsonObject): Scope {
  return {
    get(name) {
      if (Object.hasOwn(input, name)) return input[name];
      return name === "input" ? input : undefined;
    },
  };
}
