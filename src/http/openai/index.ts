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
import { type Outlet, outletOf } from "./outlet.ts";
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
      const { json, outlet, ...asked } = await askedOf(context);
      const body = checkedBody(chatBody, json);
      const target = targetOf(all(), body.model, body.flyball?.route);
      const call: Call = {
        surface: "chat",
        target,
        partsFor: (prompt) => chatParts(body, prompt, asked.tags),
        ...asked,
      };
      if (!body.stream) return answer(outlet, await calls.ask(call), chatCompletion);
      const includesUsage = body.stream_options?.include_usage === true;
      return streamed(calls, call, { clock: engine.clock, model: body.model, includesUsage, outlet });
    }),
  );

  routes.post(
    "/embeddings",
    tell(embedding, async (context: Context) => {
      const { json, outlet, ...asked } = await askedOf(context);
      const body = checkedBody(embeddingBody, json);
      const target = targetOf(all(), body.model);
      if (target.prompt)
        throw new ParameterInvalid("model", "A prompt gives no embeddings: name a model or a route.");
      const embed = typeof body.input === "string" ? [body.input] : body.input;
      const parts = { messages: [], embed, settings: {}, output: undefined };
      const answered = await calls.ask({ surface: "embeddings", target, partsFor: () => parts, ...asked });
      return answer(outlet, answered, (done) => embeddingList(done, body.encoding_format ?? "float"));
    }),
  );

  return routes;
}

/** Under `/openai`, errors have OpenAI's shape, whoever found them. */
export function answerOpenaiError(context: Context, error: unknown): Response {
  const { status, body, headers } = openaiError(error);
  return context.json(body, status as ContentfulStatusCode, headers);
}

type Asked = Omit<Call, "surface" | "target" | "partsFor"> & {
  readonly json: JsonObject;
  readonly outlet: Outlet;
};

async function askedOf(context: Context): Promise<Asked> {
  const json = await jsonOf(context, callBytesMax);
  if (!isJsonObject(json)) throw new ParameterInvalid(null, "The body must be a JSON object.");
  // How the answer travels is no part of what was asked.
  const { stream: _stream, stream_options: _options, ...input } = json;
  const key = keyOf(context);
  const tags = tagsOf(context.req.header("x-flyball-tags"));
  const outlet = outletOf(context);
  return { json, input, tags, key, outlet, hungUp: outlet.hungUp };
}

function answer(outlet: Outlet, answered: Answered, present: (answered: Answered) => JsonObject): Response {
  const text = JSON.stringify(present(answered));
  const length = String(Buffer.byteLength(text));
  outlet.begin({ "content-type": "application/json", "content-length": length, ...answerHeaders(answered) });
  outlet.end(text);
  return outlet.response;
}

type StreamedAs = ConstructorParameters<typeof ChunkStream>[0];

/** The answer begins with the first words: until then a failure has a status of its own. */
async function streamed(calls: KeyedCalls, call: Call, how: StreamedAs): Promise<Response> {
  const stream = new ChunkStream(how);
  const answering = calls.ask(call, stream);
  answering.then(
    (answered) => stream.finish(answered),
    (error) => stream.fail(error),
  );
  await Promise.race([answering, stream.begun]);
  return how.outlet.response;
}
