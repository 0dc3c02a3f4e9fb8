import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Dollars for a million tokens, read and written. */
export const prices = { input: 2, output: 10 };

/** A provider that speaks OpenAI's protocol and keeps its own books: it bills the most that it may. */
export interface Biller {
  readonly url: string;
  /** Requests taken in, each of them billed, whether it was answered or not. */
  readonly requests: number;
  readonly billedUsd: number;
  /** Called at each request, after it is billed and before it is answered. */
  onRequest: () => void;
  close(): Promise<void>;
}

/** Each byte that it reads is a token, and each answer is as long as was allowed. */
export async function startBiller(delayMs: number): Promise<Biller> {
  const billed = { requests: 0, tokens: { input: 0, output: 0 } };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { messages, max_tokens: output = 1_000_000 } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const input = messages.reduce(
      (sum: number, { content }: { content: string }) => sum + Buffer.byteLength(content),
      0,
    );
    billed.requests += 1;
    billed.tokens.input += input;
    billed.tokens.output += output;
    biller.onRequest();
    setTimeout(() => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(completion(input, output)));
    }, delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const biller: Biller = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get requests() {
      return billed.requests;
    },
    get billedUsd() {
      return (billed.tokens.input * prices.input + billed.tokens.output * prices.output) / 1e6;
    },
    onRequest: () => {},
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return biller;
}

function completion(input: number, output: number) {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_767_225_600,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "yes" }, finish_reason: "stop" }],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  };
}
