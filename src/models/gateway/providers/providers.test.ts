import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, JsonObject } from "../../../core/base/index.ts";
import type { Message } from "../../prompts/index.ts";
import type { ModelCall, ModelDelta } from "../model.ts";
import type { Script } from "../testing/faulty-provider.ts";
import { models, type Name, names, withProviders } from "../testing/providers.ts";

// What leaves for a provider, and what of the answer comes back: the same for all of them wherever it can be.

const well: Script = () => ({ text: "Gladly." });
/** A value of JSON whose shape the test knows. */
const at = (value: unknown) => Object(value);
/** A part of a message in the words of its provider. */
type Part = Record<string, ReturnType<typeof at>>;

test("each provider is asked at its own path, with its own key and the settings in its own words", () =>
  withProviders(well, async ({ ask, provider, sent }) => {
    const settings = { temperature: 0.5, maxTokens: 50, topP: 0.9, stop: ["END"] };
    const shapes: Record<
      Name,
      { path: RegExp; header: string; key: string; sent: (body: JsonObject) => Json }
    > = {
      openai: {
        path: /^\/openai\/v1\/chat\/completions$/,
        header: "authorization",
        key: "Bearer key-of-OPENAI_API_KEY",
        sent: (body) => [at(body).temperature, at(body).max_tokens, at(body).top_p, at(body).stop],
      },
      anthropic: {
        path: /^\/anthropic\/v1\/messages$/,
        header: "x-api-key",
        key: "key-of-ANTHROPIC_API_KEY",
        sent: (body) => [at(body).temperature, at(body).max_tokens, 0.9, at(body).stop_sequences],
      },
      google: {
        path: /^\/google\/v1beta\/models\/gemini-2\.5-flash:generateContent$/,
        header: "x-goog-api-key",
        key: "key-of-GOOGLE_API_KEY",
        sent: (body) => {
          const { temperature, maxOutputTokens, topP, stopSequences } = at(body).generationConfig;
          return [temperature, maxOutputTokens, topP, stopSequences];
        },
      },
      house: {
        path: /^\/openai\/v1\/chat\/completions$/,
        header: "authorization",
        key: "undefined",
        sent: (body) => [at(body).temperature, at(body).max_tokens, at(body).top_p, at(body).stop],
      },
    };
    for (const name of names) {
      const reply = await ask(name, { settings });
      assert.deepEqual([reply.value, `${reply.provider}/${reply.model}`], ["Gladly.", models[name]]);
      assert.deepEqual(reply.tokens, { input: 60, cached: 40, output: 15, reasoning: 5 });
      const request = provider.seen.at(-1);
      const { path, header, key, sent: written } = shapes[name];
      assert.match(request?.url ?? "", path);
      assert.equal(String(request?.headers[header]), key);
      assert.equal(request?.headers["idempotency-key"], "run-1/draft");
      assert.deepEqual(written(sent()), [0.5, 50, 0.9, ["END"]], name);
    }
    assert.equal(provider.requestCount(), names.length);
  }));

test("a key is looked up at each call; Google's has two names; one that is missing is named", async () => {
  const known = new Map([["GOOGLE_GENERATIVE_AI_API_KEY", "second-name"]]);
  await withProviders(
    well,
    async ({ ask, refused, provider }) => {
      await ask("google");
      assert.equal(provider.seen.at(-1)?.headers["x-goog-api-key"], "second-name");
      const error = await refused("openai", {});
      assert.equal(error.code, "MODEL_SECRET_UNUSABLE");
      assert.match(error.message, /OPENAI_API_KEY/);
      known.set("OPENAI_API_KEY", "now-set");
      await ask("openai");
      assert.equal(provider.seen.at(-1)?.headers.authorization, "Bearer now-set");
      known.set("OPENAI_API_KEY", "set-anew");
      await ask("openai");
      assert.equal(provider.seen.at(-1)?.headers.authorization, "Bearer set-anew");
    },
    (name) => known.get(name),
  );
});

const conversation: readonly Message[] = [
  { role: "system", content: "Help." },
  { role: "user", content: "Where is A 17?" },
  {
    role: "assistant",
    content: "",
    toolCalls: [
      { id: "c1", name: "find_order", arguments: '{"number":"A 17"}' },
      { id: "c2", name: "hours", arguments: "" },
    ],
  },
  { role: "tool", toolCallId: "c1", content: "on its way" },
  { role: "tool", toolCallId: "c2", content: "9 to 5" },
];
const parameters = { type: "object", properties: { number: { type: "string" } }, required: ["number"] };
const tools = [
  { name: "find_order", description: "Finds an order.", parameters },
  { name: "hours", parameters: { type: "object", properties: {} } },
];

