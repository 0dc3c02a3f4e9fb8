import {
  assert,
  errorRecord,
  FlyballError,
  type Json,
  seededRandom,
  systemClock,
} from "../../core/base/index.ts";
import {
  type Activation,
  type Flow,
  FlowProgram,
  JournalMismatch,
  type Turn,
} from "../../core/executor/index.ts";
import type { KindRegistry, StepContext } from "../../core/workflow/index.ts";
import { NotInHost } from "./errors.ts";
import type { Piece, RemoteActivation, RemoteTurn, RunToOpen, Thrown, Told } from "./protocol.ts";

/** A run's program inside the host, and the pieces of code that it has asked for. */
export class HostedFlow {
  readonly #run: { readonly id: string } & RunToOpen;
  readonly #program: FlowProgram;
  readonly #kinds: KindRegistry;
  readonly #pieces = new Map<string, () => Activation>();
  #isStarted = false;

  constructor(code: Flow, kinds: KindRegistry, run: { readonly id: string } & RunToOpen) {
    this.#run = run;
    this.#kinds = kinds;
    this.#program = new FlowProgram(code, kinds, run);
  }

  /** What became ready of all that was told, in one turn. */
  async tell(told: readonly Told[]): Promise<RemoteTurn> {
    const turns: Turn[] = [];
    if (!this.#isStarted) turns.push(await this.#program.start());
    this.#isStarted = true;
    for (const one of told) {
      if (!this.#program.awaits(one.path))
        throw new JournalMismatch(one.path, "the workflow does not come to it at this point");
      const turn =
        "result" in one
          ? await this.#program.settle(one.path, one.result)
          : await this.#program.fail(one.path, one.error);
      if (turn) turns.push(turn);
    }
    const ended = turns.at(-1)?.ended;
    const ready = turns.flatMap((turn) => turn.ready).map((activation) => this.#remember(activation));
    return { ready, ...(ended ? { ended } : {}) };
  }

  #remember(activation: Activation): RemoteActivation {
    const { path, work, onFailure } = activation;
    assert(work, "a flow asks for nothing that cannot begin");
    const { kind, config: _evaluator, ...others } = work;
    const isPiece = this.#kinds.get(kind.name) !== kind;
    if (isPiece) this.#pieces.set(path, () => activation);
    const config = activation.config(work);
    const throws = this.#program.throwsOn(path);
    const undo = activation.undo ? this.#rememberUndo(activation.undo) : undefined;
    return { path, kind: kind.name, isPiece, config, work: others, onFailure, throws, ...undo };
  }

  /** Made anew when it is executed: only then is the result known that it takes back. */
  #rememberUndo(undo: () => Activation): Pick<RemoteActivation, "undo"> {
    const { path, work } = undo();
    assert(work, "an undo can begin");
    this.#pieces.set(path, undo);
    const { kind: _kind, config: _evaluator, ...others } = work;
    return { undo: others };
  }

  async execute(piece: Piece, signal: AbortSignal): Promise<Json> {
    const activation = this.#pieces.get(piece.path)?.();
    assert(activation?.work, `the flow has not asked for ${piece.path}`);
    const { work } = activation;
    const outcome = await work.kind.execute(activation.config(work), this.#contextOf(piece, signal));
    assert("result" in outcome, "a piece of code has a result");
    return outcome.result.value;
  }

  #contextOf(piece: Piece, signal: AbortSignal): StepContext {
    const { id, workflow, tags } = this.#run;
    const key = `${id}/${piece.path}`;
    const refuse = (what: string) => () => {
      throw new NotInHost(what);
    };
    return {
      runId: id,
      workflow,
      key,
      tags,
      ...piece,
      waitKey: null,
      signal,
      clock: systemClock,
      random: seededRandom(`${key}/${piece.attempt}`),
      expected: undefined,
      use: refuse("use"),
      asset: refuse("asset"),
      evaluate: refuse("evaluate"),
    };
  }
}

/** What was thrown, as it crosses to the engine. */
export function thrownRecord(error: unknown): Thrown {
  const record = errorRecord(error);
  return error instanceof FlyballError && error.retryAfterMs !== null
    ? { ...record, retryAfterMs: error.retryAfterMs }
    : record;
}
