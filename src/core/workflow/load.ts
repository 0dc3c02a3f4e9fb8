import { resolveAssets } from "./asset-check.ts";
import type { Asset, AssetSource } from "./assets.ts";
import type { WorkflowDefinition } from "./builder.ts";
import { checkCapture, checkUncaptured } from "./capture.ts";
import { checkDocument } from "./check.ts";
import { compileWorkflow } from "./compile.ts";
import type { Workflow, WorkflowDocument } from "./definition.ts";
import type { Problem } from "./errors.ts";
import type { FlatForm } from "./flat.ts";
import { checkInputSchema } from "./input-schema.ts";
import type { KindRegistry } from "./kinds.ts";
import { normalise } from "./normalise.ts";
import { Report } from "./report.ts";
import { definitionSource, type Source } from "./source.ts";
import { plainJson } from "./spelling.ts";
import { yamlSource } from "./yaml-source.ts";

export type LoadOptions = {
  readonly kinds: KindRegistry;
  readonly assets: AssetSource;
  /** How the flat form writes kinds whose fields have other names there. */
  readonly flat?: FlatForm;
} & (
  | {
      /** YAML or JSON. */
      readonly text: string;
      /** Its name, for messages; the flat form takes the workflow's name from it. */
      readonly file: string;
    }
  | { readonly definition: WorkflowDefinition }
);

export interface LoadedWorkflow {
  readonly workflow: Workflow;
  readonly document: WorkflowDocument;
  /** Every asset that it names, each once, in the order of the document: what its release pins. */
  readonly references: readonly Asset[];
  /** What loads, but not as its writer may think. */
  readonly warnings: readonly Problem[];
}

/** Text to what runs. Throws `WorkflowInvalid` with every problem found; then nothing has started. */
export function loadWorkflow(options: LoadOptions): LoadedWorkflow {
  const { kinds, assets, flat = {} } = options;
  const source = sourceOf(options);
  const report = new Report(source);
  const normalised = normalise(source, kinds, flat, report);
  checkInput(normalised.document, report);
  checkDocument(normalised, kinds, report);
  checkCapture(normalised.document, report);
  const references = resolveAssets(normalised, { kinds, assets, report });
  report.throwIfAny();
  const document = plainDocument(normalised.document);
  if (document.on)
    report.warning(["on"], "`on`: triggers are kept, but nothing starts this workflow yet", "key");
  const workflow = compileWorkflow(document, kinds);
  checkUncaptured(workflow, normalised, report);
  report.throwIfAny();
  return { workflow, document, references, warnings: report.warnings };
}

function sourceOf(options: LoadOptions): Source {
  if ("text" in options) return yamlSource(options.text, options.file);
  return definitionSource(plainJson(options.definition, "definition"), options.definition.workflow);
}

function checkInput({ input }: WorkflowDocument, report: Report): void {
  if (!input) return;
  const { problems, warnings } = checkInputSchema(input);
  for (const finding of problems) report.finding(["input"], finding);
  for (const { path, message, at } of warnings)
    report.warning(["input", ...path], `\`${path.at(-1)}\`: ${message}`, at);
}

/** A document of our own making, without what connects its parts to the source. */
function plainDocument(document: WorkflowDocument): WorkflowDocument {
  return plainJson(document, "workflow") as unknown as WorkflowDocument;
}
