import { isJsonObject, type Json } from "../../core/base/index.ts";
import type { Release } from "../../core/executor/index.ts";
import type {
  AssetReference,
  KindRegistry,
  StepDocument,
  WorkflowDocument,
} from "../../core/workflow/index.ts";
import { shareLowerBound } from "../../models/learning/index.ts";
import { type Change, noPrize, type Opportunity } from "./changes.ts";
import { accuracyMargin, gainMin, replayMargin, replayRunsMin } from "./limits.ts";
import { type Figures, figuresOf, isAutomated, type Observation } from "./observations.ts";
import { meanOf, rounded } from "./statistics.ts";
import type { Trial } from "./trials.ts";
import { judgedBy } from "./truth.ts";

type Swap = Extract<Change, { kind: "swap_model" }>;

/** The step that asks a route, with the model that answers first; only where it costs enough to matter. */
export interface DearStep {
  readonly step: string;
  readonly route: string;
  readonly model: string;
}

/** The dearest step of each route. */
export function dearSteps(
  release: Release,
  kinds: KindRegistry,
  observations: readonly Observation[],
): readonly DearStep[] {
  const { definition } = release;
  if (definition.type !== "document") return [];
  const total = meanOf(observations.map(({ costUsd }) => costUsd));
  const byRoute = new Map<string, DearStep>();
  for (const document of definition.workflow.document.steps) {
    const costUsd = meanOf(
      observations.map(({ steps }) => steps.find(({ path }) => path === document.id)?.costUsd ?? 0),
    );
    const route = routeOf(document, kinds, release);
    const model = route && paidModel(release, route.name);
    if (route && model && costUsd > 0 && costUsd >= gainMin * total && !byRoute.has(route.name))
      byRoute.set(route.name, { step: document.id, route: route.name, model });
  }
  return [...byRoute.values()];
}

/** The route that a piece of work asks. */
export function routeOf(
  { kind, config }: Pick<StepDocument, "kind" | "config">,
  kinds: KindRegistry,
  release: Release,
): AssetReference | undefined {
  if (kind !== "inference") return undefined;
  const find = (of: string, name: string) =>
    release.parts.assets.find((asset) => asset.kind === of && asset.name === name);
  return kinds
    .get(kind)
    ?.references?.(config, { find })
    ?.find((reference) => reference.kind === "route");
}

/** The first of a route that is not one of our own: those cost nothing. */
function paidModel(release: Release, route: string): string | undefined {
  return modelsTried(release, route).find((model) => !isLocal(release, model));
}

/** The models that a route tries, in order. */
export function modelsTried({ parts }: Release, route: string): readonly string[] {
  const content = parts.assets.find(({ kind, name }) => kind === "route" && name === route)?.content;
  const tiers = isJsonObject(content) && Array.isArray(content.tiers) ? content.tiers : [];
  return tiers.flatMap((tier) =>
    isJsonObject(tier) && Array.isArray(tier.models)
      ? tier.models.filter((model) => typeof model === "string")
      : [],
  );
}

export function isLocal({ parts }: Release, model: string): boolean {
  const content = parts.assets.find(({ kind, name }) => kind === "model" && name === model)?.content;
  return isJsonObject(content) && content.provider === "local";
}

/** Dollars for a token in and a token out; undefined where nobody knows. */
export function priceOf(content: Json): number | undefined {
  if (!isJsonObject(content)) return undefined;
  if (content.provider === "local") return content.type === "classifier" ? 0 : undefined;
  const price = Array.isArray(content.price) ? content.price.at(-1) : content.price;
  return isJsonObject(price) ? Number(price.input ?? 0) + Number(price.output ?? 0) : undefined;
}

export interface Tried {
  readonly change: Swap;
  readonly document: WorkflowDocument;
  readonly observations: readonly Observation[];
  readonly trials: readonly Trial[];
  /** The digest of what was tried. */
  readonly release: string;
  /** The confidence with which it must be shown to be as good. */
  readonly level: number;
}

/** A cheaper model that answered recorded runs as well as the one that answers now. */
export function swapOpportunity(tried: Tried): Opportunity | undefined {
  const { change, document, observations, trials, release, level } = tried;
  const targets = document.targets ?? {};
  const candidates = trials.map(({ candidate }) => candidate);
  const before = figuresOf(judgedBy(change, observations), { ofAutomated: false });
  const after = figuresOf(candidates, { ofAutomated: false });
  const floor = Math.min(
    targets.accuracy ?? before.accuracy.mid,
    before.accuracy.n > 0 ? before.accuracy.mid : 1,
  );
  const savedUsd = meanOf(trials.map(({ original, candidate }) => original.costUsd - candidate.costUsd));
  if (!isAsGood(after, candidates, { floor, level }) || savedUsd < gainMin * before.costPerRun.mid)
    return undefined;
  if (!isAsAutomated(candidates, observations, targets.automated)) return undefined;
  const { timeToResultP50Ms: time } = targets;
  if (time !== undefined && after.timeToResultP50.mid > Math.max(time, before.timeToResultP50.mid))
    return undefined;
  const right = candidates.filter(({ isRight }) => isRight).length;
  return {
    finding: {
      kind: "swap_model",
      step: change.step,
      summary: `${change.to} was right in ${right} of ${after.accuracy.n} recorded runs, for ${Math.round((100 * after.costPerRun.mid) / before.costPerRun.mid)}% of the cost`,
      evidence: {
        replayed: candidates.length,
        judged: after.accuracy.n,
        right,
        lowerBound: rounded(shareLowerBound(right, after.accuracy.n, level)),
        confidence: rounded(level),
        bar: rounded(floor),
        replayCostUsd: Number(candidates.reduce((sum, { costUsd }) => sum + costUsd, 0).toFixed(6)),
      },
      prize: { ...noPrize, usdPerRun: savedUsd },
    },
    change,
    triedAs: release,
    counterfactual: candidates,
  };
}

function isAsGood(
  { accuracy }: Figures,
  candidates: readonly Observation[],
  { floor, level }: { readonly floor: number; readonly level: number },
): boolean {
  if (accuracy.n < replayRunsMin) return false;
  const right = candidates.filter(({ isRight }) => isRight).length;
  const isProven = shareLowerBound(right, accuracy.n, level) >= floor - replayMargin;
  return isProven && accuracy.mid >= floor - replayMargin / 3;
}

export function isAsAutomated(
  candidates: readonly Observation[],
  observations: readonly Observation[],
  wanted: number | undefined,
): boolean {
  const share = (runs: readonly Observation[]) => runs.filter(isAutomated).length / Math.max(1, runs.length);
  const before = share(observations);
  return share(candidates) >= Math.min(wanted ?? before, before) - accuracyMargin;
}
