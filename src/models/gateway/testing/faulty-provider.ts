import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type JsonObject, sha256, systemClock } from "../../../core/base/index.ts";
import { anthropic } from "./anthropic.ts";
import { type Fault, type Spoiled, sendFault } from "./faults.ts";
import { google } from "./google.ts";
import { openai } from "./openai.ts";
import type { Answer, Asked, Protocol, ProtocolName, ProviderRequest, WholeAnswer } from "./wire.ts";

export { type Fault, type FaultKind, faultKinds } from "./faults.ts";
export type { Answer, ProtocolName, ProviderRequest } from "./wire.ts";

/** What a provider does with a request: answers, or fails in one of the ways of `faults.ts`. */
export type Behaviour = Answer | Fault;
export type Script = (request: ProviderRequest) => Behaviour;

export interface FaultyProvider {
  /** What settings take as `url`, by protocol. */
  readonly urls: Readonly<Record<ProtocolName, string>>;
  /** The first requests, at most `seenMax`. */
  readonly seen: readonly ProviderRequest[];
  /** How many there were in all. */
  requestCount(): number;
  /** Calls back whenever a client goes away before its answer has ended. */
  onHangUp(callback: () => void): void;
  close(): Promise<void>;
}

interface Options {
  /** Says what happens to each request; without it, all are answered well. */
  readonly script?: Script;
  /** How many requests are kept in `seen`; the others are only counted. */
  readonly seenMax?: number;
}

const protocols: readonly Protocol[] = [openai, anthropic, google];
const roots = { openai: "/openai/v1", anthropic: "/anthropic/v1", google: "/google/v1beta" } as const;

/**
 * A provider on this machine that speaks the protocols of OpenAI, Anthropic and Google over real HTTP,
 * streaming and not, and does to each request what a script says. It knows no keys and no real models.
 */
export async function startFaultyProvider({
  script = () => ({}),
  seenMax = 10_000,
}: Options = {}): Promise<FaultyProvider> {
  const seen: ProviderRequest[] = [];
  let count = 0;
  let hungUp = () => {};
  const server = createServer(async (message, response) => {
    const body = await bodyOf(message);
    if (body === undefined) return;
    const { protocol, asked } = understood(message.url ?? "", body);
    if (!protocol || !asked) return void response.writeHead(404).end();
    const request: ProviderRequest = {
      ...asked,
      index: count++,
      protocol: protocol.name,
      url: message.url ?? "",
      headers: message.headers,
      body,
      atMs: systemClock.monotonic(),
    };
    if (seen.length < seenMax) seen.push(request);
    response.on("close", () => response.writableFinished || hungUp());
    behave(script(request), { request, protocol, response });
  });
  // Connections are kept as long as the clients' own limits, so that none is closed under a request.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  return {
    urls: {
      openai: origin + roots.openai,
      anthropic: origin + roots.anthropic,
      google: origin + roots.google,
    },
    seen,
    requestCount: () => count,
    onHangUp(callback) {
      hungUp = callback;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function bodyOf(message: IncomingMessage): Promise<JsonObject | undefined> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    // The client went away, or sends no JSON: there is nobody to answer.
    message.socket.destroy();
    return undefined;
  }
}

function understood(url: string, body: JsonObject): { protocol?: Protocol; asked?: Asked | undefined } {
  const protocol = protocols.find(({ name }) => url.startsWith(roots[name]));
  return protocol ? { protocol, asked: protocol.read(url.split("?", 1)[0] ?? "", body) } : {};
}

interface Exchange {
  readonly request: ProviderRequest;
  readonly protocol: Protocol;
  readonly response: ServerResponse;
}

function behave(behaviour: Behaviour, exchange: Exchange): void {
  if ("fault" in behaviour) return sendFault(behaviour, spoiledOf(exchange), exchange.response);
  const { afterMs = 0, betweenMs = 0 } = behaviour;
  const send = () => sendAnswer(behaviour, exchange, betweenMs);
  if (afterMs > 0) systemClock.after(afterMs, send);
  else send();
}

function sendAnswer(answer: Answer, { request, protocol, response }: Exchange, betweenMs: number): void {
  if (!request.stream) {
    const body = bodyText(answer, request, protocol);
    response.writeHead(200, { "content-type": "application/json" }).end(body);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const frames = protocol.frames(wholeAnswer(answer, request));
  if (betweenMs === 0) return void response.end(frames.join(""));
  const next = (at: number): void => {
    if (response.destroyed) return;
    const frame = frames[at];
    if (frame === undefined) return void response.end();
    response.write(frame);
    systemClock.after(betweenMs, () => next(at + 1));
  };
  next(0);
}

function bodyText(answer: Answer, request: ProviderRequest, protocol: Protocol): string {
  if (request.operation === "chat") return JSON.stringify(protocol.answer(wholeAnswer(answer, request)));
  const vectors = request.texts.map(vectorOf);
  return JSON.stringify(protocol.vectors(vectors, request, answer.tokens?.input ?? request.texts.length));
}

function spoiledOf({ request, protocol }: Exchange): Spoiled {
  const { stream, model } = request;
  const whole = wholeAnswer({}, request);
  return {
    stream,
    pieces: stream ? protocol.frames(whole) : [bodyText({}, request, protocol)],
    empty: stream ? protocol.emptyFrames(model) : [JSON.stringify(protocol.empty(model))],
    errorPiece: protocol.errorFrame("scripted: error_body"),
    error: protocol.error,
  };
}

function wholeAnswer(answer: Answer, { model }: ProviderRequest): WholeAnswer {
  return {
    model,
    text: answer.text ?? (answer.toolCalls ? "" : "Your parcel is on its way and arrives tomorrow."),
    toolCalls: answer.toolCalls ?? [],
    finish: answer.finish ?? "stop",
    tokens: answer.tokens ?? { input: 60, cached: 40, output: 15, reasoning: 5 },
  };
}

/** The same text gives the same vector; unlike texts give unlike ones. */
function vectorOf(text: string): readonly number[] {
  return Array.from(
    { length: 8 },
    (_, at) => Number.parseInt(sha256(text).slice(at * 4, at * 4 + 4), 16) / 65_536,
  );
}
