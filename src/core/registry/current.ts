import { type Clock, type NewId, OneByOne } from "../base/index.ts";
import type { Releases } from "../executor/index.ts";
import type { Append, Journal } from "../journal/index.ts";
import { Contents } from "./contents.ts";
import { AssetNotFound, VersionNotFound } from "./errors.ts";
import { type LineEvent, type RolloutEvent, type ScoreEvent, toNewEvent } from "./events.ts";
import { Picks } from "./picks.ts";
import { Plans } from "./plans.ts";
import { type AssetKinds, Resolver } from "./resolve.ts";
import { type LabelRules, newestVersion, productionLabel, rulesLine, rulesOf } from "./rules.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";
import type { LineRow, RegistryStore } from "./store.ts";

export interface RegistryOptions {
  readonly journal: Journal;
  readonly store: RegistryStore;
  readonly releases: Releases;
  readonly kinds: AssetKinds;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Told of what no caller waits for: a guard that could not roll back. */
  onTrouble(message: string): void;
  /** Told of each rollout that has ended, or was taken back, whoever did that. */
  onRolloutEnded?(id: string): void;
}

/** What holds now, and the one way to change it: in turn, on disk, then in memory. */
export class Current {
  readonly options: RegistryOptions;
  readonly contents: Contents;
  readonly resolver: Resolver;
  #snapshot: Snapshot;
  #plans: Plans;
  #picks: Picks;
  readonly #changes = new OneByOne();

  constructor(options: RegistryOptions) {
    this.options = options;
    this.contents = new Contents(options.journal);
    this.resolver = new Resolver(this.contents, options.kinds);
    this.#snapshot = takeSnapshot(options.store);
    this.#plans = new Plans(this.#snapshot, this.resolver, options.releases);
    this.#picks = new Picks(this.#snapshot, this.resolver);
  }

  get store(): RegistryStore {
    return this.options.store;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get picks(): Picks {
    return this.#picks;
  }

  get plans(): Plans {
    return this.#plans;
  }

  /** One change at a time: what a change was checked against is what it is made to. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#changes.take(work);
  }

  /** All of it in one commit; runs that start from then on see it. */
  async append(appends: readonly Append[]): Promise<void> {
    await this.options.journal.append(appends);
    this.#snapshot = takeSnapshot(this.store);
    this.#plans = new Plans(this.#snapshot, this.resolver, this.options.releases);
    this.#picks = new Picks(this.#snapshot, this.resolver);
  }

  /** The rules of labels, in the version that holds. */
  async rules(): Promise<LabelRules> {
    const digest = this.#snapshot.production.get(rulesLine);
    return digest === undefined ? {} : rulesOf(await this.contents.of(digest));
  }

  /** Those who have approved a version for a label, each once. */
  approvers(line: string, label: string, digest: string): readonly string[] {
    return this.store
      .approvals(line)
      .filter((approval) => approval.label === label && approval.digest === digest)
      .map(({ approver }) => approver);
  }

  labelled(line: string, label: string): string | undefined {
    if (label === productionLabel) return this.#snapshot.production.get(line);
    return this.store.labels().find((row) => row.line === line && row.label === label)?.digest;
  }

  /** Throws `AssetNotFound`. */
  line(id: string): LineRow {
    const row = this.store.line(id);
    if (!row) throw new AssetNotFound(id);
    return row;
  }

  /** The digest of a version by its label, `newest`, or the beginning of it. Throws `VersionNotFound`. */
  version(line: string, named: string): string {
    const { id } = this.line(line);
    const labelled = this.labelled(id, named);
    if (labelled !== undefined) return labelled;
    const versions = this.store.versions(id);
    if (named === newestVersion) return versions.at(-1)?.digest ?? "";
    const known = versions.filter(({ digest }) => digest.startsWith(named));
    const [first] = known;
    if (named.length < digestPrefixMin || !first || known.length > 1) throw new VersionNotFound(line, named);
    return first.digest;
  }
}

/** Fewer digits of a digest soon stand for several versions. */
const digestPrefixMin = 6;

type StreamEvents =
  | { readonly stream: `line/${string}`; readonly events: readonly LineEvent[] }
  | { readonly stream: `rollout/${string}`; readonly events: readonly RolloutEvent[] }
  | { readonly stream: `score/${string}`; readonly events: readonly ScoreEvent[] };

/** Changes are made in turn by the one owner of the folder, so a stream has its length by then. */
export function appendOf({ stream, events }: StreamEvents, actor: string): Append {
  return { stream, expectedSeq: null, actor, events: events.map(toNewEvent) };
}
