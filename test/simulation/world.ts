import { z } from "zod";
import { FlyballError, type Json, type JsonObject, type RetryClass } from "../../src/core/base/index.ts";
import type { StepContext, StepKind, StepOutcome } from "../../src/core/workflow/index.ts";
import { answerOf, meetsTrouble, retryClassOf } from "./model.ts";
import { allSteps, type Call, idOf, type Program, type Trouble } from "./plan.ts";

class Outage extends FlyballError {
  readonly code = "OUTAGE";
  override readonly retry: RetryClass | null;
  constructor(retry: RetryClass | null) {
    super("The service is out.");
    this.retry = retry;
  }
}

/** What each answered call costs: a whole number, so that sums do not depend on their order. */
export const callCost = 1;

/** A call on its way: sent by a step, done by the world, answered; each of these may be the last. */
export interface Sent extends Effect {
  readonly id: number;
  readonly data: Json;
  /** Its step has not been told to give it up. */
  readonly isWanted: () => boolean;
  /** On the clock that never jumps; null when it may take as long as it likes. */
  readonly deadlineMs: number | null;
  isDone: boolean;
  answer(): void;
}

/** A call, as the world is asked for it. */
export interface Effect {
  readonly process: number;
  readonly run: string;
  readonly path: string;
  readonly name: string;
  readonly trouble: Trouble | null;
}

interface WorldOptions {
  readonly program: Program;
  readonly elapsed: () => number;
  /** Told of each call before anything comes of it. */
  readonly onSend: (effect: Effect) => void;
}

/** The world outside: it answers by a script, remembers what was done in it, and outlives every process. */
export class SimulatedWorld {
  /** Calls without an answer, oldest first. */
  readonly sent: Sent[] = [];
  /** How often each thing was done, by run, path and name. */
  readonly effects = new Map<string, number>();
  /** What was surely done, by run and path: nothing was in the way. */
  readonly done = new Set<string>();
  /** What people have mended; it fails no more. */
  readonly mended = new Set<string>();
  readonly #options: WorldOptions;
  readonly #calls = new Map<string, Call>();
  #lastId = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    for (const plan of options.program.plans.values())
      for (const { id, work } of allSteps(plan.steps)) if (work.type === "call") this.#calls.set(id, work);
  }

  perform({ run, path, name, trouble }: Effect): void {
    const key = effectKey(run, path, name);
    this.effects.set(key, (this.effects.get(key) ?? 0) + 1);
    if (trouble === null) this.done.add(`${run}/${path}`);
  }

  /** The process has gone: nobody waits for its answers. */
  drop(process: number): void {
    const left = this.sent.filter((sent) => sent.process !== process);
    this.sent.splice(0, this.sent.length, ...left);
  }

  /** The kinds of step through which a process meets the world. */
  kinds(process: number): readonly StepKind[] {
    const base = { summary: "Calls the simulated world.", config: callShape, fields: ["cost"] };
    const now = (config: JsonObject, context: StepContext) => this.#now(process, config, context);
    const later = (config: JsonObject, context: StepContext) => this.#send(process, config, context);
    return [
      { ...base, name: "call", callsOut: true, effect: () => "write", execute: later },
      { ...base, name: "code", callsOut: false, effect: () => "write", runsUserCode: true, execute: later },
      { ...base, name: "now", callsOut: false, effect: () => "write", execute: now },
    ];
  }

  #now(process: number, config: JsonObject, context: StepContext): StepOutcome {
    const { runId: run, path } = context;
    const name = String(config.do);
    const trouble = this.#trouble(name, context);
    const effect = { process, run, path, name, trouble };
    this.#options.onSend(effect);
    this.perform(effect);
    if (trouble) throw outage(trouble);
    return answered(name, config.with ?? null);
  }

  #send(process: number, config: JsonObject, context: StepContext): Promise<StepOutcome> {
    const { runId: run, path } = context;
    const name = String(config.do);
    const data = config.with ?? null;
    const trouble = this.#trouble(name, context);
    this.#options.onSend({ process, run, path, name, trouble });
    const timeoutMs = this.#callOf(path)?.timeoutMs ?? null;
    const { signal } = context;
    return new Promise((resolve, reject) => {
      this.sent.push({
        isWanted: () => !signal.aborted,
        id: ++this.#lastId,
        process,
        run,
        path,
        name,
        data,
        trouble,
        deadlineMs: timeoutMs === null ? null : this.#options.elapsed() + timeoutMs,
        isDone: false,
        answer: () => {
          // What hangs answers too, once nobody wants it any more; to take that would be a mistake.
          if (trouble === "hang") resolve(answered(name, "too late"));
          else if (trouble) reject(outage(trouble));
          else resolve(answered(name, data));
        },
      });
    });
  }

  #callOf(path: string): Call | undefined {
    return this.#calls.get(idOf(path));
  }

  #trouble(name: string, { path, attempt }: StepContext): Trouble | null {
    const call = this.#callOf(path);
    if (!call || this.mended.has(name)) return null;
    if (name === call.fallback?.name) return call.fallback.fails ? "refused" : null;
    if (name === call.undo?.name) return call.undo.troubles[attempt - 1] ?? null;
    return meetsTrouble(call, path) ? (call.troubles[attempt - 1] ?? null) : null;
  }
}

const callShape = z.strictObject({ do: z.string(), with: z.json().optional() });

export function effectKey(run: string, path: string, name: string): string {
  return `${run}/${path} ${name}`;
}

function answered(name: string, data: Json): StepOutcome {
  return { result: { value: answerOf(name, data), cost: callCost } };
}

function outage(trouble: Trouble): Outage {
  return new Outage(retryClassOf(trouble));
}
