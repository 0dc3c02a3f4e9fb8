import { seededRandom } from "../../core/base/index.ts";
import { messageText } from "../prompts/index.ts";
import { explorationShare, measuredEnough, outputTokensGuess } from "./limits.ts";
import type { ModelCall } from "./model.ts";
import type { Price } from "./money/prices.ts";
import type { Strategy } from "./route-content.ts";
import type { Statistics } from "./statistics.ts";

/** What a strategy may know of a model. */
export interface Contender {
  /** As the route names it. */
  readonly name: string;
  /** Undefined where it is not known; zero on our own machine. */
  readonly price: Price | undefined;
  readonly statistics: Pick<Statistics, "measured" | "latencyMs" | "outputTokens">;
}

export interface Choice<C> {
  /** The one to ask first, and who follows when it fails. */
  readonly order: readonly C[];
  /** Why it comes first, for people. */
  readonly reason: string;
}

/** Who is asked first. Pure; chance comes from run and path, so that retries and replays agree. */
export function choose<C extends Contender>(
  strategy: Strategy,
  contenders: readonly C[],
  { call, weights = {} }: { call: ModelCall; weights?: Readonly<Record<string, number>> | undefined },
): Choice<C> {
  if (contenders.length < 2 || strategy === "ordered") return { order: contenders, reason: "first in order" };
  switch (strategy) {
    case "cheapest":
      return cheapest(contenders, call);
    case "fastest":
      return fastest(contenders, call);
    case "weighted":
      return weighted(contenders, call, weights);
  }
}

/** By the price of the tokens that this call is likely to take; an unknown price comes last. */
function cheapest<C extends Contender>(contenders: readonly C[], call: ModelCall): Choice<C> {
  const order = sortedBy(contenders, (each) => estimatedCostUsd(each, call) ?? Number.POSITIVE_INFINITY);
  const cost = order[0] && estimatedCostUsd(order[0], call);
  const reason = cost === undefined ? "no price is known" : `cheapest: about $${Number(cost.toPrecision(3))}`;
  return { order, reason };
}

function estimatedCostUsd({ price, statistics }: Contender, call: ModelCall): number | undefined {
  if (!price) return undefined;
  const likely = statistics.outputTokens ?? outputTokensGuess;
  const output = Math.min(likely, call.settings.maxTokens ?? likely);
  return estimatedInputTokens(call) * price.input + (call.embed ? 0 : output * (price.output ?? 0));
}

/** A fair guess for English: four characters are a token. */
export function estimatedInputTokens({
  messages,
  embed = [],
}: Pick<ModelCall, "messages" | "embed">): number {
  const texts = [...messages.map(messageText), ...embed];
  return Math.ceil(texts.reduce((sum, text) => sum + text.length, 0) / 4);
}

/**
 * By the median of recent answers. A model that was not measured enough goes first until it is, and a
 * share of the calls goes to one of the others: a slow start, or a slow hour, is not held against it for ever.
 */
function fastest<C extends Contender>(contenders: readonly C[], call: ModelCall): Choice<C> {
  const medianMs = ({ statistics }: C) => statistics.latencyMs(0.5) ?? 0;
  const unknown = sortedBy(
    contenders.filter(({ statistics }) => statistics.measured < measuredEnough),
    ({ statistics }) => statistics.measured,
  );
  const ranked = sortedBy(contenders, medianMs);
  const [first] = unknown;
  if (first) return { order: toFront(ranked, first), reason: "not measured enough yet" };
  const random = seededRandom(`explore/${call.origin.key}`);
  const other = ranked[1 + Math.floor(random.next() * (ranked.length - 1))];
  if (other && random.next() < explorationShare)
    return { order: toFront(ranked, other), reason: "measured anew, as one in twenty calls is" };
  const fastestOne = ranked[0];
  return { order: ranked, reason: `fastest: p50 ${Math.round(fastestOne ? medianMs(fastestOne) : 0)} ms` };
}

/** The first by its weight, then the rest in the same way, so that a failure too is spread by weight. */
function weighted<C extends Contender>(
  contenders: readonly C[],
  call: ModelCall,
  weights: Readonly<Record<string, number>>,
): Choice<C> {
  const random = seededRandom(`weighted/${call.origin.runId}/${call.origin.path}`);
  const rest = [...contenders];
  const order: C[] = [];
  while (rest.length > 0) {
    const total = rest.reduce((sum, { name }) => sum + (weights[name] ?? 0), 0);
    let mark = random.next() * total;
    const at = rest.findIndex(({ name }) => {
      mark -= weights[name] ?? 0;
      return mark < 0;
    });
    order.push(...rest.splice(Math.max(0, at), 1));
  }
  const first = order[0]?.name ?? "";
  const all = contenders.reduce((sum, { name }) => sum + (weights[name] ?? 0), 0);
  return { order, reason: `weight ${weights[first] ?? 0} of ${all}` };
}

function sortedBy<C>(list: readonly C[], value: (item: C) => number): readonly C[] {
  // Equal ones stay in the route's order; infinities must not be subtracted.
  return [...list].sort((one, other) => (value(one) < value(other) ? -1 : value(one) > value(other) ? 1 : 0));
}

function toFront<C>(list: readonly C[], first: C): readonly C[] {
  return [first, ...list.filter((each) => each !== first)];
}
