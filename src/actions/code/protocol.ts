import type { ErrorRecord, Json, JsonObject } from "../../core/base/index.ts";
import type { Ended } from "../../core/executor/index.ts";
import type { EffectMode, KindWork, OnFailure, OwnKindFacts, StepResult } from "../../core/workflow/index.ts";

// What engine and host say to each other: plain data, in order. The host asks for nothing by itself.

export type ToHost =
  /** First of all. */
  | { readonly type: "load"; readonly load: Load }
  /** Tells a run's program what has been settled since; `open` when the host does not have it yet. */
  | {
      readonly type: "tell";
      readonly id: number;
      readonly run: string;
      readonly open?: RunToOpen;
      readonly told: readonly Told[];
    }
  | { readonly type: "execute"; readonly id: number; readonly run: string; readonly piece: Piece }
  | { readonly type: "do"; readonly id: number; readonly call: KindCall }
  | { readonly type: "abort"; readonly id: number; readonly reason: string }
  /** The run is gone from memory, or has moved to another host. */
  | { readonly type: "close"; readonly run: string }
  | { readonly type: "ping" };

export type FromHost =
  | { readonly type: "loaded"; readonly facts: ModuleFacts }
  | { readonly type: "unusable"; readonly reason: string }
  | { readonly type: "turn"; readonly id: number; readonly turn: RemoteTurn }
  | { readonly type: "value"; readonly id: number; readonly value: Json }
  | { readonly type: "result"; readonly id: number; readonly result: StepResult }
  | { readonly type: "error"; readonly id: number; readonly error: Thrown }
  | { readonly type: "pong" };

/** What a host imports. */
export type Load = FlowToLoad | KindToLoad;

export interface FlowToLoad {
  readonly what: "flow";
  readonly file: string;
  /** Which kinds of step a flow may call; true: it calls out. */
  readonly kinds: Readonly<Record<string, boolean>>;
  /** The same of its project's own kinds; it may call those that it uses. */
  readonly ownKinds: Readonly<Record<string, boolean>>;
}

export interface KindToLoad {
  readonly what: "kind";
  /** Its path within the folder, as in `sources`. */
  readonly file: string;
  /** The project's folder: where packages are looked for, and what counts as the project's own source. */
  readonly folder: string;
  /** What is imported in place of the folder's files; absent: the files as they are, and they are kept. */
  readonly sources?: Sources;
}

/** The project's own modules that were imported, by their paths within its folder. */
export type Sources = Readonly<Record<string, Source>>;
export type Source = { readonly format: string; readonly text: string };

/** What a module says about itself. */
export type ModuleFacts = FlowFacts | KindFacts;

export interface KindFacts extends OwnKindFacts {
  readonly what: "kind";
  readonly sources: Sources;
}

export interface FlowFacts {
  readonly what: "flow";
  readonly name: string;
  readonly version: string;
  readonly uses: readonly string[];
  /** SHA-256 of the file that was imported; what that file imports is not in it. */
  readonly source: string;
}

export interface RunToOpen {
  readonly workflow: string;
  readonly input: Json;
  readonly tags: Readonly<Record<string, string>>;
}

/** A settlement, as a program is told it. */
export type Told =
  | { readonly path: string; readonly result: StepResult }
  | { readonly path: string; readonly error: ErrorRecord };

/** One execution of a piece of a flow's own code. */
export interface Piece {
  readonly path: string;
  readonly attempt: number;
  readonly effects: EffectMode;
}

/** One execution of a step of an own kind. */
export interface KindCall {
  readonly input: JsonObject;
  readonly runId: string;
  readonly path: string;
  readonly key: string;
  readonly attempt: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface RemoteTurn {
  readonly ready: readonly RemoteActivation[];
  readonly ended?: Ended;
}

/** A step to do. Of its work everything but the kind itself, which is not data. */
export interface RemoteActivation {
  readonly path: string;
  readonly kind: string;
  /** A piece of the flow's own code, which only the host can execute. */
  readonly isPiece: boolean;
  readonly config: { readonly [key: string]: Json };
  readonly work: Omit<KindWork, "kind" | "config">;
  readonly onFailure: OnFailure;
  /** What takes it back, executed where the code lives as `PATH.undo`. */
  readonly undo?: Omit<KindWork, "kind" | "config">;
  /** Its failure is thrown into the code. */
  readonly throws: boolean;
}

/** What users' code threw: its record, and when trying again is worth it. */
export interface Thrown extends ErrorRecord {
  readonly retryAfterMs?: number;
}
