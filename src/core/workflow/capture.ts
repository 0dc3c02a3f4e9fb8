import { FlyballError, isJsonObject } from "../base/index.ts";
import { innerBlocks } from "./blocks.ts";
import type {
  CaptureDocument,
  ConcurrencyLimit,
  StepDocument,
  Uncaptured,
  Workflow,
  WorkflowDocument,
} from "./definition.ts";
import { dataFlow, outputFlow, type StepFlow } from "./describe.ts";
import { didYouMean } from "./findings.ts";
import type { Normalised } from "./normalise.ts";
import type { Report } from "./report.ts";
import type { Path } from "./spelling.ts";
import { readTemplate } from "./templates.ts";

// What a workflow says shall not be kept, and what holds it from there. A value cannot be followed once it is
// text among text, so this follows expressions: what reads something that is not kept is not kept either.
// That takes more than need be, and never less.

/** Follows `capture` through the expressions of a workflow. */
export function uncapturedOf(workflow: Workflow, capture: CaptureDocument): Uncaptured {
  if (capture === "off") return { input: true, output: true, has: () => true, isRead: () => true };
  const named = namesOf(capture.off);
  const holding = holdersOf(dataFlow(workflow), named);
  const result = outputFlow(workflow);
  const isResult = result ? isNamed(result, named) || holding.anyOf(result.steps) : holding.isAny;
  return {
    input: named.isWhole || named.input.size > 0,
    output: named.output || isResult,
    has: (path) => holding.anyOf([staticPath(path)]),
    isRead: ([root, member]) => {
      if (root === "input") return isInputNamed(String(member ?? "*"), named);
      return holding.hasId(String(root === "steps" ? member : root));
    },
  };
}

/** `items[3].draft` and `items.draft.undo` are where the document has `items.draft`. */
function staticPath(path: string): string {
  return path.replace(/\[\d+\]/g, "").replace(/\.undo$/, "");
}

function holdersOf(flows: readonly StepFlow[], named: Named) {
  /** Their results hold it. */
  const holders = new Set<string>();
  /** What they say or decide about holds it, and so do the steps inside them. */
  const spreaders = new Set<string>();
  // Each round finds another one, or is the last.
  for (let found = -1; found < holders.size + spreaders.size; ) {
    found = holders.size + spreaders.size;
    for (const flow of flows) {
      const { path, steps } = flow;
      const isInside = [...spreaders].some((block) => path.startsWith(`${block}.`));
      if (isInside || isNamed(flow, named) || steps.some((step) => holders.has(step))) spreaders.add(path);
      if (spreaders.has(path) || [...holders].some((step) => step.startsWith(`${path}.`))) holders.add(path);
    }
  }
  return {
    isAny: holders.size > 0,
    anyOf: (paths: readonly string[]) => paths.some((path) => holders.has(path)),
    hasId: (id: string) => [...holders].some((path) => path === id || path.endsWith(`.${id}`)),
  };
}

interface Named {
  readonly isWhole: boolean;
  readonly input: ReadonlySet<string>;
  readonly steps: ReadonlySet<string>;
  readonly output: boolean;
}

function namesOf(off: readonly string[]): Named {
  const members = (root: string) =>
    new Set(off.filter((name) => name.startsWith(`${root}.`)).map((name) => name.slice(root.length + 1)));
  return {
    isWhole: off.includes("input"),
    input: members("input"),
    steps: members("steps"),
    output: off.includes("output"),
  };
}

function isNamed({ path, input }: StepFlow, named: Named): boolean {
  const id = path.slice(path.lastIndexOf(".") + 1);
  return named.steps.has(id) || input.some((member) => isInputNamed(member, named));
}

function isInputNamed(member: string, { isWhole, input }: Named): boolean {
  return isWhole || input.has(member) || (member === "*" && input.size > 0);
}

/** Whether everything that `capture` names is there. */
export function checkCapture({ capture, ...document }: WorkflowDocument, report: Report): void {
  if (capture === undefined || capture === "off") return;
  for (const [index, name] of capture.off.entries()) {
    const problem = nameProblem(name, document);
    if (problem) report.problem(["capture", "off", index], problem);
  }
}

function nameProblem(name: string, { input, steps }: Omit<WorkflowDocument, "capture">): string | undefined {
  const [root = "", member = "", ...more] = name.split(".");
  if (more.length === 0 && root === "steps" && member !== "") {
    const ids = [...allSteps(steps)].map(({ step }) => step.id);
    return ids.includes(member) ? undefined : `there is no step \`${member}\`${didYouMean(member, ids)}`;
  }
  if (more.length === 0 && root === "input" && member !== "") {
    const properties = isJsonObject(input?.properties) ? Object.keys(input.properties) : [];
    if (properties.length === 0 || properties.includes(member)) return undefined;
    return `the input has no member \`${member}\`${didYouMean(member, properties)}`;
  }
  if (name === "input" || name === "output") return undefined;
  return "expected input, input.NAME, steps.ID or output: bodies are kept or erased whole";
}

/** What would carry something to where it is kept all the same. */
export function checkUncaptured(workflow: Workflow, { document, origins }: Normalised, report: Report): void {
  const { uncaptured } = workflow;
  if (!uncaptured) return;
  checkKeys(document, [], uncaptured, report);
  for (const { step, path } of allSteps(document.steps)) {
    const origin = origins.get(step);
    if (!origin) continue;
    checkKeys(step, origin.step, uncaptured, report);
    if (step.kind === "emit" && uncaptured.has(path))
      report.warning(
        origin.step,
        "what `emit` says is kept by those who hear it, whatever `capture` says here",
      );
  }
}

/** The values of keys stand in tables that outlive the run. */
function checkKeys(
  {
    concurrency = [],
    rate = [],
  }: { concurrency?: readonly ConcurrencyLimit[]; rate?: readonly ConcurrencyLimit[] },
  at: Path,
  uncaptured: Uncaptured,
  report: Report,
): void {
  for (const [member, limits] of Object.entries({ concurrency, rate }))
    if (limits.some(({ key }) => key !== undefined && pathsOf(key).some(uncaptured.isRead)))
      report.problem(
        [...at, member],
        "its key would keep what `capture` says is not kept; use a tag, such as {{ run.tags.tenant }}",
        "key",
      );
}

function pathsOf(text: string): readonly Path[] {
  const template = readTemplate(text);
  if (template instanceof FlyballError) return [];
  return template.references.map(({ path }) => path).filter(([root]) => root !== "run" && root !== "secrets");
}

function* allSteps(
  steps: readonly StepDocument[],
  prefix = "",
): Generator<{ readonly step: StepDocument; readonly path: string }> {
  for (const step of steps) {
    const path = prefix + step.id;
    yield { step, path };
    for (const inner of innerBlocks(step)) yield* allSteps(inner.steps, `${path}.`);
  }
}
