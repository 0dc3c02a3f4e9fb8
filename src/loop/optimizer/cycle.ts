import { derivedId, FlyballError, isJsonObject } from "../../core/base/index.ts";
import type { Release } from "../../core/executor/index.ts";
import { AssetNotFound, lineId } from "../../core/registry/index.ts";
import type { Asset } from "../../core/workflow/index.ts";
import { cascadeOf, taughtBy } from "./cascades.ts";
import type { Change, Finding, Opportunity } from "./changes.ts";
import type { OptimizerDeps, Written } from "./deps.ts";
import { diffOf, edited } from "./edits.ts";
import { ErrorBudget } from "./error-budget.ts";
import { EditImpossible } from "./errors.ts";
import { candidatesPerStepMax, replayRunsMax, runsObservedMin } from "./limits.ts";
import type { Looking } from "./looking.ts";
import { figuresOf } from "./observations.ts";
import { barsOf, effectsOf, expectedOf, type Proposal, proofText, undoText } from "./proposals.ts";
import { observationsOf } from "./record.ts";
import { repeatOpportunities } from "./repeats.ts";
import { sequenceOpportunity } from "./sequence.ts";
import { type DearStep, dearSteps, priceOf, swapOpportunity, type Tried } from "./swap.ts";
import { reviewSteps, thresholdOpportunity } from "./threshold.ts";
import { Purse, replayOn, withAssets } from "./trials.ts";
import { judgedBy } from "./truth.ts";

/** What one look at a workflow came to. */
export interface Cycle {
  readonly workflow: string;
  readonly findings: readonly Finding[];
  readonly proposals: readonly Proposal[];
}

/** Looks at the record of a workflow, tries what needs trying, and writes down what follows. Changes nothing. */
export async function cycleOf(
  workflow: string,
  { maxSpendUsd }: { readonly maxSpendUsd: number },
  deps: OptimizerDeps,
): Promise<Cycle> {
  const line = deps.registry.runnable(workflow);
  if (line === undefined) throw new AssetNotFound(`workflow/${workflow}`);
  const release = await deps.registry.production(line);
  const { definition } = release;
  const observations = await observationsOf(release, deps);
  if (definition.type !== "document" || observations.length < runsObservedMin)
    return { workflow, findings: [], proposals: [] };
  const { document } = definition.workflow;
  const looking = { workflow, release, document, observations };
  const dear = dearSteps(release, deps.kinds, observations).map((step) => ({
    step,
    models: cheaperThan(step, deps),
  }));
  const trials = dear.reduce((sum, { models }) => sum + models.length, 0);
  const taught = await taughtBy(
    dear.map(({ step }) => step),
    looking,
    deps,
  );
  const budget = new ErrorBudget(reviewSteps(document).length + trials + taught.length);
  const found = [
    thresholdOpportunity(document, observations, { budget, reviewMinutes: deps.reviewMinutes() }),
    ...(await swaps(dear, looking, { budget, purse: new Purse(maxSpendUsd), deps })),
    ...(await Promise.all(taught.map((each) => cascadeOf(each, looking, { budget, deps })))),
    sequenceOpportunity(definition.workflow, observations),
    ...repeatOpportunities(document, observations),
  ].filter((each) => each !== undefined);
  const proposals: Proposal[] = [];
  for (const opportunity of found) {
    const proposal = await proposed(opportunity, looking, deps);
    if (proposal) proposals.push(proposal);
  }
  return { workflow, findings: found.map(({ finding }) => finding), proposals };
}

/** For each dear step the cheapest model that was as good. */
async function swaps(
  dear: readonly { readonly step: DearStep; readonly models: readonly string[] }[],
  looking: Looking,
  how: { readonly budget: ErrorBudget; readonly purse: Purse; readonly deps: OptimizerDeps },
): Promise<readonly Opportunity[]> {
  const found: Opportunity[] = [];
  for (const { step, models } of dear)
    for (const model of models) {
      const tried = await triedOn(step, model, looking, how);
      const opportunity = tried && how.budget.test((level) => swapOpportunity({ ...tried, level }));
      if (opportunity) {
        found.push(opportunity);
        break;
      }
    }
  return found;
}

/** The cheapest first. */
function cheaperThan({ model }: DearStep, { assets }: OptimizerDeps): readonly string[] {
  const known = assets();
  const priced = known.names("model").flatMap((name) => {
    const price = priceOf(soundAsset(known, name)?.content ?? null);
    return price === undefined ? [] : [{ name, price }];
  });
  const own =
    priceOf(soundAsset(known, model)?.content ?? null) ?? priced.find(({ name }) => name === model)?.price;
  if (own === undefined) return [];
  const cheaper = priced.filter(({ name, price }) => price < own && name !== model);
  return cheaper
    .sort((one, other) => one.price - other.price)
    .slice(0, candidatesPerStepMax)
    .map(({ name }) => name);
}

