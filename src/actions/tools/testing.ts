import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  FlyballError,
  isJsonObject,
  type Json,
  type JsonObject,
  ManualClock,
  seededRandom,
  systemClock,
} from "../../core/base/index.ts";
import {
  type StepContext,
  type StepOutcome,
  type StepResult,
  secretMarker,
} from "../../core/workflow/index.ts";
import { createTools } from "./index.ts";

/** What a kind is given, for tests: run `run-1`, step `step`, a clock that stands at 2026-01-01. */
export function testContext(scope: JsonObject = {}, parts: Partial<StepContext> = {}): StepContext {
  return {
    runId: "run-1",
    workflow: "test",
    path: "step",
    key: "run-1/step",
    attempt: 1,
    tags: {},
    effects: "live",
    waitKey: null,
    use: () => {},
    signal: new AbortController().signal,
    clock: new ManualClock(),
    random: seededRandom(1),
    expected: undefined,
    asset: (kind, name) => ({ kind, name, digest: "", content: null }),
    evaluate: (text, locals) => evaluated(text, { ...scope, ...locals }),
    ...parts,
  };
}

/** Stands in for the expression language: paths only. */
function evaluated(text: string, scope: JsonObject): Json {
  const whole = /^\{\{([^}]*)\}\}$/.exec(text);
  if (whole?.[1]) return lookup(whole[1], scope);
  return text.replace(/\{\{([^}]*)\}\}/g, (_match, path: string) => {
    const value = lookup(path, scope);
    return typeof value === "string" ? value : JSON.stringify(value);
  });
}

function lookup(path: string, scope: JsonObject): Json {
  const names = path.trim().split(".");
  if (names[0] === "secrets") return secretMarker(names[1] ?? "");
  return names.reduce<Json>((value, name) => (isJsonObject(value) ? (value[name] ?? null) : null), scope);
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly origin: string;
  readonly received: Received[];
  readonly server: Server;
}

/** A server on 127.0.0.1 (or elsewhere) that keeps what it received. */
export async function testServer(answer?: RequestListener, address = "127.0.0.1"): Promise<TestServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      if (answer) answer(request, response);
      else response.end("sink");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  const host = `${address}:${port}`;
  return {
    port,
    host,
    origin: `http://${host}`,
    received,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const secret = "s3cret+value/with=signs";

export function tool(allowHttp: readonly string[] = [], clock = systemClock) {
  const secrets = (name: string) => ({ KEY: secret, OTHER: "another-secret" })[name];
  const tools = createTools({ clock, allowHttp, secrets });
  const kind = tools.kinds.find((each) => each.name === "tool");
  assert.ok(kind);
  return { kind, tools, [Symbol.asyncDispose]: () => tools.close() };
}

export async function call(
  server: TestServer,
  http: JsonObject,
  scope: JsonObject = {},
  parts: Partial<StepContext> = {},
) {
  await using made = tool([server.host]);
  return resultOf(await made.kind.execute({ http }, testContext(scope, parts)));
}

/** As the journal gives it back: values of an answer have no prototype of ours. */
export function resultOf(outcome: StepOutcome): StepResult {
  assert.ok("result" in outcome);
  return JSON.parse(JSON.stringify(outcome.result));
}

export const failure = async (promise: Promise<unknown>): Promise<FlyballError> => {
  const error: unknown = await promise.then(
    () => assert.fail("it should have failed"),
    (thrown) => thrown,
  );
  assert.ok(error instanceof FlyballError, String(error));
  return error;
};
