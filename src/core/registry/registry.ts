import type { Json, JsonObject } from "../base/index.ts";
import type { Release } from "../executor/index.ts";
import type { JournalEvent } from "../journal/index.ts";
import type { Asset, AssetSource } from "../workflow/index.ts";
import type { RunToCome } from "./assign.ts";
import { appendOf, Current, type RegistryOptions } from "./current.ts";
import type { ScoreRecorded } from "./events.ts";
import { approveLabel, moveLabel, removeLabel } from "./labels.ts";
import type { Named, Picked } from "./picks.ts";
import type { Assignment } from "./plans.ts";
import { runnableKinds, runnableLine } from "./resolve.ts";
import { Rollouts } from "./rollouts.ts";
import type { Snapshot } from "./snapshot.ts";
import { lineId } from "./state.ts";
import { takeOffers } from "./versions.ts";

type Rest<F> = F extends (current: Current, ...rest: infer R) => infer Result
  ? (...rest: R) => Result
  : never;

/** The versions of every asset, the labels on them, and what a new run gets. */
export class Registry implements AssetSource {
  readonly rollouts: Rollouts;
  readonly #current: Current;

  constructor(options: RegistryOptions) {
    this.#current = new Current(options);
    this.rollouts = new Rollouts(this.#current);
  }

  get store(): RegistryOptions["store"] {
    return this.#current.store;
  }

  get snapshot(): Snapshot {
    return this.#current.snapshot;
  }

  /** The line of the workflow or flow of a name that new runs can have. */
  runnable(name: string): string | undefined {
    return runnableLine(this.#current.snapshot, name);
  }

  /** That an asset is there for new runs, and in which version; its content is asked for by digest. */
  find(kind: string, name: string): Asset | undefined {
    const digest = this.#current.snapshot.production.get(lineId(kind, name));
    return digest === undefined ? undefined : { kind, name, digest, content: null };
  }

  names(kind: string): readonly string[] {
    const lines = [...this.#current.snapshot.production.keys()];
    return lines.filter((line) => line.startsWith(`${kind}/`)).map((line) => line.slice(kind.length + 1));
  }

  /** The names of all that can be started. */
  runnableNames(): readonly string[] {
    return runnableKinds.flatMap((kind) => this.names(kind));
  }

  /** What every new run of a workflow gets, where that does not depend on the run and is known already. */
  settled(line: string): Assignment | undefined {
    return this.#current.plans.settled(line);
  }

  /** What runs get outside of any rollout. */
  production(line: string): Promise<Release> {
    return this.#current.plans.production(line);
  }

  /** What runs would get, were these versions production: each by its label, digest or the beginning of it. */
  instead(line: string, versions: Readonly<Record<string, string>>): Promise<Release> {
    const digests = Object.entries(versions).map(([of, named]) => [of, this.version(of, named)] as const);
    return this.#current.plans.instead(line, new Map(digests));
  }

  /** What a new run gets. Throws `ReleaseUnfit` when there is nothing that it could run with. */
  assign(
    line: string,
    id: string,
    run: { readonly input: Json; readonly tags?: JsonObject | undefined },
  ): Promise<Assignment> {
    return this.#current.plans.assign(line, id, run);
  }

  /** What a call gets that names these; `files` has what no line has. Throws `ReleaseUnfit`. */
  pick(roots: readonly Named[], run: RunToCome, files: AssetSource): Promise<Picked> {
    return this.#current.picks.pick(roots, run, files);
  }

  readonly take: Rest<typeof takeOffers> = (...rest) => takeOffers(this.#current, ...rest);
  readonly moveLabel: Rest<typeof moveLabel> = (...rest) => moveLabel(this.#current, ...rest);
  readonly approveLabel: Rest<typeof approveLabel> = (...rest) => approveLabel(this.#current, ...rest);
  readonly removeLabel: Rest<typeof removeLabel> = (...rest) => removeLabel(this.#current, ...rest);

  /** The digest of a version by its label, digest or the beginning of it. Throws when there is none. */
  version(line: string, named: string): string {
    return this.#current.version(line, named);
  }

  labelled(line: string, label: string): string | undefined {
    return this.#current.labelled(line, label);
  }

  contentOf(digest: string): Promise<Json> {
    return this.#current.contents.of(digest);
  }

  /** Everything that has happened on the line of an asset. */
  history(line: string): Promise<readonly JournalEvent[]> {
    return this.#current.options.journal.read(`line/${line}`);
  }

  /** Records a judgement of a run, however long ago that ended. */
  async score(run: string, score: ScoreRecorded): Promise<void> {
    if (score.id !== undefined && (await this.#isScored(run, score.id))) return;
    const event = { type: "score.recorded" as const, data: score };
    await this.#current.options.journal.append([
      appendOf({ stream: `score/${run}`, events: [event] }, score.by),
    ]);
    await this.rollouts.scored(run, score.name, Number(score.value));
  }

  async #isScored(run: string, id: string): Promise<boolean> {
    const events = await this.#current.options.journal.read(`score/${run}`);
    return events.some(({ data }) => data?.id === id);
  }
}
