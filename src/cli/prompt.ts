import type { Command } from "commander";
import { isJsonObject, type Json, type JsonObject, nearestName } from "../core/base/index.ts";
import { type Asset, kindRegistry, WorkflowInvalid } from "../core/workflow/index.ts";
import { estimatedTokens, renderPrompt } from "../models/prompts/index.ts";
import { ProjectLoader, readInputFile } from "../project/index.ts";
import {
  CommandRefused,
  type CommonOptions,
  type ExitCode,
  exit,
  note,
  oneLine,
  print,
  printJson,
  table,
} from "./io.ts";
import { messagesText } from "./messages.ts";

interface PromptOptions extends CommonOptions {
  readonly folder: string;
}

interface RenderOptions extends PromptOptions {
  readonly input: string;
  readonly tag: readonly string[];
}

export function registerPrompt(program: Command, done: (code: ExitCode) => void): void {
  const prompt = program
    .command("prompt")
    .summary("list, show and render the prompts of a folder")
    .description("Shows prompts as models will see them. Reads files alone: nothing is sent or recorded.");
  const common = (command: Command) =>
    command.option("--folder <dir>", "the project's folder", ".").option("--json", "JSON");

  common(prompt.command("list"))
    .description("Every prompt under prompts/, with its version, variables and variants.")
    .action((options: PromptOptions) => done(list(options)));

  common(prompt.command("show <name>"))
    .description("A prompt as runs pin it.")
    .action((name: string, options: PromptOptions) => done(show(name, options)));

  common(prompt.command("render <name>"))
    .description("The messages that a model would get, and everything that goes with them.")
    .option("--input <json>", "the variables: a JSON object, or a file with one", "{}")
    .option("--tag <key=value>", "a tag of the run: tenant, channel, language; may be repeated", collect, [])
    .action((name: string, options: RenderOptions) => done(render(name, options)));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function list(options: PromptOptions): ExitCode {
  const loader = loaderOf(options);
  const lines: string[][] = [];
  let code: ExitCode = exit.done;
  for (const name of loader.names("prompt")) {
    const asset = attempt(() => loader.asset("prompt", name));
    if (!asset) code = exit.badInput;
    else if (options.json) printJson({ name, ...summary(asset) });
    else lines.push(lineOf(name, asset));
  }
  if (lines.length > 0) print(table([["prompt", "version", "variables", "variants", "answers"], ...lines]));
  else if (!options.json && code === exit.done) print("There are no prompts under prompts/.");
  return code;
}

/** One file that is wrong does not hide the others. */
function attempt(load: () => Asset | undefined): Asset | undefined {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof WorkflowInvalid)) throw error;
    note(error.message);
    return undefined;
  }
}

function lineOf(name: string, asset: Asset): string[] {
  const { digest, variables, variants, route, model } = summary(asset);
  return [name, digest.slice(0, 12), variables.join(" "), String(variants), model ?? route ?? ""];
}

function summary({ digest, content }: Asset) {
  const { input, variants, route, model } = isJsonObject(content) ? content : {};
  const properties = isJsonObject(input) && isJsonObject(input.properties) ? input.properties : {};
  return {
    digest,
    variables: Object.keys(properties),
    variants: Array.isArray(variants) ? variants.length : 0,
    route: typeof route === "string" ? route : null,
    model: typeof model === "string" ? model : null,
  };
}

function show(name: string, options: PromptOptions): ExitCode {
  const { digest, content } = promptOf(name, options);
  if (options.json) printJson({ name, digest, content });
  else print(`${name} ${digest}\n\n${JSON.stringify(content, null, 2)}`);
  return exit.done;
}

function render(name: string, options: RenderOptions): ExitCode {
  const asset = promptOf(name, options);
  const { input, tags } = inputOf(options);
  const rendered = renderPrompt(asset, input, { ...tags, ...tagsOf(options.tag) });
  const { messages, tools, settings, output, variant } = rendered;
  const tokens = estimatedTokens(messages, tools);
  if (options.json) {
    printJson({
      name,
      digest: asset.digest,
      estimatedTokens: tokens,
      tools: null,
      output: null,
      ...rendered,
    });
    return exit.done;
  }
  const facts = [
    ["prompt", `${name} ${asset.digest.slice(0, 12)}`],
    ["variant", `${variant.name}: ${variant.reason}`],
    ["settings", Object.keys(settings).length > 0 ? JSON.stringify(settings) : "the provider's own"],
    ...(tools ?? []).map((tool) => ["tool", oneLine(`${tool.name} ${JSON.stringify(tool.parameters)}`, 200)]),
    ...(output ? [["output", oneLine(JSON.stringify(output), 200)]] : []),
    ["tokens", `about ${tokens}`],
  ];
  print(`${table(facts)}\n\n${messagesText(messages.map(({ role, content }) => ({ role, content })))}`);
  return exit.done;
}

/** No kind of step is needed to read a prompt. */
function loaderOf({ folder }: PromptOptions): ProjectLoader {
  return new ProjectLoader(folder, kindRegistry([]));
}

function promptOf(name: string, options: PromptOptions): Asset {
  const loader = loaderOf(options);
  const asset = loader.asset("prompt", name);
  if (asset) return asset;
  const hint = nearestName(name, loader.names("prompt"));
  throw new CommandRefused(
    `There is no prompt ${JSON.stringify(name)} in ${options.folder}: ${hint ? `did you mean ${hint}?` : `expected prompts/${name}.yaml.`}`,
  );
}

function inputOf({ input: written }: RenderOptions): {
  input: JsonObject;
  tags?: Readonly<Record<string, string>>;
} {
  const { rows } = readInputFile(written, undefined);
  const [row] = rows;
  if (!row || rows.length > 1)
    throw new CommandRefused(`--input holds ${rows.length} rows; a prompt is rendered for one.`);
  if ("problem" in row) throw new CommandRefused(`--input: ${row.problem}`);
  const input: Json = row.input;
  if (!isJsonObject(input)) throw new CommandRefused("--input must be an object: the prompt's variables.");
  return { input, ...(row.tags ? { tags: row.tags } : {}) };
}

function tagsOf(written: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    written.map((text) => {
      const at = text.indexOf("=");
      if (at <= 0) throw new CommandRefused(`--tag is ${JSON.stringify(text)}; expected key=value.`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