/** A model whose settings or file are wrong is no candidate. */
function soundAsset(known: ReturnType<OptimizerDeps["assets"]>, name: string): Asset | undefined {
  try {
    return known.find("model", name);
  } catch (error) {
    if (error instanceof FlyballError) return undefined;
    throw error;
  }
}

async function triedOn(
  { step, route, model: from }: DearStep,
  to: string,
  { release, document, observations }: Looking,
  { purse, deps }: { readonly purse: Purse; readonly deps: OptimizerDeps },
): Promise<Omit<Tried, "level"> | undefined> {
  const change = { kind: "swap_model", step, route, from, to } as const;
  const written = await writtenWith(change, { kind: "route", name: route }, release, deps);
  const model = soundAsset(deps.assets(), to);
  if (!written || !model) return undefined;
  const parts = withAssets(release, [model, ...written.drafted]);
  const candidate = { release: await deps.releases.publish(parts), change };
  const originals = observations.filter(({ hasEnded }) => hasEnded).slice(0, replayRunsMax);
  const trials = await replayOn(candidate, originals, purse, deps);
  return { change, document, observations, trials, release: candidate.release.digest };
}

interface WrittenChange {
  readonly text: string;
  readonly before: string;
  readonly file: string | null;
  readonly from: string;
  /** The changed asset, and what it names that nobody knew yet. */
  readonly drafted: readonly Asset[];
}

/** The changed text of an asset; undefined where the change does not fit into how it is written. */
async function writtenWith(
  change: Change,
  { kind, name }: { readonly kind: string; readonly name: string },
  release: Release,
  deps: OptimizerDeps,
  beside: readonly Written[] = [],
): Promise<WrittenChange | undefined> {
  const pinned = [release.parts.definition, ...release.parts.assets];
  const from = pinned.find((asset) => asset.kind === kind && asset.name === name)?.digest;
  const source = from === undefined ? undefined : await textOf(lineId(kind, name), from, deps);
  if (from === undefined || !source) return undefined;
  try {
    const text = edited(source.text, change);
    const file = source.file ?? undefined;
    return {
      text,
      before: source.text,
      file: source.file,
      from,
      drafted: deps.draft({ kind, name, text, file }, beside),
    };
  } catch (error) {
    if (error instanceof EditImpossible) return undefined;
    throw error;
  }
}

async function textOf(line: string, digest: string, { registry }: OptimizerDeps) {
  for (const { type, data } of await registry.history(line))
    if (type === "version.added" && data?.digest === digest && typeof data.text === "string")
      return { text: data.text, file: typeof data.file === "string" ? data.file : null };
  return undefined;
}

async function proposed(
  { change, finding, counterfactual, costPerRun, triedAs, beside = [] }: Opportunity,
  { workflow, release, document, observations }: Looking,
  deps: OptimizerDeps,
): Promise<Proposal | undefined> {
  const asset =
    "route" in change ? { kind: "route", name: change.route } : { kind: "workflow", name: workflow };
  const written = await writtenWith(change, asset, release, deps, beside);
  const to = written?.drafted[0]?.digest;
  if (!written || to === undefined || !isJsonObject(written.drafted[0]?.content ?? null)) return undefined;
  const { text, before, file, from } = written;
  // All answers, where all change; only those that nobody saw, where the threshold moves.
  const judged = figuresOf(judgedBy(change, observations), {
    ofAutomated: change.kind === "change_threshold",
  });
  return {
    id: derivedId("proposal", release.digest, from, to),
    workflow,
    kind: change.kind,
    change,
    asset,
    from,
    to,
    text,
    file,
    triedAs: triedAs ?? null,
    beside,
    diff: [
      diffOf(file ?? lineId(asset.kind, asset.name), before, text),
      ...beside.map(({ kind, name, text }) => diffOf(lineId(kind, name), "", text)),
    ].join("\n"),
    finding,
    before: effectsOf(observations, deps.reviewMinutes()),
    expected: {
      ...expectedOf(counterfactual, deps.reviewMinutes()),
      ...(costPerRun ? { costPerRun } : {}),
    },
    bars: barsOf(document.targets ?? {}, judged, observations),
    proof: proofText,
    undo: undoText,
  };
}
