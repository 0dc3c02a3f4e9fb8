import { readEvents } from "./event-stream.ts";
import type { Event, Operations, Problem } from "./generated.ts";

/** A problem document (RFC 9457), as every error of the API is one. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  /** Stable; `UNEXPECTED` where the answer was none of the API's. */
  readonly code: string;
  readonly problems: readonly unknown[];
  /** When it is worth asking again. */
  readonly retryAfterMs: number | null;
  constructor(status: number, problem: Partial<Problem>, retryAfterMs: number | null = null) {
    super(problem.detail ?? `The server answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? "UNEXPECTED";
    this.problems = problem.problems ?? [];
    this.retryAfterMs = retryAfterMs;
  }
}

export interface ClientOptions {
  /** Such as `http://127.0.0.1:4590`; in a browser, absent is where the page came from. */
  readonly url?: string;
  readonly fetch?: typeof fetch;
}

interface Common {
  /** The same key is the same command, however often it is sent. */
  readonly key?: string;
  readonly signal?: AbortSignal;
}

type Key = keyof Operations & string;
export type Request<K extends Key> = Omit<Operations[K], "answer" | "line"> & Common;
type Given<K extends Key> = object extends Request<K> ? [request?: Request<K>] : [request: Request<K>];
type AnswerOf<K extends Key> = Operations[K] extends { readonly answer: infer Answer } ? Answer : never;
type LineOf<K extends Key> = Operations[K] extends { readonly line: infer Line } ? Line : never;
type ItemOf<K extends Key> = AnswerOf<K> extends { readonly items: readonly (infer Item)[] } ? Item : never;

export interface Client {
  /** One request, by its method and path: `ask("GET /v1/runs/{id}", { params: { id } })`. */
  ask<K extends Key>(operation: K, ...given: Given<K>): Promise<AnswerOf<K>>;
  /** Every item of a list, page after page. */
  pages<K extends Key>(operation: K, ...given: Given<K>): AsyncGenerator<ItemOf<K>>;
  /** What is answered as JSON Lines, line by line. */
  lines<K extends Key>(operation: K, ...given: Given<K>): AsyncGenerator<LineOf<K>>;
  /** The events of a run as they come, until its last; a connection that breaks is made anew. */
  follow(
    run: string,
    options?: { readonly after?: number; readonly signal?: AbortSignal },
  ): AsyncGenerator<Event>;
}

/** A request without its types: what is sent. */
interface Sent extends Common {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

export function createClient({ url = "", fetch: fetcher = fetch }: ClientOptions = {}): Client {
  const send = async (operation: string, sent: Sent, given: Readonly<Record<string, string>>) => {
    const [method = "GET", path = ""] = operation.split(" ");
    const headers: Record<string, string> = { ...given };
    if (sent.key !== undefined) headers["idempotency-key"] = sent.key;
    const init: RequestInit = { method, headers };
    if (sent.signal) init.signal = sent.signal;
    if (method !== "GET") {
      init.body = JSON.stringify(sent.body ?? {});
      headers["content-type"] = "application/json";
    }
    const response = await fetcher(`${url}${addressOf(path, sent)}`, init);
    if (!response.ok) throw await problemOf(response);
    return response;
  };
  const ask: Client["ask"] = async (operation, ...[request]) => {
    const response = await send(operation, { ...request }, { accept: "application/json" });
    // What the operation answers is what its description says; the server's tests hold it.
    return (await response.json()) as AnswerOf<typeof operation>;
  };
  return {
    ask,
    async *pages(operation, ...[request]) {
      const sent: Sent = { ...request };
      for (let cursor: unknown; ; ) {
        const query = { ...sent.query, ...(cursor ? { cursor } : {}) };
        const response = await send(operation, { ...sent, query }, { accept: "application/json" });
        const { items, nextCursor } = Object(await response.json());
        yield* items;
        if (!nextCursor) return;
        cursor = nextCursor;
      }
    },
    async *lines(operation, ...[request]) {
      const response = await send(operation, { ...request }, { accept: "application/x-ndjson" });
      for await (const line of linesOf(response)) if (line !== "") yield JSON.parse(line);
    },
    async *follow(run, { after = 0, signal } = {}) {
      const sent: Sent = { params: { id: run }, ...(signal ? { signal } : {}) };
      for (let last = after; ; ) {
        const headers = { accept: "text/event-stream", "last-event-id": String(last) };
        const response = await send("GET /v1/runs/{id}/events", sent, headers);
        try {
          for await (const event of readEvents(linesOf(response))) {
            last = event.seq;
            yield event;
          }
          return;
        } catch (error) {
          // The stream broke off: what came is known, and the rest is asked for.
          if (signal?.aborted || !(error instanceof TypeError)) throw error;
        }
      }
    },
  };
}

function addressOf(path: string, { params = {}, query = {} }: Sent): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const each of [value].flat())
      if (each !== undefined && each !== "") search.append(name, String(each));
  return search.size > 0 ? `${filled}?${search}` : filled;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const body: Partial<Problem> = Object(await response.json().catch(() => ({})));
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new ApiProblem(response.status, body, Number.isFinite(seconds) ? seconds * 1_000 : null);
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      const lines = (rest + decoder.decode(read.value, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    if (rest !== "") yield rest;
  } finally {
    await reader?.cancel();
  }
}
