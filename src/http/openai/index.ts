import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { isJsonObject, type JsonObject } from "../../core/base/index.ts";
import type { AssetSource } from "../../core/workflow/index.ts";
import type { Engine } from "../../engine.ts";
import { keyOf } from "../keyed.ts";
import { tell } from "../operation.ts";
import { jsonOf } from "../problem.ts";
import { type Call, KeyedCalls } from "./calls.ts";
import { chatParts } from "./chat.ts";
import { openaiError } from "./errors.ts";
import { callBytesMax } from "./limits.ts";
import { completeChat, embed as embedding, getServed, listServed } from "./operations.ts";
import { checkedBody, ParameterInvalid } from "./parameter.ts";
import { type Answered, answerHeaders, chatCompletion, embeddingList, modelObject } from "./present.ts";
import { chatBody, embeddingBody } from "./schema.ts";
import { ChunkStream } from "./stream.ts";
import { tagsOf } from "./tags.ts";
import { offered, servedNames, targetOf } from "./target.ts";

/** `/openai/v1`: OpenAI's own API, answered by routes, models and prompts. Each call is a run. */
export function openaiRoutes(engine: Engine, assets: () => AssetSource): Hono {
  const routes = new Hono();
  const calls = new KeyedCalls(engine, assets);
  const all = () => offered(engine.registry, assets());

  routes.get(
    "/models",
    tell(listServed, (context: Context) =>
      context.json({ object: "list", data: servedNames(all()).map(modelObject) }),
    ),
  );

  routes.get(
    "/models/:name{.+}",
    tell(getServed, (context: Context) => {
      const name = context.req.param("name") ?? "";
      targetOf(all(), name);
      return context.json(modelObject(name));
    }),
  );

  routes.post(
    "/chat/completions",
    tell(completeChat, async (context: Context) => {
      const { json, ...asked } = await askedOf(context);
      const body = checkedBody(chatBody, json);
      const target = targetOf(all(), body.model, body.flyball?.route);
      const call: Call = {
        surface: "chat",
        target,
        partsFor: (prompt) => chatParts(body, prompt, asked.tags),
        ...asked,
      };
      if (!body.stream) return answer(context, await calls.ask(call), chatCompletion);
      const includesUsage = body.stream_options?.include_usage === true;
      return streamed(calls, call, { clock: engine.clock, model: body.model, includesUsage });
    }),
  );

  routes.post(
    "/embeddings",
    tell(embedding, async (context: Context) => {
      const { json, ...asked } = await askedOf(context);
      const body = checkedBody(embeddingBody, json);
      const target = targetOf(all(), body.model);
      if (target.prompt)
        throw new ParameterInvalid("model", "A prompt gives no embeddings: name a model or a route.");
      const embed = typeof body.input === "string" ? [body.input] : body.input;
      const parts = { messages: [], embed, settings: {}, output: undefined };
      const answered = await calls.ask({ surface: "embeddings", target, partsFor: () => parts, ...asked });
      return answer(context, answered, (done) => embeddingList(done, body.encoding_format ?? "float"));
    }),
  );

  return routes;
}

/** Under `/openai`, errors have OpenAI's shape, whoever found them. */
export function answerOpenaiError(context: Context, error: unknown): Response {
  const { status, body, headers } = openaiError(error);
  return context.json(body, status as ContentfulStatusCode, headers);
}

type Asked = Omit<Call, "surface" | "target" | "partsFor"> & { readonly json: JsonObject };

async function askedOf(context: Context): Promise<Asked> {
  const json = await jsonOf(context, callBytesMax);
  if (!isJsonObject(json)) throw new ParameterInvalid(null, "The body must be a JSON object.");
  // How the answer travels is no part of what was asked.
  const { stream: _stream, stream_options: _options, ...input } = json;
  const key = keyOf(context);
  const tags = tagsOf(context.req.header("x-flyball-tags"));
  return { json, input, tags, key, signal: context.req.raw.signal };
}

function answer(context: Context, answered: Answered, present: (answered: Answered) => JsonObject): Response {
  return context.json(present(answered), 200, answerHeaders(answered));
}

type StreamedAs = Pick<ConstructorParameters<typeof ChunkStream>[0], "clock" | "model" | "includesUsage">;

/** The answer begins with the first words: until then a failure has a status of its own. */
async function streamed(calls: KeyedCalls, call: Call, how: StreamedAs): Promise<Response> {
  const hangUp = new AbortController();
  const stream = new ChunkStream({ ...how, onCancel: () => hangUp.abort() });
  if (call.signal.aborted) hangUp.abort();
  // Not `AbortSignal.any`: its weak references cost more than the rest of this function.
  call.signal.addEventListener("abort", () => hangUp.abort(), { once: true });
  const answering = calls.ask({ ...call, signal: hangUp.signal }, stream);
  answering.then(
    (answered) => stream.finish(answered),
    (error) => stream.fail(error),
  );
  const answered = await Promise.race([answering, stream.begun]);
  return new Response(stream.body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      ...(answered ? answerHeaders(answered) : stream.headers()),
    },
  });
}
