import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { type Json, ManualClock, seededRandom } from "../../core/base/index.ts";
import type { Asset, StepContext } from "../../core/workflow/index.ts";
import { createGateway, type Gateway, type GatewayDeps } from "./gateway.ts";
import type { ModelCall, ModelReply } from "./model.ts";
import type { LocalModels } from "./providers/local.ts";
import { gatewaySettings } from "./settings.ts";
import { gatewaySource } from "./source.ts";

// For tests of this folder and of those that put it together: a server that speaks OpenAI's protocol over
// real HTTP, a gateway of settings as people write them, and the context of a step.

export interface SeenRequest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly [key: string]: Json } & {
    readonly messages: readonly { role: string; content: string }[];
  };
}

export interface FakeProvider {
  /** To be used as `url` in settings. */
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

type Answer = (request: SeenRequest, response: ServerResponse, index: number) => void;

export async function fakeProvider(answer: Answer): Promise<FakeProvider> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const one = { url: request.url ?? "", headers: request.headers, body };
    seen.push(one);
    answer(one, response, seen.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    seen,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A chat completion as OpenAI writes it. */
export function completion(text: string | null, changes: { [key: string]: Json } = {}): Json {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_767_225_600,
    model: "small-1",
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 100,
      completion_tokens: 20,
      total_tokens: 120,
      prompt_tokens_details: { cached_tokens: 40 },
      completion_tokens_details: { reasoning_tokens: 5 },
    },
    ...changes,
  };
}

export function respond(
  response: ServerResponse,
  status: number,
  body: Json,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** Local models that need no training: the label is the first word, the answer the first source. */
export const fakeLocal: LocalModels = {
  loadClassifier: () => ({
    predict: (text) => ({
      label: text.split(" ")[0] ?? "",
      confidence: 0.9,
      top: [{ label: "a" }],
      evidence: [text],
    }),
  }),
  extract: ({ question, sources }) => ({
    value: `${question}: ${sources[0]?.text ?? ""}`,
    confidence: 0.5,
    evidence: sources.map(({ id }) => id),
  }),
  lexicalVector: (text) => [text.length, 1],
};

/** A gateway and the assets of settings as they stand in flyball.yaml. */
export function gatewayOf(settings: unknown, deps: Partial<GatewayDeps> = {}) {
  const clock = new ManualClock();
  const baseDir = deps.baseDir ?? ".";
  const created = createGateway({ clock, secrets: () => undefined, baseDir, local: fakeLocal, ...deps });
  const assets = gatewaySource({ settings: gatewaySettings.parse(settings), baseDir });
  const find = (kind: string, name: string): Asset => {
    const asset = assets.find(kind, name);
    if (!asset) throw new TypeError(`the test has no ${kind} ${name}`);
    return asset;
  };
  const gateway: Gateway = {
    ...created,
    modelOf: (asset, pinned = find) => created.modelOf(asset, pinned),
  };
  /** What answers for a route, or for a model where there is no route of that name. */
  const ask = (name: string) => gateway.modelOf(assets.find("route", name) ?? find("model", name));
  return { gateway, assets, clock, ask };
}

export function contextOf(
  assets: readonly (Asset | undefined)[],
  changes: Partial<StepContext> = {},
): StepContext {
  return {
    runId: "run-1",
    workflow: "test",
    path: "draft",
    key: "run-1/draft",
    attempt: 1,
    tags: {},
    waitKey: null,
    use: () => {},
    effects: "live",
    signal: new AbortController().signal,
    clock: new ManualClock(),
    random: seededRandom(1),
    expected: undefined,
    asset(kind, name) {
      const asset = assets.find((candidate) => candidate?.kind === kind && candidate.name === name);
      if (!asset) throw new TypeError(`the test has no ${kind} ${name}`);
      return asset;
    },
    evaluate: () => null,
    ...changes,
  };
}

export function callOf(changes: Partial<ModelCall> = {}): ModelCall {
  return {
    messages: [{ role: "user", content: "Where is my parcel?" }],
    input: {},
    output: undefined,
    settings: {},
    origin: { runId: "run-1", path: "draft", attempt: 1, key: "run-1/draft" },
    workflow: "test",
    tags: {},
    expected: undefined,
    effects: "live",
    use: () => {},
    signal: new AbortController().signal,
    ...changes,
  };
}

/** An answer of a model that is a function of the test's own. */
export function replyOf(changes: Partial<ModelReply> = {}): ModelReply {
  return {
    value: "In the van.",
    confidence: null,
    evidence: null,
    top: null,
    tokens: { input: 10, cached: 0, output: 5, reasoning: 0 },
    costUsd: 0.001,
    provider: "house",
    model: "small",
    simulated: false,
    ...changes,
  };
}
