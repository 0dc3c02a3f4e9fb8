import {
  assert,
  type ErrorRecord,
  errorRecord,
  FlyballError,
  type Json,
  type JsonObject,
} from "../../core/base/index.ts";
import {
  type Activation,
  codeKind,
  crashesMax,
  JournalMismatch,
  ProcessCrashed,
  type Program,
  Quarantined,
  type Stuck,
  type Turn,
} from "../../core/executor/index.ts";
import type {
  KindRegistry,
  OnFailure,
  Scope,
  StepContext,
  StepKind,
  StepResult,
} from "../../core/workflow/index.ts";
import type { CodeModule, Lane } from "./code-module.ts";
import type { HostProcess } from "./host-process.ts";
import type { RemoteActivation, RemoteTurn, RunToOpen, Told } from "./protocol.ts";

/** Where a run's code lives just now. */
interface Place {
  readonly host: HostProcess;
  /** It is alone there. */
  readonly lane: Lane | undefined;
  /** How much of the history the code has been told; below zero: nothing, not even to start. */
  told: number;
  /** Questions under way. */
  asked: number;
  isLeft: boolean;
  /** Telling is done in order. */
  synced: Promise<void>;
}

function activationWith(parts: {
  readonly path: string;
  readonly kind: StepKind;
  readonly config: JsonObject;
  readonly work: RemoteActivation["work"];
  readonly onFailure: OnFailure;
}): Activation {
  const { path, kind, config, work, onFailure } = parts;
  return {
    path,
    work: { ...work, kind, config: () => config },
    onFailure,
    scope: emptyScope,
    config: () => config,
  };
}

const emptyScope: Scope = { get: () => undefined };

/**
 * A flow whose code runs in another process. That process may end at any moment: what the code was told is
 * kept here, and told again to the next one, which brings the code to the same point. After a crash that it
 * may have caused, the run is alone in its process until it gets on.
 */
export class RemoteFlow implements Program {
  readonly #module: CodeModule;
  readonly #kinds: KindRegistry;
  readonly #run: { readonly id: string } & RunToOpen;
  /** What a piece does to the world is known where its code is: there it is decided whether it runs. */
  readonly #piece: StepKind = codeKind((context) => this.#execute(context), "none");
  readonly #history: Told[] = [];
  /** What the code has asked for, by path; and what of it has not been settled. */
  readonly #asked = new Map<string, RemoteActivation>();
  readonly #open = new Set<string>();
  #fresh: RemoteActivation[] = [];
  #ended: RemoteTurn["ended"];
  #place: Place | undefined;
  #moving: Promise<Place> | undefined;
  #isSuspect = false;
  #isClosed = false;
  #stuck: Stuck | undefined;

  constructor(module: CodeModule, kinds: KindRegistry, run: { readonly id: string } & RunToOpen) {
    this.#module = module;
    this.#kinds = kinds;
    this.#run = run;
  }

  start(): Promise<Turn> {
    return this.#turn();
  }

  settle(path: string, result: StepResult): Promise<Turn> {
    this.#open.delete(path);
    this.#history.push({ path, result });
    return this.#turn();
  }

