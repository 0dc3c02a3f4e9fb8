import { sha256 } from "../../core/base/index.ts";
import { worksOf } from "../../core/workflow/index.ts";
import { classifierBytes } from "../../models/learning/index.ts";
import { datasetAsset } from "../evals/index.ts";
import { answersOf, askingStep, type RecordedAnswer } from "./answers.ts";
import { cascadeOpportunity, type Pupil } from "./cascade.ts";
import type { Opportunity } from "./changes.ts";
import type { OptimizerDeps, Written } from "./deps.ts";
import type { ErrorBudget } from "./error-budget.ts";
import type { Looking } from "./looking.ts";
import { declaredLabels, finiteAnswers, pupilOf } from "./pupil.ts";
import { type DearStep, isLocal, modelsTried, routeOf } from "./swap.ts";

/** A step that a classifier has learned from. */
export interface Taught {
  readonly step: DearStep;
  readonly answers: readonly RecordedAnswer[];
  readonly pupil: Pupil;
}

/** Trains a classifier on the record of each dear step that gives one of finitely many answers. */
export async function taughtBy(
  dear: readonly DearStep[],
  looking: Looking,
  deps: OptimizerDeps,
): Promise<readonly Taught[]> {
  const taught: Taught[] = [];
  for (const step of dear) {
    const answers = (await isOwnRoute(step, looking, deps)) ? await lessons(step, looking, deps) : [];
    const pupil = answers.length > 0 ? await pupilOf(answers) : undefined;
    if (pupil) taught.push({ step, answers, pupil });
  }
  return taught;
}

/** A classifier knows one question: nothing else may ask the route that it stands in front of, and no other one stands there. */
async function isOwnRoute(
  { route }: DearStep,
  { workflow, release, document }: Looking,
  { registry, kinds }: OptimizerDeps,
): Promise<boolean> {
  const [first] = modelsTried(release, route);
  const asking = [...worksOf(document.steps)].filter((work) => routeOf(work, kinds, release)?.name === route);
  if (first === undefined || isLocal(release, first) || asking.length !== 1) return false;
  for (const other of registry.runnableNames()) {
    const line = other === workflow ? undefined : registry.runnable(other);
    const { parts } = line === undefined ? { parts: { assets: [] } } : await registry.production(line);
    if (parts.assets.some(({ kind, name }) => kind === "route" && name === route)) return false;
  }
  return true;
}

async function lessons(
  { step: id }: DearStep,
  { workflow, release, document }: Looking,
  deps: OptimizerDeps,
): Promise<readonly RecordedAnswer[]> {
  const { definition } = release;
  const step = definition.type === "document" ? askingStep(definition.workflow, id) : undefined;
  const written = document.steps.find((each) => each.id === id);
  if (!step || !written) return [];
  return finiteAnswers(await answersOf(workflow, step, deps), declaredLabels(written, release));
}

/**
 * The step with its classifier before its model, if that has shown that it may. What the classifier was made of is
 * kept as a dataset, and its file under its digest.
 */
export async function cascadeOf(
  { step: { step, route }, answers, pupil }: Taught,
  { workflow, document, observations }: Looking,
  { budget, deps }: { readonly budget: ErrorBudget; readonly deps: OptimizerDeps },
): Promise<Opportunity | undefined> {
  const bytes = classifierBytes(pupil.model);
  const digest = sha256(bytes);
  // Each training is a model of its own: so one version of the route brings it, and the one before does without.
  const model = `${route}-${digest.slice(0, 8)}`;
  const dataset = datasetOf(`${workflow}.${step}`, step, answers);
  const change = { kind: "cascade", step, route, model } as const;
  const provenance = {
    dataset: { name: dataset.name, digest: dataset.digest },
    model: { name: model, sha256: digest },
  };
  const opportunity = budget.test((level) =>
    cascadeOpportunity({ change, pupil, document, observations, level, provenance }),
  );
  if (!opportunity) return undefined;
  deps.keepModel(bytes);
  await deps.registry.take([{ asset: dataset }], { source: "api", by: "optimizer" });
  return { ...opportunity, beside: [entryOf(model, digest)] };
}

/** Rows as `flyball eval` takes them, each with the event that it rests on; the first were learned from. */
function datasetOf(name: string, step: string, answers: readonly RecordedAnswer[]) {
  const rows = answers.map(({ run, event, input, label, from, by }) => ({
    input,
    expected: { [step]: label },
    source: { run, event, label: from, by },
  }));
  return datasetAsset(name, rows, "journal");
}

/** As it would stand in the settings. The file is in the data folder, under its digest. */
function entryOf(name: string, digest: string): Written {
  const text = `provider: local\ntype: classifier\nfile: models/${name}.model\nsha256: ${digest}\n`;
  return { kind: "model", name, text };
}
