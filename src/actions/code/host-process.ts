import { assert, type Clock, type Json } from "../../core/base/index.ts";
import { ProcessCrashed } from "../../core/executor/index.ts";
import type { StepResult } from "../../core/workflow/index.ts";
import type { Ended, MemoryWatch, Supervised } from "../processes/index.ts";
import { CodeFailed, CodeUnusable } from "./errors.ts";
import type { Environment, HostStarter } from "./host-starter.ts";
import { type HostLimits, loadMsMax, tailCharactersMax } from "./limits.ts";
import type {
  FromHost,
  KindCall,
  Load,
  ModuleFacts,
  Piece,
  RemoteTurn,
  RunToOpen,
  ToHost,
  Told,
} from "./protocol.ts";

// One process with one module of users' code
// ==========================================
//
// Invariants
//   H1. What is asked of a host is answered once: with its answer, or with how the process ended.
//   H2. A host that does not answer is killed from outside. Whoever had work under way in it is blamed,
//       because nobody can tell which of them blocked it.
//   H3. An attempt that goes on after its signal has aborted takes nobody with it: its host takes nothing
//       new, and ends once the others are done, or when their time is over.

export interface HostOptions {
  readonly load: Load;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly limits: HostLimits;
  readonly memory: MemoryWatch;
  readonly starter: HostStarter;
  /** What users' code writes to its standard output and error. */
  onOutput(text: string): void;
}

interface Call {
  isOverdue: boolean;
  stopGrace?: () => void;
  resolve(answer: FromHost): void;
  reject(error: unknown): void;
}

const blocked = "its event loop was blocked";
const overdue = "a step in it did not end when it was told to";

