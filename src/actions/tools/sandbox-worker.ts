/**
 * The inside of a script worker: one QuickJS engine, in which each script gets a runtime of its own that
 * is thrown away after it. The script sees `input` and the language, and nothing else: no network, no
 * files, no modules, no timers; `Date` stands still and `Math.random` repeats from its seed.
 */
import { parentPort, workerData } from "node:worker_threads";
import variant from "@jitl/quickjs-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSSyncVariant,
  type QuickJSWASMModule,
  Scope,
} from "quickjs-emscripten-core";
import { assert, isJsonObject, messageOf, systemClock } from "../../core/base/index.ts";

export interface SandboxJob {
  readonly id: number;
  readonly source: string;
  /** JSON text. */
  readonly input: string;
  /** Milliseconds since 1970 at which the script's clock stands. */
  readonly nowMs: number;
  /** 32 bits. */
  readonly seed: number;
  readonly timeoutMs: number;
  readonly memoryBytesMax: number;
  readonly stackBytesMax: number;
  readonly resultCharactersMax: number;
}

/** `result` is JSON text. */
export type SandboxOutcome =
  | { readonly result: string }
  | {
      readonly failure: "threw" | "timeout" | "memory" | "stack" | "result" | "broken";
      readonly message: string;
    };

export interface SandboxAnswer {
  readonly id: number;
  readonly outcome: SandboxOutcome;
  /** The engine itself is no longer to be trusted: this worker must be replaced. */
  readonly isSpent: boolean;
}

/**
 * What a script finds before it starts. `Date` without arguments gives the moment of the start; the
 * random numbers are those of mulberry32, as in `base`. Returns the input and a function that turns the
 * result into JSON, made before the script can change what it is made of.
 */
const prelude = `(function (inputText, nowMs, seed, resultMax) {
  const stringify = JSON.stringify, isFinite = Number.isFinite, TypeError_ = TypeError, Date_ = globalThis.Date, Reflect_construct = Reflect.construct;
  const Date = function (...parts) {
    if (!new.target) return new Date_(nowMs).toString();
    return Reflect_construct(Date_, parts.length === 0 ? [nowMs] : parts, new.target === Date ? Date_ : new.target);
  };
  Object.defineProperty(Date, "prototype", { value: Date_.prototype, writable: false });
  Object.defineProperty(Date_.prototype, "constructor", { value: Date, writable: true, configurable: true });
  Object.assign(Date, { now: () => nowMs, parse: Date_.parse, UTC: Date_.UTC });
  globalThis.Date = Date;
  let state = seed >>> 0;
  Math["random"] = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  globalThis.input = JSON.parse(inputText);
  const plain = (key, value) => {
    const kind = typeof value;
    if (kind === "number" && !isFinite(value)) throw new TypeError_("the result holds " + value + ", which is not JSON");
    if (kind === "function" || kind === "symbol") throw new TypeError_("the result holds a " + kind + ", which is not JSON");
    return value;
  };
  return (value) => {
    const text = value === undefined ? "null" : stringify(value, plain);
    return text === undefined || text.length > resultMax ? "" : text;
  };
})`;

async function main(): Promise<void> {
  const port = parentPort;
  assert(port, "this file runs as a worker thread");
  const wasmMemory = boundedMemory(workerData);
  // Its types are those of its CommonJS build, where `default` stands one level lower.
  const bounded = newVariant(variant as unknown as QuickJSSyncVariant, { wasmMemory });
  const engine = await newQuickJSWASMModuleFromVariant(bounded);
  port.on("message", (job: SandboxJob) => port.postMessage(answer(engine, wasmMemory, job)));
  port.postMessage("ready");
}

/**
 * The engine's memory can grow to this and no further. QuickJS's own limit counts only what a single
 * allocation asks for in this build, so many small ones go past it: 1.1 GB in five seconds.
 */
function boundedMemory(options: unknown): BoundedMemory {
  const bytesMax = isJsonObject(options) ? options.memoryBytesMax : undefined;
  assert(typeof bytesMax === "number", "a worker is told how much memory it may have");
  const initial = engineBytes / pageBytes;
  return new WebAssembly.Memory({ initial, maximum: initial + Math.ceil(bytesMax / pageBytes) });
}

/** Of the global that no library of types declares without a browser's others. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => BoundedMemory;
};
interface BoundedMemory {
  readonly buffer: ArrayBuffer;
}

const pageBytes = 65_536;
/** What the engine starts with, before any script; its build fixes this. */
const engineBytes = 16 * 1024 * 1024;

/** A failure of the engine itself (it aborts when memory ends at a bad moment) is an exception of WebAssembly. */
function answer(engine: QuickJSWASMModule, memory: BoundedMemory, job: SandboxJob): SandboxAnswer {
  const hasGrown = () => memory.buffer.byteLength > 2 * engineBytes;
  let outcome: SandboxOutcome | undefined;
  try {
    const runtime = engine.newRuntime();
    const context = runtime.newContext();
    outcome = Scope.withScope((scope) => new Script(runtime, context, job, scope, hasGrown).run());
    context.dispose();
    runtime.dispose();
    // Memory that has grown stays grown.
    return { id: job.id, outcome, isSpent: hasGrown() };
  } catch (error) {
    return {
      id: job.id,
      outcome: outcome ?? { failure: "broken", message: messageOf(error) },
      isSpent: true,
    };
  }
}

