import { z } from "zod";
import { operation } from "../operation.ts";
import { list, once } from "../schema.ts";
import { chatBody, embeddingBody } from "./schema.ts";

const model = once(() =>
  z
    .object({ id: z.string(), object: z.literal("model"), created: z.int(), owned_by: z.string() })
    .meta({ id: "OpenaiModel" }),
);

export const listServed = operation({
  id: "listServed",
  method: "get",
  path: "/openai/v1/models",
  summary: "The models, routes and prompts that calls may name.",
  answer: () => z.object({ object: z.literal("list"), data: list(model()) }),
  isOpenai: true,
});

export const getServed = operation({
  id: "getServed",
  method: "get",
  path: "/openai/v1/models/{name}",
  summary: "One of them.",
  answer: model,
  isOpenai: true,
});

const completion = once(() =>
  z.looseObject({
    id: z.string(),
    object: z.literal("chat.completion"),
    model: z.string(),
    choices: list(z.looseObject({ index: z.int(), finish_reason: z.string() })),
  }),
);

export const completeChat = operation({
  id: "completeChat",
  method: "post",
  path: "/openai/v1/chat/completions",
  summary: "OpenAI's chat completions; each call is a run. With `stream`, as server-sent events.",
  body: chatBody,
  answer: completion,
  takesKey: "own",
  isOpenai: true,
});

export const embed = operation({
  id: "embed",
  method: "post",
  path: "/openai/v1/embeddings",
  summary: "OpenAI's embeddings; each call is a run.",
  body: embeddingBody,
  answer: () => z.looseObject({ object: z.literal("list"), model: z.string(), data: list(z.unknown()) }),
  takesKey: "own",
  isOpenai: true,
});
