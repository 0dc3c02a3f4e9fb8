import type { Json } from "../base/index.ts";

/** Anything versioned that a workflow names. */
export interface Asset {
  /** `prompt`, `route`, `model`, `tool`, `index`, `ruleset`, `script`, `kind`, `workflow`. */
  readonly kind: string;
  readonly name: string;
  /** SHA-256 of the canonical content: its version. */
  readonly digest: string;
  /** Everything a run needs of it; plain data. */
  readonly content: Json;
}

/** A name in a step's config that must exist before anything runs. */
export interface AssetReference {
  readonly kind: string;
  readonly name: string;
  /** Where the name stands within the config, for the error message. */
  readonly path: readonly (string | number)[];
}

/** Finds assets by name; made by the engine from the project's files and settings. */
export interface AssetSource {
  /** Undefined when there is none of that name. Throws `WorkflowInvalid` when it is there but wrong. */
  find(kind: string, name: string): Asset | undefined;
  /** Every known name of a kind, for "did you mean". */
  names(kind: string): readonly string[];
  /** What an asset names in turn, such as a route its models: pinned together with it. */
  references?(asset: Asset): readonly AssetReference[];
}
