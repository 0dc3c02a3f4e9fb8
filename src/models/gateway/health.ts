import type { Clock } from "../../core/base/index.ts";
import type { ModelStates } from "./model-state.ts";
import { type Price, priceAt } from "./money/prices.ts";

/** How a model does, as far as this process has seen it. */
export interface ModelHealth {
  readonly name: string;
  readonly simulated: boolean;
  readonly region: string | null;
  /** US dollars per token, as it holds now. */
  readonly price: Price | null;
  /** Of its circuit breaker: `open` lets no call through. */
  readonly circuit: "closed" | "open" | "half_open";
  /** Its provider has asked for so much more patience. */
  readonly coolingMs: number;
  readonly answers: number;
  readonly failures: number;
  /** Requests that were made again, by this process and not by a step. */
  readonly retries: number;
  /** Of the answers of all models. */
  readonly share: number;
  /** Of its latest answers; null before the first. */
  readonly latency: { readonly p50Ms: number; readonly p95Ms: number } | null;
}

export interface RouteHealth {
  readonly name: string;
  readonly calls: number;
  readonly failures: number;
  readonly cacheHits: number;
  /** Who answered, and for which share of the answers. */
  readonly models: readonly { readonly name: string; readonly answers: number; readonly share: number }[];
}

export function modelHealth(states: ModelStates, clock: Clock): readonly ModelHealth[] {
  const nowMs = clock.monotonic();
  const all = states.models.reduce((sum, { statistics }) => sum + statistics.answers, 0);
  return states.models.map(({ name, content, statistics, breaker, coolDown, retries }) => {
    const [p50Ms, p95Ms] = [statistics.latencyMs(0.5), statistics.latencyMs(0.95)];
    return {
      name,
      simulated: content.provider === "sim",
      region: "region" in content ? (content.region ?? null) : null,
      price: ("price" in content && priceAt(content.price, clock.now())?.price) || null,
      circuit: breaker.state(nowMs),
      coolingMs: Math.ceil(coolDown.restMs(nowMs)),
      answers: statistics.answers,
      failures: statistics.failures,
      retries: retries.retried,
      share: shareOf(statistics.answers, all),
      latency:
        p50Ms === undefined || p95Ms === undefined ? null : { p50Ms: tenths(p50Ms), p95Ms: tenths(p95Ms) },
    };
  });
}

export function routeHealth({ routes }: ModelStates): readonly RouteHealth[] {
  return [...routes].map(([name, { calls, failures, cacheHits, answers }]) => {
    const all = [...answers.values()].reduce((sum, count) => sum + count, 0);
    const models = [...answers].map(([model, count]) => ({
      name: model,
      answers: count,
      share: shareOf(count, all),
    }));
    return { name, calls, failures, cacheHits, models };
  });
}

function shareOf(part: number, all: number): number {
  return all === 0 ? 0 : Number((part / all).toFixed(4));
}

function tenths(ms: number): number {
  return Number(ms.toFixed(1));
}