  fail(path: string, error: ErrorRecord): Promise<Turn> | undefined {
    if (!this.#asked.get(path)?.throws) return undefined;
    this.#open.delete(path);
    this.#history.push({ path, error });
    return this.#turn();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#place) this.#leave(this.#place);
  }

  /** Code that ends its process between two steps has no attempt to fail: it is tried again here. */
  async #turn(): Promise<Turn> {
    for (let crashes = 0; ; ) {
      if (this.#stuck) return { ready: [], skipped: [], abandoned: [], stuck: this.#stuck };
      try {
        await this.#ask(async () => {});
        const ready = this.#fresh.splice(0).map((activation) => this.#activationOf(activation));
        return { ready, skipped: [], abandoned: [], ...(this.#ended ? { ended: this.#ended } : {}) };
      } catch (error) {
        if (!(error instanceof FlyballError)) throw error;
        const isCrash = error instanceof ProcessCrashed;
        if (isCrash && error.isBlamed) crashes += 1;
        if (isCrash && crashes < crashesMax) continue;
        const reason = isCrash ? "quarantined" : "mismatch";
        const why = isCrash ? new Quarantined("The flow's own code", crashes, error.reason) : error;
        this.#stuck = { reason, error: errorRecord(why) };
      }
    }
  }

  #execute({ path, attempt, effects, signal }: StepContext): Promise<Json> {
    return this.#ask(({ host }) => host.execute(this.#run.id, { path, attempt, effects }, signal));
  }

  /** Asks the code something where it lives, once it knows all that has been settled. */
  async #ask<T>(question: (place: Place) => Promise<T>): Promise<T> {
    const place = this.#usablePlace() ?? (await this.#move());
    place.asked += 1;
    try {
      place.synced = place.synced.then(() => this.#tell(place));
      await place.synced;
      const answer = await question(place);
      this.#isSuspect = false;
      return answer;
    } catch (error) {
      // Whatever else it threw, it did not end its process with it.
      if (!(error instanceof ProcessCrashed)) this.#isSuspect = false;
      else if (error.isBlamed) this.#isSuspect = true;
      throw error;
    } finally {
      place.asked -= 1;
      if (place.isLeft || (place.lane && !this.#isSuspect)) this.#leave(place);
    }
  }

  #usablePlace(): Place | undefined {
    const place = this.#place;
    return place?.host.isUsable && (place.lane || !this.#isSuspect) ? place : undefined;
  }

  #move(): Promise<Place> {
    this.#moving ??= this.#newPlace().finally(() => {
      this.#moving = undefined;
    });
    return this.#moving;
  }

  async #newPlace(): Promise<Place> {
    if (this.#place) this.#leave(this.#place);
    const lane = this.#isSuspect ? await this.#module.lane() : undefined;
    const host = lane?.host ?? this.#module.shared;
    host.open(this.#run.id);
    const place = { host, lane, told: -1, asked: 0, isLeft: false, synced: Promise.resolve() };
    this.#place = place;
    if (this.#isClosed) this.#leave(place);
    return place;
  }

  /** A lane is given to the next suspect only once nothing of this run is under way in it. */
  #leave(place: Place): void {
    if (this.#place === place) this.#place = undefined;
    place.isLeft = true;
    if (place.asked > 0) return;
    place.host.close(this.#run.id);
    place.lane?.leave();
  }

  async #tell(place: Place): Promise<void> {
    const isNew = place.told < 0;
    const told = this.#history.slice(Math.max(0, place.told));
    if (!isNew && told.length === 0) return;
    place.told = this.#history.length;
    const turn = await place.host.tell(this.#run.id, told, isNew ? this.#run : undefined);
    if (isNew) this.#checkSame(turn);
    for (const activation of turn.ready) {
      if (this.#asked.has(activation.path)) continue;
      this.#asked.set(activation.path, activation);
      this.#open.add(activation.path);
      this.#fresh.push(activation);
    }
    this.#ended = turn.ended;
  }

  /** Told the same again, the code must have asked for the same: what is under way must be among it. */
  #checkSame({ ready }: RemoteTurn): void {
    const paths = new Set(ready.map(({ path }) => path));
    for (const path of this.#open)
      if (!paths.has(path))
        throw new JournalMismatch(path, "after its process was started anew, the code no longer comes to it");
  }

  #activationOf({ path, kind, isPiece, config, work, onFailure, undo }: RemoteActivation): Activation {
    const known = isPiece ? this.#piece : this.#kinds.get(kind);
    assert(known, `the host was told of the kind ${kind}`);
    const activation = activationWith({ path, kind: known, config, work, onFailure });
    if (!undo) return activation;
    const undone = { path: `${path}.undo`, kind: this.#piece, config: { key: path }, work: undo };
    return { ...activation, undo: () => activationWith({ ...undone, onFailure: "fail" }) };
  }
}
