import { existsSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import { type Json, systemClock, waited } from "../core/base/index.ts";
import type { RunLimits } from "../core/executor/index.ts";
import { type Engine, openEngine } from "../engine.ts";
import { createApp, type Listening, listenLocally, socketPathOf } from "../http/index.ts";
import { chooseSetting, type Settings } from "../project/index.ts";
import { FolderTaken } from "../store/sqlite/index.ts";
import { ApiProblem, CommandRefused, note, OwnerLeft } from "./io.ts";

/**
 * The API of a data folder: of the process that owns it, or of this one, which then becomes the owner. A
 * new owner takes up nothing by itself; commands that should say so once everything is loaded.
 */
export interface Api {
  /** Null while another process owns the folder; whenever that has left, this one may become the owner. */
  readonly engine: Engine | null;
  request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Whether a folder that is not there is made. */
  readonly create: boolean;
  readonly limits?: Settings["limits"];
  /** What this process does first when it becomes the owner. */
  prepare?(engine: Engine): Promise<void>;
}

export function homeOf(options: { home?: string }): string {
  return resolve(chooseSetting("home", { flag: options.home, fallback: ".flyball" }).value);
}

export async function connect(home: string, options: ConnectOptions): Promise<Api> {
  if (!options.create && !existsSync(join(home, "flyball.db")))
    throw new CommandRefused(
      `There is no data folder at ${home}. Run a workflow first, or name the folder with --home DIR.`,
      3,
    );
  return new FolderApi(home, options, await findOwner(home, options));
}

const ownerMovesMs = 10_000;
const askEveryMs = 50;

/** Whoever starts has the lock, and answers a moment later; whoever leaves answers no more, and has it a moment longer. */
async function findOwner(home: string, options: ConnectOptions): Promise<Api> {
  const until = systemClock.monotonic() + ownerMovesMs;
  for (;;)
    try {
      return await own(home, options);
    } catch (error) {
      if (!(error instanceof FolderTaken)) throw error;
      const api = throughSocket(home);
      const isThere = await api.request("GET", "/healthz").catch(() => undefined);
      if (isThere) return api;
      if (systemClock.monotonic() >= until) throw error;
      await waited(systemClock, askEveryMs);
    }
}

const asksMax = 5;

/** A folder whose owner may leave: then what it has not taken is asked of the next one. */
class FolderApi implements Api {
  readonly #home: string;
  readonly #options: ConnectOptions;
  #owner: Api;
  #finding: Promise<Api> | undefined;

  constructor(home: string, options: ConnectOptions, owner: Api) {
    this.#home = home;
    this.#options = options;
    this.#owner = owner;
  }

  get engine(): Engine | null {
    return this.#owner.engine;
  }

  async request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    for (let asks = 1; ; asks++) {
      const owner = this.#owner;
      try {
        return await owner.request(method, path, body, signal);
      } catch (error) {
        if (owner.engine || signal?.aborted || asks >= asksMax) throw error;
        if (method !== "GET" && !wasNotTaken(error)) throw new OwnerLeft();
        if (owner === this.#owner) await this.#findNext();
      }
    }
  }

  close(): Promise<void> {
    return this.#owner.close();
  }

  async #findNext(): Promise<void> {
    this.#finding ??= findOwner(this.#home, this.#options);
    try {
      this.#owner = await this.#finding;
    } finally {
      this.#finding = undefined;
    }
  }
}

/** Nobody listened, so that nobody can have done what was asked. */
function wasNotTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["ENOENT", "ECONNREFUSED"].includes(String(error.code));
}

async function own(home: string, options: ConnectOptions): Promise<Api> {
  const engine = await openEngine({
    home,
    recover: false,
    ...(options.limits ? { limits: present(options.limits) } : {}),
    onTrouble: (message) => note(`flyball: ${message}`),
    onFatal: (error) => {
      note(error.message);
      process.exit(3);
    },
  });
  const app = createApp({ engine, isLocal: true });
  let socket: Listening | undefined;
  const close = async () => {
    await socket?.close();
    await engine.close();
  };
  try {
    socket = await listenLocally(engine, app);
    await options.prepare?.(engine);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    engine,
    request: async (method, path, body, signal) =>
      app.request(path, {
        method,
        ...(signal ? { signal } : {}),
        ...(body === undefined ? {} : jsonBody(body)),
      }),
    close,
  };
}

function present({ running, queued }: Settings["limits"]): Partial<RunLimits> {
  return { ...(running === undefined ? {} : { running }), ...(queued === undefined ? {} : { queued }) };
}

function jsonBody(body: unknown): { body: string; headers: Record<string, string> } {
  return { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

function throughSocket(home: string): Api {
  const socketPath = socketPathOf(home);
  return {
    engine: null,
    request: (method, path, body, signal) => socketRequest({ socketPath, method, path }, body, signal),
    close: async () => {},
  };
}

function socketRequest(
  target: { socketPath: string; method: string; path: string },
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<Response> {
  return new Promise((resolvePromise, reject) => {
    const content = body === undefined ? undefined : jsonBody(body);
    const headers = { host: "localhost", ...content?.headers };
    const outgoing = httpRequest({ ...target, headers, ...(signal ? { signal } : {}) }, (answer) => {
      const stream = Readable.toWeb(answer) as WebStream<Uint8Array>;
      resolvePromise(
        new Response(stream as unknown as ReadableStream<Uint8Array>, { status: answer.statusCode ?? 500 }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(content?.body);
  });
}

/** The JSON of an answer; a problem document is thrown. */
export async function json<T = Json>(response: Response): Promise<T> {
  const body = await response.json();
  if (response.status >= 400) throw new ApiProblem(response.status, body as Json);
  return body as T;
}

/** The lines of a JSON Lines answer, as they come; aborting gives the rest up, and tells the other side. */
export async function* jsonLines<T>(response: Response, signal?: AbortSignal): AsyncGenerator<T> {
  if (response.status >= 400) await json(response);
  let rest = "";
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  signal?.addEventListener("abort", () => void reader?.cancel().catch(() => {}), { once: true });
  while (reader) {
    const { done, value } = await reader.read().catch(() => {
      throw new OwnerLeft();
    });
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield JSON.parse(line) as T;
  }
}

/** Does something with the API of a data folder, and leaves cleanly whatever happens. */
async function withApi<T>(home: string, options: ConnectOptions, work: (api: Api) => Promise<T>): Promise<T> {
  const api = await connect(home, options);
  try {
    return await work(api);
  } finally {
    await api.close();
  }
}

/**
 * The same for commands that look at what is there, or steer one run of it: they make no folder, and
 * without an owner this process becomes one, takes up nothing but what it is told, and leaves.
 */
export function onFolder<T>(options: { home?: string }, work: (api: Api) => Promise<T>): Promise<T> {
  return withApi(homeOf(options), { create: false }, work);
}

/** The query of a request: the members that have a value. */
export function queryOf(members: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given).toString();
}
