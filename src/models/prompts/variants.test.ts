import assert from "node:assert/strict";
import { test } from "node:test";
import { type Asset, WorkflowInvalid } from "../../core/workflow/index.ts";
import { estimatedTokens, loadPrompt, preferenceOf, renderPrompt } from "./index.ts";

const tool: Asset = {
  kind: "tool",
  name: "lookup_order",
  digest: "t",
  content: { description: "Finds an order.", input: { type: "object", required: ["id"] }, effect: "read" },
};
const yaml = (text: string) =>
  loadPrompt({
    file: "prompts/reply.yaml",
    text,
    name: "reply",
    tool: (name) => (name === tool.name ? tool : undefined),
  });

function problemsOf(text: string): readonly string[] {
  try {
    yaml(text);
  } catch (error) {
    assert.ok(error instanceof WorkflowInvalid, String(error));
    return error.problems.map(({ line, message }) => `${line} ${message}`);
  }
  return assert.fail("the prompt loaded");
}

const words = (asset: Asset, input: { [name: string]: string }, tags: { [name: string]: string } = {}) =>
  renderPrompt(asset, input, tags).messages.map(({ role, content }) => `${role}: ${String(content)}`);

const withExamples = `
input: { text: string, tone: string? }
messages:
  - { role: system, content: "Sort." }
  - { role: user, content: "It says: {{ text }}" }
  - { role: assistant, content: "The label is" }
examples:
  - { input: { text: "where is {{ it }}" }, output: order }
  - { input: { text: b }, output: refund }
  - { user: "In a {{ tone | default('kind') }} tone?", assistant: "no" }
output: { type: string }
`;

test("examples stand before the last message of a user, as what it would be for their input", () => {
  assert.deepEqual(words(yaml(withExamples), { text: "now" }), [
    "system: Sort.",
    "user: It says: where is {{ it }}",
    "assistant: order",
    "user: It says: b",
    "assistant: refund",
    "user: In a kind tone?",
    "assistant: no",
    "user: It says: now",
    "assistant: The label is",
  ]);
});

test("an example's answer that is no text is JSON; without a user message, examples come last", () => {
  const plain = yaml("text: '{{ text }}'\nexamples: [{ input: { text: a }, output: { label: x } }]");
  assert.deepEqual(words(plain, { text: "b" })[1], 'assistant: {"label":"x"}');
  const system = yaml(
    "messages: [{ role: system, content: Hi }]\nexamples: [{ user: '{{ q }}', assistant: A }]",
  );
  assert.deepEqual(words(system, { q: "Q" }), ["system: Hi", "user: Q", "assistant: A"]);
});

test("an example that does not fit the prompt is refused where it stands", () => {
  const head = "input: { text: string }\noutput: { enum: [a] }\ntext: '{{ text }}'\nexamples:\n";
  const cases: readonly [string, RegExp][] = [
    ["  - { input: { txt: b }, output: a }", /^5 examples.0: input: .*"text"/],
    ["  - { input: { text: 3 }, output: a }", /^5 examples.0: input.text: .*string/],
    ["  - { input: { text: b }, output: z }", /^5 examples.0: output: /],
    ["  - { input: { text: b } }", /^5 examples.0: expected `\{ input, output \}` or/],
    ["  - { user: '{{ txt }}', assistant: a }", /^5 examples.0.user: .*did you mean `text`/],
  ];
  for (const [example, problem] of cases) assert.match(problemsOf(head + example)[0] ?? "", problem, example);
  const [alone] = problemsOf(
    "input: { t: string }\nmessages: [{ role: system, content: Hi }]\nexamples: [{ input: { t: b }, output: a }]",
  );
  assert.match(alone ?? "", /needs a user message/);
});

test("tools are described in place, or taken from the files of tools that exist", () => {
  const asset = yaml(
    "text: Hi\ntools:\n  - lookup_order\n  - { name: stop, parameters: { type: object, properties: {} } }",
  );
  assert.deepEqual(renderPrompt(asset, {}).tools, [
    {
      name: "lookup_order",
      description: "Finds an order.",
      parameters: { type: "object", required: ["id"] },
    },
    { name: "stop", parameters: { type: "object", properties: {} } },
  ]);
  assert.match(problemsOf("text: Hi\ntools: [lookup]")[0] ?? "", /^2 tools.0: there is no tool `lookup`/);
  assert.match(problemsOf("text: Hi\ntools: [lookup_order, lookup_order]")[0] ?? "", /already/);
  assert.match(problemsOf("text: Hi\ntools: [{ name: a b, parameters: {} }]")[0] ?? "", /tools/);
});

