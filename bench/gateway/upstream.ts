/**
 * The provider that all gateways ask: a process of its own, which answers every chat completion with the
 * same words, at once or after as many milliseconds as its model's name says. `node upstream.ts`, with a
 * channel to the bench.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const text = "Your parcel left our warehouse this morning and will be with you on Friday. ".repeat(3).trim();
const words = text.split(/(?<= )/);
const usage = { prompt_tokens: 120, completion_tokens: 60, total_tokens: 180 };
const head = { id: "chatcmpl-1", created: 1_767_225_600, model: "bench" };
const completion = JSON.stringify({
  ...head,
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
  usage,
});

const chunk = (delta: object, finishReason: string | null = null, more: object = {}) =>
  `data: ${JSON.stringify({
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: finishReason }],
    ...more,
  })}\n\n`;
const chunks = [
  chunk({ role: "assistant", content: "" }),
  ...words.map((content) => chunk({ content })),
  chunk({}, "stop"),
  `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices: [], usage })}\n\n`,
  "data: [DONE]\n\n",
];
/** As a real model would: some words now, some a little later. */
const parts = [0, 1, 2, 3].map((part) =>
  chunks.slice((part * chunks.length) / 4, ((part + 1) * chunks.length) / 4).join(""),
);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const received: Buffer[] = [];
  for await (const part of request) received.push(part);
  const body = Buffer.concat(received).toString("latin1");
  const delayMs = Number(/"model":\s*"wait-(\d+)"/.exec(body)?.[1] ?? 0);
  if (delayMs > 0) await sleep(delayMs);
  if (!/"stream":\s*true/.test(body)) {
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(completion),
    });
    response.end(completion);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const part of parts) {
    response.write(part);
    await new Promise(setImmediate);
  }
  response.end();
}

const server = createServer((request, response) => void answer(request, response));
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" && address ? address.port : 0 });
});
process.once("disconnect", () => process.exit());