test("tools travel to each provider, with what was asked of them before and what they answered", () =>
  withProviders(well, async ({ ask, sent }) => {
    const call = { messages: conversation, tools, toolChoice: { name: "hours" } } as const;
    for (const name of ["openai", "house"] as const) {
      await ask(name, call);
      const { messages, tools: offered, tool_choice } = at(sent());
      assert.deepEqual(
        messages[2].tool_calls.map((one: Part) => [one.id, one.function.name, one.function.arguments]),
        [
          ["c1", "find_order", '{"number":"A 17"}'],
          ["c2", "hours", "{}"],
        ],
      );
      assert.deepEqual(messages.slice(3), [
        { role: "tool", tool_call_id: "c1", content: "on its way" },
        { role: "tool", tool_call_id: "c2", content: "9 to 5" },
      ]);
      assert.deepEqual(offered[0].function.parameters, parameters);
      assert.deepEqual(tool_choice, { type: "function", function: { name: "hours" } });
    }
    await ask("anthropic", call);
    const anthropic = at(sent());
    assert.deepEqual(anthropic.messages[1].content[0], {
      type: "tool_use",
      id: "c1",
      name: "find_order",
      input: { number: "A 17" },
    });
    assert.deepEqual(
      anthropic.messages[2].content.map(({ tool_use_id, content }: Part) => [tool_use_id, content]),
      [
        ["c1", "on its way"],
        ["c2", "9 to 5"],
      ],
    );
    assert.deepEqual(anthropic.tool_choice, { type: "tool", name: "hours" });
    await ask("google", call);
    const google = at(sent());
    // All answers of a turn are one message, each with the name of its tool.
    assert.deepEqual(
      google.contents[2].parts.map(({ functionResponse }: Part) => [
        functionResponse.id,
        functionResponse.name,
      ]),
      [
        ["c1", "find_order"],
        ["c2", "hours"],
      ],
    );
    assert.deepEqual(google.toolConfig.functionCallingConfig.allowedFunctionNames, ["hours"]);
  }));

const asks = { id: "call_1", name: "find_order", arguments: '{"number":"A 17"}' };

for (const name of names)
  test(`${name}: a model that asks for a tool has not answered, whole or as a stream`, () =>
    withProviders(
      () => ({ toolCalls: [asks] }),
      async ({ ask, provider }) => {
        const heard: ModelDelta[] = [];
        const output = { type: "object", required: ["label"] };
        const whole = await ask(name, { tools, output });
        const streamed = await ask(name, { tools, output, onDelta: (delta) => heard.push(delta) });
        for (const { value, toolCalls } of [whole, streamed]) {
          assert.equal(value, "");
          assert.deepEqual(
            toolCalls?.map((call) => [call.name, JSON.parse(call.arguments)]),
            [["find_order", { number: "A 17" }]],
          );
        }
        const [first] = heard;
        assert.ok(first?.type === "tool_call" && first.id && first.name === "find_order");
        const written = heard.map((delta) => (delta.type === "tool_call" ? delta.arguments : "")).join("");
        assert.deepEqual(JSON.parse(written), { number: "A 17" });
        assert.equal(provider.requestCount(), 2, "nobody repairs what is no answer");
      },
    ));

const png = "data:image/png;base64,iVBORw0KGgo=";
const showing = (...urls: readonly string[]): Partial<ModelCall> => ({
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "What is it?" },
        ...urls.map((url) => ({ type: "image" as const, url })),
      ],
    },
  ],
});

test("an image goes as bytes or as its URL, and nobody but the provider fetches it", () =>
  withProviders(well, async ({ ask, sent, refused, provider }) => {
    const url = "https://example.com/parcel.jpg";
    for (const name of ["openai", "house"] as const) {
      await ask(name, showing(png, url));
      assert.deepEqual(
        at(sent())
          .messages[0].content.slice(1)
          .map(({ image_url }: Part) => image_url.url),
        [png, url],
      );
    }
    await ask("anthropic", showing(png, url));
    assert.deepEqual(
      at(sent())
        .messages[0].content.slice(1)
        .map(({ source }: Part) => source),
      [
        { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" },
        { type: "url", url },
      ],
    );
    await ask("google", showing(png, url));
    assert.deepEqual(at(sent()).contents[0].parts.slice(1), [
      { inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } },
      { fileData: { mimeType: "image/jpeg", fileUri: url } },
    ]);
    const before = provider.requestCount();
    const insecure = await refused("google", showing("http://example.com/parcel.jpg"));
    assert.equal(insecure.code, "MODEL_LACKS_ABILITY");
    for (const wrong of [
      "file:///etc/passwd",
      "data:text/html;base64,AAAA",
      "data:image/png,raw",
      "parcel.jpg",
    ])
      assert.equal((await refused("openai", showing(wrong))).code, "MODEL_INPUT_MISSING", wrong);
    assert.equal(provider.requestCount(), before);
  }));

test("a message that no provider takes is refused before anyone is asked, and not asked again", () =>
  withProviders(well, async ({ refused, provider }) => {
    const image = [{ type: "image" as const, url: png }];
    const wrong: readonly [Message[], string][] = [
      [[{ role: "system", content: image }], "MODEL_LACKS_ABILITY"],
      [[{ role: "tool", toolCallId: "c9", content: "of no call" }], "MODEL_INPUT_MISSING"],
      [
        [
          { role: "user", content: "a" },
          { role: "system", content: "late" },
        ],
        "MODEL_LACKS_ABILITY",
      ],
    ];
    for (const [messages, code] of wrong) {
      const error = await refused("google", { messages });
      assert.deepEqual([error.code, error.retry], [code, null]);
    }
    assert.equal(provider.requestCount(), 0);
  }));
