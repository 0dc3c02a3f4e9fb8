import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { type Started, type StartOptions, start } from "../command.ts";

/** A server that was started as a process of its own, and answers. */
export interface Serving extends Started {
  readonly url: string;
}

/** Starts `flyball serve`; resolves once it answers, and rejects when it ends before. */
export async function serve(args: readonly string[], options: StartOptions): Promise<Serving> {
  const started = start(["serve", "--no-supervise", ...args], options);
  const url = new Promise<string>((resolve) => {
    let text = "";
    started.child.stderr?.on("data", (chunk) => {
      text += String(chunk);
      const address = /Serving (http:\S+)/.exec(text)?.[1];
      if (address) resolve(address);
    });
  });
  const ended = started.outcome.then(({ code, signal, stderr }) =>
    assert.fail(`the server ended with ${code ?? signal}: ${stderr}`),
  );
  ended.catch(() => undefined);
  return { ...started, url: await Promise.race([url, ended]) };
}

/** Ends a server as Ctrl-C does, and waits for it; one that has only just started may end without a word. */
export async function stop({ child, outcome }: Started): Promise<void> {
  child.kill("SIGINT");
  const { code, signal, stderr } = await outcome;
  assert.ok(code === 0 || signal === "SIGINT", stderr);
}

/** A port that was free a moment ago, for a server that is started again and again under one address. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

export interface Answer {
  readonly status: number;
  readonly body: {
    readonly runId?: string;
    readonly status?: string;
    readonly endedAt?: unknown;
    readonly code?: string;
  };
}

/** One request; undefined when nobody answered. */
export async function ask(url: string, options?: RequestInit): Promise<Answer | undefined> {
  try {
    const response = await fetch(url, options);
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  } catch {
    return undefined;
  }
}

export function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer | undefined> {
  return ask(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
}
