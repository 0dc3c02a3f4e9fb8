import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import type { Readable } from "node:stream";
import {
  assert,
  type Clock,
  type FlyballError,
  type Json,
  messageOf,
  toJson,
} from "../../core/base/index.ts";
import { gate, type MemoryWatch, memoryWatch, type Supervised, supervise } from "../processes/index.ts";
import { ScriptFailed, ScriptLimitExceeded, ScriptMemoryExceeded, ScriptTimeout, stopped } from "./errors.ts";
import {
  childErrorBytesMax,
  childGraceMs,
  childMemoryMb,
  childOutputBytesMax,
  childrenMax,
  childTimeoutMs,
} from "./limits.ts";

export interface ChildScript {
  /** The name of its file, whose ending says what runs it. */
  readonly file: string;
  readonly text: string;
  readonly input: Json;
  readonly timeoutMs?: number | undefined;
  readonly memoryMb?: number | undefined;
  /** What messages call it. */
  readonly label: string;
}

/** Runs script files as child processes: JSON on standard input, one JSON value on standard output. */
export interface Children {
  run(script: ChildScript, signal: AbortSignal): Promise<Json>;
  /** Kills what is running and waits until it has ended. */
  close(): Promise<void>;
}

export function children(clock: Clock): Children {
  const turns = gate(childrenMax);
  const memory = memoryWatch(clock);
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();
  return {
    async run(script, signal) {
      const either = AbortSignal.any([signal, closing.signal]);
      try {
        await turns.enter(either);
      } catch (reason) {
        throw stopped(reason, script.label);
      }
      const run = runInFolder(script, either, { clock, memory }).finally(() => turns.leave());
      running.add(run);
      return await run.finally(() => running.delete(run));
    },
    async close() {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}

interface Watches {
  readonly clock: Clock;
  readonly memory: MemoryWatch;
}

/** A fresh folder is its home, its temporary folder and where it runs; what it leaves there goes with it. */
async function runInFolder(script: ChildScript, signal: AbortSignal, watches: Watches): Promise<Json> {
  const folder = await mkdtemp(join(tmpdir(), "flyball-script-"));
  try {
    const path = join(folder, script.file);
    await writeFile(path, script.text, { mode: 0o700 });
    const child = supervise({
      command: [...runnerOf(script.file), path],
      folder,
      environment: environmentIn(folder),
      streams: ["pipe", "pipe", "pipe"],
      memoryBytesMax: memoryBytesOf(script),
    });
    return await resultOf(child, script, signal, watches);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What runs a file, by its ending; a file with another ending runs itself. */
function runnerOf(file: string): string[] {
  switch (extname(file)) {
    case ".py":
      return ["python3"];
    case ".js":
    case ".mjs":
    case ".ts":
      return [process.execPath];
    case ".sh":
      return ["sh"];
    default:
      return [];
  }
}

/** Nothing of ours beyond where programs are and which language they speak: no key can leak from here. */
function environmentIn(folder: string): Record<string, string> {
  const { PATH = "/usr/local/bin:/usr/bin:/bin", LANG = "C.UTF-8" } = process.env;
  return { PATH, LANG, HOME: folder, TMPDIR: folder };
}

async function resultOf(
  child: Supervised,
  script: ChildScript,
  signal: AbortSignal,
  { clock, memory }: Watches,
): Promise<Json> {
  const { label, timeoutMs = childTimeoutMs, memoryMb = childMemoryMb } = script;
  const { stdin, stdout, stderr } = child.process;
  assert(stdin && stdout && stderr, "a child that was started with pipes has pipes");
  let cause: FlyballError | undefined;
  const disarms: (() => void)[] = [];
  const end = (reason: FlyballError) => {
    if (cause) return;
    cause = reason;
    child.kill("SIGTERM");
    disarms.push(clock.after(childGraceMs, () => child.kill("SIGKILL")));
  };
  const onAbort = () => end(stopped(signal.reason, label));
  disarms.push(clock.after(timeoutMs, () => end(new ScriptTimeout(label, timeoutMs))));
  const tooLarge = new ScriptMemoryExceeded(label, memoryMb);
  const onExceeded = () => {
    end(tooLarge);
    child.kill("SIGKILL"); // What fills the memory is not asked first.
  };
  const group = child.process.pid;
  if (group !== undefined) disarms.push(memory.watch({ group, bytesMax: memoryBytesOf(script), onExceeded }));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const tooMuch = `${childOutputBytesMax} bytes of standard output`;
  const output = collected(stdout, childOutputBytesMax, () => end(new ScriptLimitExceeded(label, tooMuch)));
  const errors = lastBytes(stderr);
  // A script that does not read its input may close it, or end, before it is written.
  stdin.on("error", () => {});
  stdin.end(JSON.stringify(script.input));
  try {
    const { code, signal: killedBy } = await child.ended.catch((error) => {
      throw new ScriptFailed(label, `it could not be started: ${messageOf(error)}`);
    });
    disarms.push(letGo(child, clock));
    const text = await output;
    if (cause) throw cause;
    if (code !== 0 && isRefusedMemory(await errors)) throw tooLarge;
    if (code !== 0) throw new ScriptFailed(label, exitReason(code, killedBy, await errors));
    return parsed(text, label);
  } finally {
    for (const disarm of disarms) disarm();
    signal.removeEventListener("abort", onAbort);
  }
}

/** What it left running ends with it; what escaped from its group and holds its output is not waited for. */
function letGo(child: Supervised, clock: Clock): () => void {
  child.release();
  child.kill("SIGKILL");
  return clock.after(childGraceMs, () => {
    child.process.stdout?.destroy();
    child.process.stderr?.destroy();
  });
}

function memoryBytesOf({ memoryMb = childMemoryMb }: ChildScript): number {
  return memoryMb * 1024 * 1024;
}

/** It asked for so much at once that it got none, and ended by itself: in the words of Python, Node, C++ and shells. */
function isRefusedMemory(errors: string): boolean {
  return /\bMemoryError\b|out of memory|allocate memory|Array buffer allocation failed|bad_alloc/i.test(
    errors,
  );
}

function exitReason(code: number | null, signal: string | null, errors: string): string {
  const how = code === null ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
  return errors === "" ? how : `${how}: ${errors}`;
}

function parsed(text: string, label: string): Json {
  if (text.trim() === "")
    throw new ScriptFailed(label, "it wrote nothing; expected one JSON value on standard output");
  try {
    return toJson(JSON.parse(text), "standard output");
  } catch (error) {
    throw new ScriptFailed(label, `expected one JSON value on standard output: ${messageOf(error)}`);
  }
}

/** All that a stream gives, as text; of more than the limit nothing, once `tooMuch` has been told. */
function collected(stream: Readable, bytesMax: number, tooMuch: () => void): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve) => {
    stream.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= bytesMax) chunks.push(chunk);
      else tooMuch();
    });
    stream.on("error", () => {});
    stream.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
}

function lastBytes(stream: Readable): Promise<string> {
  let tail = Buffer.alloc(0);
  return new Promise((resolve) => {
    stream.on("data", (chunk: Buffer) => {
      tail = Buffer.concat([tail, chunk]).subarray(-childErrorBytesMax);
    });
    stream.on("error", () => {});
    stream.on("close", () => resolve(tail.toString().trim()));
  });
}