/** What the script threw, on its way out of it. */
class Thrown {
  readonly error: QuickJSHandle;
  constructor(error: QuickJSHandle) {
    this.error = error;
  }
}

/** One run of one script. Every handle belongs to the scope: a runtime cannot be freed while one is left. */
class Script {
  readonly #runtime: QuickJSRuntime;
  readonly #context: QuickJSContext;
  readonly #job: SandboxJob;
  readonly #scope: Scope;
  readonly #hasGrown: () => boolean;
  #isLate = false;

  constructor(
    runtime: QuickJSRuntime,
    context: QuickJSContext,
    job: SandboxJob,
    scope: Scope,
    hasGrown: () => boolean,
  ) {
    this.#hasGrown = hasGrown;
    this.#runtime = runtime;
    this.#context = context;
    this.#job = job;
    this.#scope = scope;
  }

  run(): SandboxOutcome {
    try {
      const toText = this.#prepare();
      this.#limit();
      const value = this.#settled(this.#evaluate());
      const result = this.#context.getString(this.#call(toText, [value]));
      if (result !== "") return { result };
      const message = `the result is no JSON, or longer than ${this.#job.resultCharactersMax} characters`;
      return { failure: "result", message };
    } catch (thrown) {
      if (!(thrown instanceof Thrown)) throw thrown;
      return this.#failure(thrown.error);
    }
  }

  #limit(): void {
    const deadlineMs = systemClock.monotonic() + this.#job.timeoutMs;
    this.#runtime.setMemoryLimit(this.#job.memoryBytesMax);
    this.#runtime.setMaxStackSize(this.#job.stackBytesMax);
    this.#runtime.setInterruptHandler(() => {
      this.#isLate ||= systemClock.monotonic() > deadlineMs;
      return this.#isLate;
    });
  }

  #prepare(): QuickJSHandle {
    const context = this.#context;
    const { input, nowMs, seed, resultCharactersMax } = this.#job;
    const prepare = this.#unwrap(context.evalCode(prelude, "prelude.js"));
    const numbers = [nowMs, seed, resultCharactersMax].map((number) => context.newNumber(number));
    return this.#call(
      prepare,
      [context.newString(input), ...numbers].map((handle) => this.#scope.manage(handle)),
    );
  }

  /** As a script, whose value is that of its last expression; where that is no syntax, as a function's body. */
  #evaluate(): QuickJSHandle {
    const { source } = this.#job;
    const asScript = this.#syntaxError(source);
    if (asScript === undefined) return this.#unwrap(this.#context.evalCode(source, "script.js"));
    // A line in front of the body would shift the lines of its errors.
    const body = `(function (input) { ${source}\n})(input)`;
    const asBody = this.#syntaxError(body);
    if (asBody === undefined) return this.#unwrap(this.#context.evalCode(body, "script.js"));
    throw new Thrown(/return/.test(this.#messageOf(asScript)) ? asBody : asScript);
  }

  /** Compiles without running anything. */
  #syntaxError(source: string): QuickJSHandle | undefined {
    const compiled = this.#context.evalCode(source, "script.js", { compileOnly: true });
    return compiled.error ? this.#scope.manage(compiled.error) : void this.#scope.manage(compiled.value);
  }

  /** The value of a promise, once everything that can go on without the world outside has gone on. */
  #settled(value: QuickJSHandle): QuickJSHandle {
    const jobs = this.#runtime.executePendingJobs();
    if (jobs.error) throw new Thrown(this.#scope.manage(jobs.error));
    const state = this.#context.getPromiseState(value);
    if (state.type === "pending")
      throw new Thrown(
        this.#scope.manage(this.#context.newError("the result is a promise that nothing will settle")),
      );
    if (state.type === "rejected") throw new Thrown(this.#scope.manage(state.error));
    return state.notAPromise ? value : this.#scope.manage(state.value);
  }

  #call(callee: QuickJSHandle, parts: QuickJSHandle[]): QuickJSHandle {
    return this.#unwrap(this.#context.callFunction(callee, this.#context.undefined, ...parts));
  }

  #unwrap(outcome: ReturnType<QuickJSContext["evalCode"]>): QuickJSHandle {
    if (outcome.error) throw new Thrown(this.#scope.manage(outcome.error));
    return this.#scope.manage(outcome.value);
  }

  #failure(error: QuickJSHandle): SandboxOutcome {
    const message = this.#messageOf(error);
    if (this.#isLate) return { failure: "timeout", message };
    // Where memory ends so fully that no error can be made either, what is thrown is null.
    const isMemory =
      message === "threw null" ? this.#hasGrown() : /: (?:out of memory|string too long)/.test(message);
    if (isMemory) return { failure: "memory", message };
    if (/stack (?:overflow|size exceeded)/i.test(message)) return { failure: "stack", message };
    return { failure: "threw", message };
  }

  /** `TypeError: not a function (line 3)`. */
  #messageOf(error: QuickJSHandle): string {
    const told: unknown = this.#context.dump(error);
    if (!isJsonObject(told) || typeof told.message !== "string")
      return `threw ${JSON.stringify(told || null)}`;
    const line = /script\.js:(\d+)/.exec(String(told.stack ?? ""))?.[1];
    return `${told.name ?? "Error"}: ${told.message}${line ? ` (line ${line})` : ""}`;
  }
}

await main();
