import type { Clock, JsonObject } from "../base/index.ts";
import {
  type Release,
  type ReleaseParts,
  type Releases,
  type StoppedRun,
  withAlternatives,
} from "../executor/index.ts";
import type { Journal } from "../journal/index.ts";
import {
  type AssetSource,
  alternativesOf,
  degradedBounds,
  type KindRegistry,
  type WorkflowDocument,
} from "../workflow/index.ts";
import type { WorkflowEvent } from "./events.ts";
import { degradedAt, normal, type Rules, type State, start, stopped } from "./state.ts";

export interface DegradationOptions {
  readonly journal: Journal;
  readonly releases: Releases;
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  /** Told of what no caller waits for. */
  onTrouble(message: string): void;
}

/** The workflows that have a `degraded`, and where each stands. One that has none costs nothing. */
export class Degradation {
  readonly #options: DegradationOptions;
  readonly #states = new Map<string, State>();
  /** Events are appended one after the other; starts wait for what was decided before them. */
  #recorded: Promise<void> = Promise.resolve();

  constructor(options: DegradationOptions) {
    this.#options = options;
  }

  /** The release that a run gets which starts now: its own, or the one with other routes in it. */
  async releaseFor(release: Release, run: string): Promise<Release> {
    const document = documentOf(release);
    const rules = document && rulesOf(document);
    if (!rules) return release;
    await this.#recorded;
    const before = this.#states.get(release.workflow) ?? (await this.#restored(release.workflow, rules));
    const { state, isNormal } = start(before, run, rules, this.#options.clock.now());
    this.#states.set(release.workflow, state);
    if (isNormal) return release;
    const { kinds } = this.#options;
    const routes = Object.entries(alternativesOf(document, { kinds, assets: within(release.parts) }));
    const alternatives = Object.fromEntries(routes.map(([of, other]) => [`route/${of}`, `route/${other}`]));
    return this.#options.releases.publish(withAlternatives(release.parts, alternatives));
  }

  /** A run has ended, or stands still because it failed. Runs that had other routes say nothing of the normal ones. */
  stopped({ id, release, status, startedAt, costUsd }: StoppedRun): void {
    const document = documentOf(release);
    const rules = document && rulesOf(document);
    if (!rules || release.parts.degraded || status === "cancelled") return;
    const nowMs = this.#options.clock.now();
    const failed = status !== "completed" && status !== "rejected";
    const sample = { failed, ms: nowMs - startedAt, costUsd };
    const state = this.#states.get(release.workflow) ?? normal;
    const next = stopped(state, { run: id, sample, rules, nowMs });
    this.#states.set(release.workflow, next.state);
    if (next.event) this.#record(release.workflow, next.event);
  }

  /** After a restart: degraded, where that was the last word; nothing else is remembered. */
  async #restored(workflow: string, rules: Rules): Promise<State> {
    const last = (await this.#options.journal.read(`workflow/${workflow}`)).at(-1);
    return last?.type === "workflow.degraded" ? degradedAt(last.at, rules) : normal;
  }

  #record(workflow: string, event: WorkflowEvent): void {
    const append = {
      stream: `workflow/${workflow}`,
      expectedSeq: null,
      actor: "engine",
      events: [{ type: event.type, data: event.data as unknown as JsonObject }],
    };
    this.#recorded = this.#recorded
      .then(() => this.#options.journal.append([append]))
      .catch((error) => this.#options.onTrouble(`${event.type} of ${workflow} was not recorded: ${error}`));
  }
}

function within({ assets }: ReleaseParts): Pick<AssetSource, "find"> {
  return { find: (kind, name) => assets.find((asset) => asset.kind === kind && asset.name === name) };
}

function documentOf({ definition }: Release): WorkflowDocument | undefined {
  return definition.type === "document" && definition.workflow.document.degraded
    ? definition.workflow.document
    : undefined;
}

function rulesOf(document: WorkflowDocument): Rules | undefined {
  const { degraded } = document;
  return degraded && { bounds: degradedBounds(document), over: degraded.over, probeMs: degraded.probeMs };
}
