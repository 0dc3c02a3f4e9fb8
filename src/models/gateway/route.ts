import { FlyballError } from "../../core/base/index.ts";
import { PersonNeeded, SwitchedOff } from "../../core/executor/index.ts";
import type { Answers, Question } from "./answers.ts";
import { ModelOutputInvalid, NoCachedAnswer, NoModelAnswered, type Spent } from "./errors.ts";
import type { Model, ModelCall, ModelReply } from "./model.ts";
import { BudgetExceeded, ModelUnpriced } from "./money/errors.ts";
import { toldAtOnce } from "./output.ts";
import { noTokens, spentTogether } from "./price.ts";
import type { RouteContent } from "./route-content.ts";
import { spoken } from "./spoken.ts";
import { type Contender, choose } from "./strategy.ts";

/** A model with its policies, as a route asks it. */
export interface Candidate extends Contender {
  readonly ask: Model;
  /** Its provider is known to be of no use just now. */
  isResting(): boolean;
}

export interface RoutingDeps {
  readonly name: string;
  readonly route: RouteContent;
  readonly candidateOf: (name: string) => Candidate;
  readonly answers: Answers;
  readonly question: (call: ModelCall) => Question;
}

/** One call on its way through a route: what was tried, and what that has cost. */
interface Journey {
  readonly call: ModelCall;
  requests: number;
  readonly failures: FlyballError[];
  /** Why it did not end sooner, for people. */
  readonly detours: string[];
  /** On answers that were not good enough. */
  spent: Spent | null;
  /** The best of these. */
  doubtful: ModelReply | null;
}

/**
 * Asks the tiers in order, in each the models in the order of the strategy, then the fallbacks. Every
 * failure leads on: even a request that one model refuses, another may accept. A cancelled call leads
 * nowhere, and neither does one that was heard in part.
 */
export function routing(deps: RoutingDeps): Model {
  const { route, candidateOf } = deps;
  const tiers = route.tiers.map(({ models, below }) => ({ candidates: models.map(candidateOf), below }));
  const fallbacks = route.fallback.map((fallback) =>
    "models" in fallback ? { candidates: fallback.models.map(candidateOf) } : fallback,
  );
  return async (call) => {
    const journey = { call, requests: 0, failures: [], detours: [], spent: null, doubtful: null };
    return (
      (await throughTiers(tiers, journey, deps)) ??
      (await throughFallbacks(fallbacks, journey, deps)) ??
      doubtfulAnswer(journey, deps.name)
    );
  };
}

async function throughTiers(
  tiers: readonly { readonly candidates: readonly Candidate[]; readonly below: number | undefined }[],
  journey: Journey,
  { route }: RoutingDeps,
): Promise<ModelReply | undefined> {
  const { strategy, weights, fallback } = route;
  for (const [index, { candidates, below }] of tiers.entries()) {
    const follow = index < tiers.length - 1 || fallback.length > 0;
    const { order, reason } = choose(strategy, candidates, { call: journey.call, weights });
    // An answer that may be turned down is not heard before that is known.
    const reply = await firstToAnswer(order, journey, { follow, silent: below !== undefined });
    if (reply && (below === undefined || isSure(reply, below)))
      return finished(reply, journey, { reason, silent: below !== undefined });
    if (reply && below !== undefined) setAside(reply, journey, below);
  }
  return undefined;
}

type Fallback =
  | { readonly candidates: readonly Candidate[] }
  | { readonly cachedMs: number }
  | { readonly person: true };

async function throughFallbacks(
  fallbacks: readonly Fallback[],
  journey: Journey,
  { name, answers, question }: RoutingDeps,
): Promise<ModelReply | undefined> {
  for (const [index, fallback] of fallbacks.entries()) {
    if ("person" in fallback) throw new PersonNeeded(`route ${name}`, journey.detours);
    if ("candidates" in fallback) {
      const follow = index < fallbacks.length - 1;
      const reply = await firstToAnswer(fallback.candidates, journey, { follow, silent: false });
      if (reply) return finished(reply, journey, { reason: "fallback", silent: false });
      continue;
    }
    const known = answers.find(question(journey.call), { forMs: fallback.cachedMs, exactly: false });
    if (known) return finished(known, journey, { reason: "fallback", silent: true });
    turnFrom(new NoCachedAnswer(name), journey);
  }
  return undefined;
}

