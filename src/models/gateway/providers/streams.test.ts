import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelDelta } from "../model.ts";
import type { Script } from "../testing/faulty-provider.ts";
import { names, withProviders } from "../testing/providers.ts";

const textOf = (heard: readonly ModelDelta[]) =>
  heard.map((delta) => (delta.type === "text" ? delta.text : "")).join("");

for (const name of names)
  test(`${name}: a stream is heard piece by piece, and its reply is the whole`, () =>
    withProviders(
      () => ({ text: "It left this morning." }),
      async ({ ask }) => {
        const heard: ModelDelta[] = [];
        const reply = await ask(name, { onDelta: (delta) => heard.push(delta) });
        assert.equal(reply.value, "It left this morning.");
        assert.equal(textOf(heard), reply.value);
        assert.ok(heard.length > 1, "it came at once");
        assert.deepEqual(reply.tokens, { input: 60, cached: 40, output: 15, reasoning: 5 });
      },
    ));

for (const name of names)
  test(`${name}: whoever stops listening hangs up on the provider`, async () => {
    const hungUp = Promise.withResolvers<void>();
    await withProviders(
      () => ({ fault: "stalled" }),
      async ({ refused, provider }) => {
        provider.onHangUp(hungUp.resolve);
        const controller = new AbortController();
        const onDelta = () => controller.abort();
        const error = await refused(name, { onDelta, signal: controller.signal });
        assert.equal(error.code, "MODEL_CALL_ABORTED");
        await hungUp.promise;
      },
    );
  });

const labels = { enum: ["refund", "card"] };
const labelled = {
  type: "object",
  properties: { label: labels },
  required: ["label"],
  additionalProperties: false,
};

/** The first answer does not fit, the second does. */
const mendable: Script = ({ index }) => ({ text: `{"${index === 0 ? "lable" : "label"}": "card"}` });

for (const name of names)
  test(`${name}: an object is heard as it comes, and cannot be repaired once it was heard`, () =>
    withProviders(mendable, async ({ ask, refused, provider }) => {
      const heard: ModelDelta[] = [];
      const onDelta = (delta: ModelDelta) => heard.push(delta);
      const error = await refused(name, { output: labelled, onDelta });
      assert.deepEqual([error.code, error.retry], ["MODEL_OUTPUT_INVALID", null]);
      assert.equal(provider.requestCount(), 1);
      heard.length = 0;
      assert.deepEqual((await ask(name, { output: labelled, onDelta })).value, { label: "card" });
      assert.deepEqual(JSON.parse(textOf(heard)), { label: "card" });
    }));

for (const name of names)
  test(`${name}: without a listener the same answer is repaired once`, () =>
    withProviders(mendable, async ({ ask, provider }) => {
      assert.deepEqual((await ask(name, { output: labelled })).value, { label: "card" });
      assert.equal(provider.requestCount(), 2);
    }));

test("what travels in an envelope is heard without it, and is repaired before", () =>
  withProviders(
    ({ index }) => ({ text: `{"value": "${index === 0 ? "money" : "refund"}"}` }),
    async ({ ask, provider }) => {
      const heard: ModelDelta[] = [];
      const reply = await ask("openai", { output: labels, onDelta: (delta) => heard.push(delta) });
      assert.equal(reply.value, "refund");
      assert.deepEqual(heard, [{ type: "text", text: "refund" }]);
      assert.equal(provider.requestCount(), 2);
    },
  ));

test("a model that asks for a tool is heard to ask also where the answer would have an envelope", () =>
  withProviders(
    () => ({ toolCalls: [{ id: "c1", name: "find_order", arguments: "{}" }] }),
    async ({ ask }) => {
      const heard: ModelDelta[] = [];
      const tools = [{ name: "find_order", parameters: { type: "object" } }];
      await ask("openai", { output: labels, tools, onDelta: (delta) => heard.push(delta) });
      assert.deepEqual(heard, [
        { type: "tool_call", index: 0, id: "c1", name: "find_order", arguments: "{}" },
      ]);
    },
  ));
