import type { Clock, NewId } from "../../core/base/index.ts";
import type { ControlStore, Releases, RunStatus, StartRequest } from "../../core/executor/index.ts";
import type { Journal } from "../../core/journal/index.ts";
import type { Registry } from "../../core/registry/index.ts";
import type { Asset, AssetSource, KindRegistry } from "../../core/workflow/index.ts";
import type { ReplayDeps } from "../evals/index.ts";

/** An asset as it is written. */
export interface Written {
  readonly kind: string;
  readonly name: string;
  readonly text: string;
  readonly file?: string | undefined;
}

/** What the loop needs of the engine. */
export interface OptimizerDeps {
  readonly journal: Journal;
  readonly control: ControlStore;
  readonly registry: Registry;
  readonly releases: Releases;
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly executor: {
    start(request: StartRequest): Promise<string>;
    settled(run: string): Promise<RunStatus>;
  };
  /** What walks through recorded runs again. */
  readonly replay: ReplayDeps;
  /** The assets that a text makes beside others, the one that it is of first; nothing is added to the registry. */
  draft(written: Written, beside?: readonly Written[]): readonly Asset[];
  /** Keeps the file of a model under its digest, by which releases pin it. */
  keepModel(bytes: Buffer): void;
  /** Adds a version of an asset. */
  add(written: Written, message: string): Promise<void>;
  /** What the settings of the served project know, beside what is in the registry. */
  assets(): AssetSource;
  /** What a person spends on one review. */
  reviewMinutes(): number;
  /** Told of what no caller waits for. */
  onTrouble(message: string): void;
}
