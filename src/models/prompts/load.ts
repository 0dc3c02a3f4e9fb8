import { z } from "zod";
import {
  canonicalJson,
  FlyballError,
  isJsonObject,
  type JsonObject,
  nearestName,
  sha256,
  toJson,
} from "../../core/base/index.ts";
import { checkedSource, type Place, readSource, schemaProblem } from "../../core/executor/kinds/index.ts";
import {
  type Asset,
  type Problem,
  parseTemplate,
  TemplateSyntaxError,
  WorkflowInvalid,
} from "../../core/workflow/index.ts";
import { camelObject } from "./fields.ts";
import { callSettings, inputSchema, type PromptContent, roles } from "./prompt.ts";

export interface PromptFile {
  readonly file: string;
  readonly text: string;
  readonly name: string;
}

/**
 * `NAME.yaml` or `NAME.json` is a whole prompt; any other file is the template of one user message.
 * Throws `WorkflowInvalid` with every problem of the file.
 */
export function loadPrompt({ file, text, name }: PromptFile): Asset {
  const content = /\.(ya?ml|json)$/i.test(file) ? structuredPrompt(file, text) : templatePrompt(file, text);
  const plain = toJson(content, `prompt ${name}`);
  return { kind: "prompt", name, digest: sha256(canonicalJson(plain)), content: plain };
}

/** One user message; whatever the template names is a variable of any type. */
function templatePrompt(file: string, text: string): PromptContent {
  const read = referencesOf(text);
  if ("problem" in read)
    throw new WorkflowInvalid([{ file, ...read }].map(({ problem, ...at }) => ({ ...at, message: problem })));
  return { input: variablesOf(read.references), messages: [{ role: "user", content: text }], settings: {} };
}

const jsonObject = z.custom<JsonObject>(isJsonObject, "expected a mapping");
const message = z.strictObject({ role: z.enum(roles), content: z.string().min(1) });
const promptFields = ["name", "description", "input", "messages", "text", "output", "settings"];
const promptFile = camelObject({
  name: z.string().exactOptional(),
  description: z.string().exactOptional(),
  input: jsonObject.exactOptional(),
  messages: z.array(message).min(1).exactOptional(),
  text: z.string().min(1).exactOptional(),
  output: jsonObject.exactOptional(),
  settings: callSettings.exactOptional(),
});

function structuredPrompt(file: string, text: string): PromptContent {
  const source = readSource(file, text);
  const written = checkedSource(source, promptFile, promptFields);
  const problems: Problem[] = [];
  const tell = (place: Place, message: string) =>
    problems.push(source.problem(place, `${placeText(place)}${message}`));
  if ((written.messages === undefined) === (written.text === undefined))
    tell([], "expected either `messages` or `text` (one user message)");
  const messages = written.messages ?? [{ role: "user" as const, content: written.text ?? "" }];
  const declared = written.input && inputSchema(written.input);
  for (const [name, problem] of declared?.problems ?? []) tell(["input", name], problem);
  const references: Reference[] = [];
  for (const [index, { content }] of messages.entries()) {
    const place = written.messages ? ["messages", index, "content"] : ["text"];
    const read = referencesOf(content);
    if ("problem" in read)
      tell(place, `${read.problem} (line ${read.line}, column ${read.column} of the text)`);
    else if (declared)
      for (const problem of undeclared(read.references, declared.schema)) tell(place, problem);
    else references.push(...read.references);
  }
  for (const [member, schema] of [
    ["input", declared?.schema],
    ["output", written.output],
  ] as const) {
    const problem = schema && schemaProblem(schema);
    if (problem !== undefined) tell([member], problem);
  }
  if (problems.length > 0) throw new WorkflowInvalid(problems);
  return {
    input: declared?.schema ?? variablesOf(references),
    messages,
    ...(written.output === undefined ? {} : { output: written.output }),
    settings: written.settings ?? {},
  };
}

function placeText(place: Place): string {
  return place.length === 0 ? "" : `${place.map(String).join(".")}: `;
}

interface Reference {
  readonly name: string;
  /** Its absence is meant: `{{ tone | default("kind") }}`. */
  readonly guarded: boolean;
}

type ReadTemplate =
  | { readonly references: readonly Reference[] }
  | { readonly problem: string; readonly line: number; readonly column: number };

/** The variables that a template reads: `{{ text }}` and `{{ input.text }}` are the same one. */
function referencesOf(text: string): ReadTemplate {
  try {
    const references = parseTemplate(text).references.flatMap(({ path, guarded }): Reference[] => {
      const [root, member] = path;
      if (root !== "input") return [{ name: String(root), guarded }];
      return typeof member === "string" ? [{ name: member, guarded }] : [];
    });
    return { references };
  } catch (error) {
    if (!(error instanceof FlyballError)) throw error;
    const { line, column } = error instanceof TemplateSyntaxError ? error : { line: 1, column: 1 };
    return { problem: error.message, line, column };
  }
}

function undeclared(references: readonly Reference[], schema: JsonObject): readonly string[] {
  const names = Object.keys(isJsonObject(schema.properties) ? schema.properties : {});
  const unknown = new Set(references.map(({ name }) => name).filter((name) => !names.includes(name)));
  return [...unknown].map((name) => {
    const hint = nearestName(name, names);
    const expected = names.length > 0 ? `expected ${names.join(", ")}` : "`input` declares none";
    return `there is no variable \`${name}\`; ${hint ? `did you mean \`${hint}\`?` : expected}`;
  });
}

function variablesOf(references: readonly Reference[]): JsonObject {
  const names = [...new Set(references.map(({ name }) => name))].sort();
  const required = names.filter((name) =>
    references.some((reference) => reference.name === name && !reference.guarded),
  );
  return { type: "object", properties: Object.fromEntries(names.map((name) => [name, {}])), required };
}
