import { canonicalJson, isJsonObject, type JsonObject, sha256, toJson } from "../../core/base/index.ts";
import { checkedSource, type Place, readSource, schemaProblem } from "../../core/executor/kinds/index.ts";
import { type Asset, type Problem, WorkflowInvalid } from "../../core/workflow/index.ts";
import { type ExamplesOf, exampleProblems } from "./examples.ts";
import {
  inputSchema,
  type PromptContent,
  type PromptFields,
  promptFile,
  type ToolSpec,
  type Variant,
  type VariantFields,
} from "./prompt.ts";
import { type Reference, referencesOf, undeclared, variablesOf } from "./variables.ts";
import { languageTag, variantKeys, variantName } from "./variant.ts";

export interface PromptFile {
  readonly file: string;
  readonly text: string;
  readonly name: string;
  /** The asset of a tool that the prompt names; without it, a prompt can only describe its tools itself. */
  readonly tool?: (name: string) => Asset | undefined;
}

/**
 * `NAME.yaml` or `NAME.json` is a whole prompt; any other file is the template of one user message.
 * Throws `WorkflowInvalid` with every problem of the file.
 */
export function loadPrompt(options: PromptFile): Asset {
  const { file, text, name } = options;
  const isWhole = /\.(ya?ml|json)$/i.test(file);
  const content = isWhole ? new PromptReader(options).content() : templatePrompt(file, text);
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

const promptFields = [
  ...["name", "description", "input", "messages", "text", "examples", "output", "tools", "settings"],
  ...["route", "model", "variants", ...variantKeys],
];

/** A prompt, or a variant of one: both have words of their own. */
type Words = Pick<VariantFields, "messages" | "text" | "examples" | "tools">;

class PromptReader {
  readonly #source: ReturnType<typeof readSource>;
  readonly #written: PromptFields;
  readonly #declared: JsonObject | undefined;
  readonly #toolOf: NonNullable<PromptFile["tool"]>;
  readonly #problems: Problem[] = [];
  readonly #references: Reference[] = [];

  constructor({ file, text, tool = () => undefined }: PromptFile) {
    this.#source = readSource(file, text);
    this.#written = checkedSource(this.#source, promptFile, promptFields);
    this.#toolOf = tool;
    const declared = this.#written.input && inputSchema(this.#written.input);
    for (const [name, problem] of declared?.problems ?? []) this.#tell(["input", name], problem);
    this.#declared = declared?.schema;
  }

  content(): PromptContent {
    const { output, settings = {}, route, model, variants } = this.#written;
    if (route !== undefined && model !== undefined)
      this.#tell(["model"], "expected either `route` or `model`, not both");
    const own = this.#words(this.#written, []);
    if (!own.messages) this.#tell([], "expected either `messages` or `text` (one user message)");
    const others = variants?.map((written, place) => this.#variant(written, ["variants", place]));
    const input = this.#declared ?? variablesOf(this.#references);
    this.#schema(["input"], this.#declared);
    this.#schema(["output"], output);
    this.#throwIfAny();
    const content: PromptContent = {
      input,
      ...own,
      messages: own.messages ?? [],
      ...(output === undefined ? {} : { output }),
      settings,
      ...(route === undefined ? {} : { route }),
      ...(model === undefined ? {} : { model }),
      ...(others === undefined ? {} : { variants: others }),
    };
    this.#examples(content);
    this.#throwIfAny();
    return content;
  }

  #variant(written: VariantFields, place: Place): Variant {
    const { tenant, channel, language, settings } = written;
    const tag = language === undefined ? undefined : languageTag(language);
    if (language !== undefined && tag === undefined)
      this.#tell([...place, "language"], "expected a language such as de or de-CH");
    const variant = {
      ...(tenant === undefined ? {} : { tenant }),
      ...(channel === undefined ? {} : { channel }),
      ...(tag === undefined ? {} : { language: tag }),
      ...this.#words(written, place),
      ...(settings === undefined ? {} : { settings }),
    };
    const name = variantName(variant);
    if (name === "") this.#tell(place, `expected at least one of ${variantKeys.join(", ")}`);
    const twins = this.#written.variants?.filter((other) => sameTags(other, written)) ?? [];
    if (twins.length > 1 && twins[0] !== written) this.#tell(place, `there is a variant for ${name} already`);
    return variant;
  }

  /** What is said, with every template checked, and every tool found. */
  #words(written: Words, place: Place): Pick<Variant, "messages" | "examples" | "tools"> {
    const { text, examples, tools } = written;
    if (written.messages !== undefined && text !== undefined)
      this.#tell(place, "expected either `messages` or `text` (one user message)");
    for (const [index, { content }] of (written.messages ?? []).entries())
      this.#template(content, [...place, "messages", index, "content"]);
    if (text !== undefined) this.#template(text, [...place, "text"]);
    for (const [index, example] of (examples ?? []).entries())
      for (const member of ["user", "assistant"] as const)
        if (member in example && "user" in example)
          this.#template(example[member], [...place, "examples", index, member]);
    const messages = written.messages ?? (text === undefined ? undefined : oneMessage(text));
    return {
      ...(messages === undefined ? {} : { messages }),
      ...(examples === undefined ? {} : { examples }),
      ...(tools === undefined ? {} : { tools: this.#tools(tools, [...place, "tools"]) }),
    };
  }

  #template(text: string, place: Place): void {
    const read = referencesOf(text);
    if ("problem" in read)
      this.#tell(place, `${read.problem} (line ${read.line}, column ${read.column} of the text)`);
    else if (this.#declared)
      for (const problem of undeclared(read.references, this.#declared)) this.#tell(place, problem);
    else this.#references.push(...read.references);
  }

  #tools(written: NonNullable<Words["tools"]>, place: Place): ToolSpec[] {
    const specs = written.flatMap((tool, index): ToolSpec[] => {
      if (typeof tool !== "string") {
        this.#schema([...place, index, "parameters"], tool.parameters);
        return [tool];
      }
      const asset = this.#toolOf(tool);
      if (!asset) this.#tell([...place, index], `there is no tool \`${tool}\`; expected tools/${tool}.yaml`);
      return asset ? [specOf(asset)] : [];
    });
    for (const [index, { name }] of specs.entries())
      if (specs.findIndex((other) => other.name === name) < index)
        this.#tell([...place, index], `there is a tool \`${name}\` already`);
    return specs;
  }

  /** Examples are held against whatever they are rendered with: their own words, or those of the prompt. */
  #examples(content: PromptContent): void {
    const sets: [ExamplesOf, Place][] = [
      [content, []],
      ...(content.variants ?? []).map((variant, place): [ExamplesOf, Place] => [
        { ...content, ...variant },
        ["variants", place],
      ]),
    ];
    const told = new Set<string>();
    for (const [set, place] of sets)
      for (const { index, message } of exampleProblems(set)) {
        const isOwn = set.examples !== content.examples;
        const at = [...(isOwn ? place : []), "examples", index];
        const key = JSON.stringify([at, message]);
        if (!told.has(key)) this.#tell(at, message);
        told.add(key);
      }
  }

  #schema(place: Place, schema: JsonObject | undefined): void {
    const problem = schema && schemaProblem(schema);
    if (problem !== undefined) this.#tell(place, problem);
  }

  #tell(place: Place, message: string): void {
    const where = place.length === 0 ? "" : `${place.map(String).join(".")}: `;
    this.#problems.push(this.#source.problem(place, `${where}${message}`));
  }

  #throwIfAny(): void {
    if (this.#problems.length > 0) throw new WorkflowInvalid(this.#problems);
  }
}

function oneMessage(text: string): NonNullable<Variant["messages"]> {
  return [{ role: "user", content: text }];
}

function sameTags(a: VariantFields, b: VariantFields): boolean {
  const language = (written: VariantFields) => written.language && languageTag(written.language);
  return a.tenant === b.tenant && a.channel === b.channel && language(a) === language(b);
}

/** A tool's file, as a model is told of it. */
function specOf({ name, content }: Asset): ToolSpec {
  const { description, input } = isJsonObject(content) ? content : {};
  return {
    name,
    ...(typeof description === "string" && description !== "" ? { description } : {}),
    parameters: isJsonObject(input) ? input : { type: "object" },
  };
}