/** Nobody has a better answer than one that is not sure enough; how sure it is, it says itself. */
function doubtfulAnswer(journey: Journey, route: string): ModelReply {
  const { doubtful, spent } = journey;
  if (!doubtful) throw failureOf(route, journey.failures);
  // Its cost is in the sum already.
  const free = { ...doubtful, costUsd: 0, tokens: noTokens };
  return finished(free, { ...journey, spent }, { reason: "the best answer there is", silent: true });
}

async function firstToAnswer(
  order: readonly Candidate[],
  journey: Journey,
  { follow, silent }: { follow: boolean; silent: boolean },
): Promise<ModelReply | undefined> {
  const ready = [...order].sort((one, other) => Number(one.isResting()) - Number(other.isResting()));
  const { onDelta, ...unheard } = journey.call;
  for (const [index, candidate] of ready.entries()) {
    const hasAlternative = follow || ready.slice(index + 1).some((other) => !other.isResting());
    const heard = spoken(silent ? unheard : journey.call);
    try {
      return await candidate.ask({
        ...heard.call,
        ...(hasAlternative ? { hasAlternative } : {}),
        onRequest: () => {
          journey.requests += 1;
        },
      });
    } catch (error) {
      if (!(error instanceof FlyballError) || journey.call.signal.aborted || heard.isSpoken) throw error;
      turnFrom(error, journey, candidate.name);
    }
  }
  return undefined;
}

function turnFrom(error: FlyballError, journey: Journey, from = ""): void {
  journey.failures.push(error);
  journey.detours.push(from === "" ? error.code : `${from}: ${error.code}`);
  if (error instanceof ModelOutputInvalid && error.spent) spend(error.spent, journey);
}

function isSure({ confidence }: ModelReply, below: number): boolean {
  return confidence !== null && confidence >= below;
}

/** An answer that is not sure enough is paid for all the same, and kept in case nobody has a better one. */
function setAside(reply: ModelReply, journey: Journey, below: number): void {
  spend(reply, journey);
  const { confidence, model, provider } = reply;
  journey.detours.push(`${provider}/${model}: confidence ${confidence ?? "none"}, below ${below}`);
  const { facts, ...kept } = reply;
  if (!journey.doubtful || (confidence ?? 0) > (journey.doubtful.confidence ?? 0)) journey.doubtful = kept;
}

function spend({ costUsd, tokens, facts = [] }: Spent, journey: Journey): void {
  const before = journey.spent;
  journey.spent = before ? spentTogether(before, { costUsd, tokens, facts }) : { costUsd, tokens, facts };
}

/** The answer with the cost of all that came before it, and with its story. */
function finished(
  reply: ModelReply,
  journey: Journey,
  { reason, silent }: { reason: string; silent: boolean },
): ModelReply {
  if (silent) toldAtOnce(journey.call, reply);
  const { trace } = reply;
  const told = trace?.cachedFrom ? [trace.route.reason] : [];
  return {
    ...reply,
    ...(journey.spent ? spentTogether(journey.spent, reply) : {}),
    trace: {
      attempts: journey.requests,
      cache: trace?.cache ?? "off",
      ...(trace?.cachedFrom ? { cachedFrom: trace.cachedFrom } : {}),
      route: {
        chosen: `${reply.provider}/${reply.model}`,
        reason: [...journey.detours, reason, ...told].join("; "),
      },
    },
  };
}

function isRefusedForMoney(failure: FlyballError): boolean {
  return failure instanceof BudgetExceeded || failure instanceof ModelUnpriced;
}

function failureOf(route: string, failures: readonly FlyballError[]): FlyballError {
  const [only, another] = failures;
  if (only && !another) return only;
  // Where every candidate is off, the step waits for one to be on again.
  if (only && failures.every((failure) => failure instanceof SwitchedOff)) return only;
  // A budget has no room for any of them: the caller is told so, and not that a provider had failed.
  if (only && failures.every(isRefusedForMoney)) return only;
  return new NoModelAnswered(route, failures);
}