export class HostProcess {
  /** What the module says about itself; rejects with `CodeUnusable`. */
  readonly facts: Promise<ModuleFacts>;
  readonly ended: Promise<void>;
  readonly #options: HostOptions;
  readonly #process: Supervised;
  readonly #calls = new Map<number, Call>();
  readonly #runs = new Set<string>();
  #settleFacts: { resolve(facts: ModuleFacts): void; reject(error: unknown): void } | undefined;
  #lastId = 0;
  #state: "usable" | "retired" | "ended" = "usable";
  #hasCrashed = false;
  /** Why it was killed; what else ended it is told by how it ended. */
  #cause: { readonly reason: string; readonly blamesAll: boolean } | undefined;
  #tail = "";
  /** Until then it has no time to answer, and `loadMsMax` ends it. */
  #isLoaded = false;
  #unanswered = 0;
  #heard = 0;
  #stopRetire: (() => void) | undefined;
  #stopPing: (() => void) | undefined;
  #stopIdle: (() => void) | undefined;
  #stopMemory: (() => void) | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    const { environment, clock } = options;
    this.#process = options.starter.start(environment);
    this.facts = new Promise((resolve, reject) => {
      this.#settleFacts = { resolve, reject };
    });
    this.facts.catch(() => {});
    this.#listen();
    const tooSlow = `it was not imported within ${loadMsMax / 1000} s`;
    const stopTimer = clock.after(loadMsMax, () => this.kill(tooSlow));
    this.facts.then(stopTimer, stopTimer);
    this.#watchMemory();
    this.ended = this.#process.ended.then(
      (ended) => this.#end(reasonOf(ended, this.#tail)),
      (error) => this.#end(`it could not be started: ${error.message}`),
    );
    this.#send({ type: "load", load: options.load });
    this.#armIdle();
  }

  /** Whether it takes something new. One that is silent may be blocked, and then keeps all that it has. */
  get isUsable(): boolean {
    const { pingMs, quietMs } = this.#options.limits;
    return this.#state === "usable" && this.#unanswered * pingMs < quietMs;
  }

  /** It has ended, and whoever had work under way in it may have done that. */
  get hasCrashed(): boolean {
    return this.#hasCrashed;
  }

  /** Whether its module is there. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Runs that live in it, and what is under way. */
  get load(): number {
    return this.#runs.size + this.#calls.size;
  }

  get pid(): number | undefined {
    return this.#process.process.pid;
  }

  /** The run lives here from now on. */
  open(run: string): void {
    this.#runs.add(run);
    this.#stopIdle?.();
  }

  async tell(run: string, told: readonly Told[], open?: RunToOpen): Promise<RemoteTurn> {
    const answer = await this.#call((id) => ({ type: "tell", id, run, told, ...(open ? { open } : {}) }));
    assert(answer.type === "turn", "what is told is answered with a turn");
    return answer.turn;
  }

  async execute(run: string, piece: Piece, signal: AbortSignal): Promise<Json> {
    const answer = await this.#call((id) => ({ type: "execute", id, run, piece }), signal);
    assert(answer.type === "value", "what is executed is answered with a value");
    return answer.value;
  }

  async do(call: KindCall, signal: AbortSignal): Promise<StepResult> {
    const answer = await this.#call((id) => ({ type: "do", id, call }), signal);
    assert(answer.type === "result", "a step of a kind is answered with its result");
    return answer.result;
  }

  /** The run needs it no more. */
  close(run: string): void {
    if (!this.#runs.delete(run) || this.#state === "ended") return;
    this.#send({ type: "close", run });
    this.#armIdle();
  }

  /** Ends it from outside, at once. */
  kill(reason: string, blamesAll = true): void {
    if (this.#state === "ended" || this.#cause) return;
    this.#cause = { reason, blamesAll };
    this.#state = "retired";
    this.#process.kill("SIGKILL");
  }

  /** Takes nothing new; ends once what is under way and can end has ended. */
  retire(): void {
    if (this.#state !== "usable") return;
    this.#state = "retired";
    const { clock, limits } = this.#options;
    this.#stopRetire = clock.after(limits.retireGraceMs, () => this.kill(overdue, false));
    this.#endIfDone();
  }

  #listen(): void {
    const { process: child } = this.#process;
    child.on("message", (message: FromHost) => this.#take(message));
    const onText = (chunk: Buffer) => {
      const text = chunk.toString();
      this.#tail = (this.#tail + text).slice(-tailCharactersMax);
      this.#options.onOutput(text);
    };
    child.stdout?.on("data", onText);
    child.stderr?.on("data", onText);
  }

  #send(message: ToHost): void {
    // A host that has just ended: what it is told is lost with it, and H1 answers whoever asked.
    this.#process.process.send(message, () => {});
  }

  #call(make: (id: number) => ToHost, signal?: AbortSignal): Promise<FromHost> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<FromHost>();
    if (this.#state === "ended") {
      reject(new ProcessCrashed(this.#cause?.reason ?? "it had ended before", false));
      return promise;
    }
    this.#calls.set(id, { isOverdue: false, resolve, reject });
    this.#stopIdle?.();
    this.#watchMemory();
    const onAbort = () => this.#abort(id, String(signal?.reason));
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#send(make(id));
    this.#armPing();
    return promise.finally(() => signal?.removeEventListener("abort", onAbort));
  }

  #take(message: FromHost): void {
    if (this.#cause) return;
    this.#unanswered = 0;
    this.#heard += 1;
    switch (message.type) {
      case "pong":
        return;
      case "loaded":
        this.#isLoaded = true;
        if (this.#calls.size === 0) this.#restMemory();
        this.#armPing();
        return this.#settleFacts?.resolve(message.facts);
      case "unusable":
        this.#settleFacts?.reject(new CodeUnusable(this.#options.load.file, message.reason));
        return this.kill(message.reason);
      default:
        return this.#answer(message);
    }
  }

  #answer(message: Extract<FromHost, { id: number }>): void {
    const call = this.#calls.get(message.id);
    this.#calls.delete(message.id);
    call?.stopGrace?.();
    if (message.type === "error") call?.reject(new CodeFailed(message.error));
    else call?.resolve(message);
    this.#endIfDone();
    if (this.#calls.size === 0) this.#restMemory();
    this.#armIdle();
  }

  /** First the signal; what goes on after the grace period makes the host one that must end. */
  #abort(id: number, reason: string): void {
    const call = this.#calls.get(id);
    if (!call) return;
    const { clock, limits } = this.#options;
    const heardBefore = this.#heard;
    this.#send({ type: "abort", id, reason });
    this.#send({ type: "ping" });
    call.stopGrace = clock.after(limits.abortGraceMs, () => {
      call.isOverdue = true;
      if (this.#heard === heardBefore) return this.kill(`${blocked} past the time limit of a step`);
      this.retire();
      this.#endIfDone();
    });
  }

  #endIfDone(): void {
    if (this.#state === "retired" && [...this.#calls.values()].every((call) => call.isOverdue))
      this.kill(overdue, false);
  }

  /** Asks only while it has something to do, so that an idle engine stays idle. */
  #armPing(): void {
    if (this.#stopPing || !this.#isLoaded) return;
    const { clock, limits } = this.#options;
    this.#stopPing = clock.after(limits.pingMs, () => {
      this.#stopPing = undefined;
      if (this.#calls.size === 0 || this.#state === "ended") return;
      if (this.#unanswered * limits.pingMs >= limits.blockedMs)
        return this.kill(`${blocked} for ${limits.blockedMs / 1000} s`);
      this.#unanswered += 1;
      this.#send({ type: "ping" });
      this.#armPing();
    });
  }

  /** Of the whole group, so that buffers and what it has started count; only while it has something to do. */
  #watchMemory(): void {
    const { memory, limits } = this.#options;
    if (this.#stopMemory || this.pid === undefined) return;
    const tooLarge = `it took more than ${limits.memoryMbMax} MB of memory`;
    this.#stopMemory = memory.watch({
      group: this.pid,
      bytesMax: limits.memoryMbMax * 1024 * 1024,
      onExceeded: () => this.kill(tooLarge),
    });
  }

  #restMemory(): void {
    this.#stopMemory?.();
    this.#stopMemory = undefined;
  }

  #armIdle(): void {
    this.#stopIdle?.();
    if (this.#runs.size > 0 || this.#calls.size > 0 || this.#state === "ended") return;
    const { clock, limits } = this.#options;
    this.#stopIdle = clock.after(limits.idleMsMax, () => this.kill("nobody needed it", false));
  }

  #end(how: string): void {
    this.#state = "ended";
    this.#process.release();
    this.#stopPing?.();
    this.#stopIdle?.();
    this.#stopRetire?.();
    this.#restMemory();
    const { reason, blamesAll } = this.#cause ?? { reason: how, blamesAll: true };
    this.#hasCrashed = blamesAll && this.#calls.size > 0;
    this.#settleFacts?.reject(new CodeUnusable(this.#options.load.file, `while it was imported, ${reason}`));
    for (const call of this.#calls.values()) {
      call.stopGrace?.();
      call.reject(new ProcessCrashed(reason, blamesAll));
    }
    this.#calls.clear();
  }
}

/** How a process ended, in words. */
function reasonOf({ code, signal }: Ended, tail: string): string {
  if (/heap out of memory|Allocation failed/.test(tail)) return "it ran out of memory";
  return signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
}
