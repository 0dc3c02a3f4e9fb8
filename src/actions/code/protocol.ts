import type { ErrorRecord, Json } from "../../core/base/index.ts";
import type { Ended } from "../../core/executor/index.ts";
import type { EffectMode, KindWork, OnFailure, StepResult } from "../../core/workflow/index.ts";

// What engine and host say to each other: plain data, in order. The host asks for nothing by itself.

export type ToHost =
  /** First of all: what to import, and which kinds of step a flow may call; true: it calls out. */
  | { readonly type: "load"; readonly module: string; readonly kinds: Readonly<Record<string, boolean>> }
  /** Tells a run's program what has been settled since; `open` when the host does not have it yet. */
  | {
      readonly type: "tell";
      readonly id: number;
      readonly run: string;
      readonly open?: RunToOpen;
      readonly told: readonly Told[];
    }
  | { readonly type: "execute"; readonly id: number; readonly run: string; readonly piece: Piece }
  | { readonly type: "abort"; readonly id: number; readonly reason: string }
  /** The run is gone from memory, or has moved to another host. */
  | { readonly type: "close"; readonly run: string }
  | { readonly type: "ping" };

export type FromHost =
  | { readonly type: "loaded"; readonly module: ModuleFacts }
  | { readonly type: "unusable"; readonly reason: string }
  | { readonly type: "turn"; readonly id: number; readonly turn: RemoteTurn }
  | { readonly type: "value"; readonly id: number; readonly value: Json }
  | { readonly type: "error"; readonly id: number; readonly error: Thrown }
  | { readonly type: "pong" };

/** What a module says about itself. */
export interface ModuleFacts {
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
