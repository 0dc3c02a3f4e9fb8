import { type ModelContent, type ModelLimit, modelName } from "./content.ts";
import { Breaker } from "./policies/breaker.ts";
import { CoolDown } from "./policies/cool-down.ts";
import { RouteCounts } from "./policies/counted.ts";
import { type Limited, Rate } from "./policies/rate-limit.ts";
import { RetryBudget } from "./policies/retry.ts";
import { Statistics } from "./statistics.ts";

/** What all calls of one model share in one engine, whatever route they come by. */
export interface ModelState {
  readonly name: string;
  /** As it was pinned last. */
  content: ModelContent;
  readonly statistics: Statistics;
  readonly breaker: Breaker;
  readonly coolDown: CoolDown;
  readonly retries: RetryBudget;
}

/** The states of all models that were asked since the process began, and the rates that they share. */
export class ModelStates {
  readonly #states = new Map<string, ModelState>();
  readonly #rates = new Map<string, Rate>();
  readonly #routes = new Map<string, RouteCounts>();

  of(content: ModelContent): ModelState {
    const name = modelName(content);
    const known = this.#states.get(name);
    if (known) {
      known.content = content;
      return known;
    }
    const state = {
      name,
      content,
      statistics: new Statistics(),
      breaker: new Breaker(),
      coolDown: new CoolDown(),
      retries: new RetryBudget(),
    };
    this.#states.set(name, state);
    return state;
  }

  /** A limit that is declared anew holds from then on, for those who are pinned to it. */
  limitsOf(content: ModelContent): readonly Limited[] {
    const limits = "limits" in content ? (content.limits ?? []) : [];
    return limits.map((limit) => ({ unit: limit.unit, rate: this.#rate(content, limit) }));
  }

  #rate(content: ModelContent, { of, unit, limit, perMs }: ModelLimit): Rate {
    const owner = of === "provider" ? content.provider : modelName(content);
    const key = `${of}/${owner}/${unit}/${limit}/${perMs}`;
    const rate = this.#rates.get(key) ?? new Rate({ limit, perMs });
    this.#rates.set(key, rate);
    return rate;
  }

  /** The counts of a route, whichever version of it is asked. */
  ofRoute(name: string): RouteCounts {
    const counts = this.#routes.get(name) ?? new RouteCounts();
    this.#routes.set(name, counts);
    return counts;
  }

  get models(): readonly ModelState[] {
    return [...this.#states.values()];
  }

  get routes(): ReadonlyMap<string, RouteCounts> {
    return this.#routes;
  }
}
