import type { ServerResponse } from "node:http";
import { type Json, systemClock } from "../../../core/base/index.ts";

/** Everything that a provider is known to do instead of answering. */
export const faultKinds = [
  "rate_limited",
  "server_error",
  "overloaded",
  "unauthorized",
  "not_found",
  "reset_before_headers",
  "reset_mid_body",
  "slow",
  "silent",
  "stalled",
  "cut",
  "malformed_json",
  "malformed_sse",
  "wrong_content_type",
  "error_body",
  "empty_choices",
  "huge_body",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly fault: FaultKind;
  /** Headers such as `retry-after` or `retry-after-ms`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The good answer that a fault spoils, in pieces as they would be sent, and the protocol's own words. */
export interface Spoiled {
  readonly stream: boolean;
  /** The events of a stream; else the one body. */
  readonly pieces: readonly string[];
  readonly empty: readonly string[];
  readonly errorPiece: string;
  error(status: number, message: string): Json;
}

const statuses: Partial<Record<FaultKind, number>> = {
  rate_limited: 429,
  server_error: 500,
  overloaded: 503,
  unauthorized: 401,
  not_found: 404,
};

/** How much a body without end sends to a client that reads on. */
const hugeBytesMax = 256 * 1024 * 1024;

export function sendFault({ fault, headers = {} }: Fault, good: Spoiled, response: ServerResponse): void {
  const status = statuses[fault];
  if (status !== undefined) {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(good.error(status, `scripted: ${fault}`)));
    return;
  }
  const half = good.stream
    ? good.pieces.slice(0, Math.ceil(good.pieces.length / 2))
    : good.pieces.map((body) => body.slice(0, Math.ceil(body.length / 2)));
  const start = () => response.writeHead(200, { ...startOf(good.stream), ...headers });
  switch (fault) {
    case "reset_before_headers":
      response.socket?.resetAndDestroy();
      return;
    case "reset_mid_body":
      start().write(half.join(""), () => response.socket?.resetAndDestroy());
      return;
    case "slow":
      drip(start(), good.pieces.join(""));
      return;
    case "silent":
      return;
    case "stalled":
      start().write(half.join(""));
      return;
    case "wrong_content_type":
      response.writeHead(200, { "content-type": "text/html", ...headers }).end("<html>Please sign in</html>");
      return;
    case "huge_body":
      flood(start(), half.join(""), good.stream ? (good.pieces[1] ?? "") : " ");
      return;
    default:
      start().end(spoiled(fault, good, half));
  }
}

function startOf(stream: boolean): Record<string, string> {
  return { "content-type": stream ? "text/event-stream" : "application/json" };
}

/** A body that comes to its end, and is wrong all the same. */
function spoiled(fault: FaultKind, good: Spoiled, half: readonly string[]): string {
  switch (fault) {
    case "empty_choices":
      return good.empty.join("");
    case "error_body":
      return good.stream
        ? half.join("") + good.errorPiece
        : JSON.stringify(good.error(200, "scripted: error_body"));
    case "malformed_json":
      return good.stream ? `${half.join("")}data: {oops\n\n${good.pieces.at(-1)}` : '{"oops';
    case "malformed_sse":
      // Events without the empty lines between them; or events where nobody asked for a stream.
      return good.stream
        ? good.pieces.join("").replace(/\r?\n\r?\n/g, "\n")
        : good.pieces.map((body) => `data: ${body}\n\n`).join("");
    default:
      // `cut`: the server closes in good order, and the answer is not whole.
      return half.join("");
  }
}

/** One byte a second. */
function drip(response: ServerResponse, text: string): void {
  let at = 0;
  const next = () => {
    if (response.destroyed) return;
    if (at >= text.length) return void response.end();
    response.write(text.charAt(at++));
    systemClock.after(1_000, next);
  };
  next();
}

/** As fast as the client reads, until it has had enough. */
function flood(response: ServerResponse, head: string, piece: string): void {
  const block = piece.repeat(Math.ceil(65_536 / Math.max(1, piece.length)));
  let sent = 0;
  const more = () => {
    while (!response.destroyed && sent < hugeBytesMax) {
      sent += block.length;
      if (!response.write(block)) return void response.once("drain", more);
    }
    response.end();
  };
  response.on("error", () => {});
  response.write(head);
  more();
}