const many = `
text: plain
settings: { temperature: 1, max_tokens: 9 }
variants:
  - { language: de, text: de }
  - { language: de_ch, text: de-CH }
  - { channel: email, text: email }
  - { channel: email, language: de, text: email de }
  - { tenant: acme, text: acme, settings: { temperature: 0 } }
  - { tenant: acme, language: de-CH, tools: [lookup_order] }
`;

test("the variant is chosen by tenant, then channel, then the longest language", () => {
  const asset = yaml(many);
  const cases: readonly [string, string, string][] = [
    ["", "plain", "default"],
    ["language=fr", "plain", "default"],
    ["language=de", "de", "language=de"],
    ["language=DE-at", "de", "language=de"],
    ["language=de_CH", "de-CH", "language=de-CH"],
    ["language=de-CH-1996", "de-CH", "language=de-CH"],
    ["language=den", "plain", "default"],
    ["language=not a language", "plain", "default"],
    ["channel=email", "email", "channel=email"],
    ["channel=email,language=de-CH", "email de", "channel=email,language=de"],
    ["tenant=acme,channel=email,language=de", "acme", "tenant=acme"],
    ["tenant=acme,language=de-CH", "plain", "tenant=acme,language=de-CH"],
    ["tenant=other,language=de-CH", "de-CH", "language=de-CH"],
  ];
  for (const [written, said, name] of cases) {
    const tags = Object.fromEntries(written === "" ? [] : written.split(",").map((tag) => tag.split("=")));
    const rendered = renderPrompt(asset, {}, tags);
    assert.deepEqual([rendered.messages[0]?.content, rendered.variant.name], [said, name], written);
  }
});

test("a variant takes the place of what it gives, and of settings only where they differ", () => {
  const acme = renderPrompt(yaml(many), {}, { tenant: "acme" });
  assert.deepEqual(structuredClone(acme.settings), { temperature: 0, maxTokens: 9 });
  assert.equal(acme.tools, undefined);
  assert.equal(renderPrompt(yaml(many), {}, { tenant: "acme", language: "de-CH" }).tools?.length, 1);
  const german = `${withExamples}variants: [{ language: de, messages: [{ role: user, content: "Da steht: {{ text }}" }] }]`;
  assert.deepEqual(words(yaml(german), { text: "x" }, { language: "de" }).slice(2, 4), [
    "user: Da steht: b",
    "assistant: refund",
  ]);
});

test("the reason says what was asked for, and among how many was chosen", () => {
  const reason = (tags: { [name: string]: string }) => renderPrompt(yaml(many), {}, tags).variant.reason;
  assert.equal(reason({ language: "fr" }), "no variant fits language=fr");
  assert.equal(reason({}), "no variant fits a run without tenant, channel and language");
  assert.equal(
    reason({ channel: "email", language: "de" }),
    "fits channel=email, language=de; the most specific of 3 that fit",
  );
});

test("a variant that names nothing, names what another does, or is wrong inside, is refused where it stands", () => {
  const head = "input: { text: string }\ntext: '{{ text }}'\nvariants:\n";
  const cases: readonly [string, RegExp][] = [
    ["  - { text: x }", /^4 variants.0: expected at least one of tenant, channel, language/],
    ["  - { language: de, text: x }\n  - { language: DE, text: y }", /^5 variants.1: .*language=de already/],
    ["  - { language: '!!', text: x }", /^4 variants.0.language: expected a language/],
    ["  - { language: de, text: '{{ txt }}' }", /^4 variants.0.text: .*did you mean `text`/],
    ["  - { langage: de, text: x }", /did you mean "language"/],
    ["  - { language: de, examples: [{ input: {}, output: a }] }", /^4 variants.0.examples.0: input/],
    ["  - { language: de, output: {} }", /output/],
  ];
  for (const [variant, problem] of cases) assert.match(problemsOf(head + variant)[0] ?? "", problem, variant);
});

test("a prompt may say who answers, and what is not said is not part of its digest", () => {
  assert.deepEqual(preferenceOf(yaml("text: Hi\nroute: fast")), { route: "fast" });
  assert.deepEqual(preferenceOf(yaml("text: Hi\nmodel: house/small")), { model: "house/small" });
  assert.deepEqual(preferenceOf(yaml("text: Hi")), {});
  assert.match(problemsOf("text: Hi\nmodel: a\nroute: b")[0] ?? "", /^2 model: expected either/);
  assert.equal(yaml("text: Hi").digest, yaml("description: x\ntext: Hi").digest);
  assert.notEqual(yaml("text: Hi").digest, yaml("text: Hi\nroute: fast").digest);
});

test("an estimate grows with words, messages and tools", () => {
  const message = { role: "user", content: "x".repeat(400) } as const;
  assert.equal(estimatedTokens([message]), 104);
  assert.equal(estimatedTokens([message, message]), 208);
  assert.ok(estimatedTokens([message], [{ name: "a", parameters: {} }]) > 104);
});
