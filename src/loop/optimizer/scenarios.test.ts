import assert from "node:assert/strict";
import { test } from "node:test";
import { world } from "./testing.ts";

const labels = "labels: [a, b, c, d]";
const model = (price: string, quality: number, more = "", latency = "{ p50: 3ms, p95: 5ms }") =>
  `{ provider: sim, price: { input: ${price}/M, output: ${price}/M }, latency: ${latency}, quality: ${quality}, seed: 7, ${labels}${more} }`;

const settings = (models: Record<string, string>, first = "large") =>
  `models:\n${Object.entries(models)
    .map(([name, text]) => `  ${name}: ${text}`)
    .join("\n")}\nroutes:\n  intent: { try: [${first}] }\n`;

const reviewed = (below: number) => `workflow: flow
input: { type: object }
targets: { automated: 70%, accuracy: 90% }
steps:
  - id: intent
    inference: { route: intent, prompt: { text: "Classify {{ input.text }}" } }
  - id: approval
    human_review: { draft: "{{ intent.value }}", confidence: "{{ intent.confidence }}", below: ${below} } # careful
output: "{{ approval.value }}"
`;

const plainFlow = `workflow: flow
input: { type: object }
targets: { accuracy: 90% }
steps:
  - id: intent
    inference: { route: intent, prompt: { text: "Classify {{ input.text }}" } }
`;

test("a threshold that people hardly ever need is lowered", async (t) => {
  const { engine, runs } = await world(t, {
    "flyball.yaml": settings({ large: model("$10", 0.95) }),
    "flow.yaml": reviewed(0.995),
  });
  await runs(500);
  const { findings, proposals } = await engine.optimizer.cycle("flow");
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ["change_threshold"],
  );
  const [proposal] = proposals;
  assert.ok(proposal);
  console.log(
    proposal.diff,
    JSON.stringify(proposal.expected),
    JSON.stringify(proposal.before),
    JSON.stringify(proposal.finding),
  );
  assert.match(proposal.diff, /^\+.*below: 0\.\d+ \} # careful$/m);
});

test("a small model that agrees takes the place of a large one, and proves it", async (t) => {
  const { engine, runs, troubles } = await world(t, {
    "flyball.yaml": settings({ large: model("$10", 0.96), small: model("$1", 0.96) }),
    "flow.yaml": plainFlow,
  });
  await runs(200);
  const { proposals } = await engine.optimizer.cycle("flow");
  assert.deepEqual(
    proposals.map(({ kind }) => kind),
    ["swap_model"],
  );
  console.log(proposals[0]?.diff, JSON.stringify(proposals[0], null, 1));
  const id = await engine.optimizer.experiment(proposals[0]?.id ?? "");
  for (let round = 0; round < 20; round++) {
    await runs(50);
    const shown = await engine.optimizer.experimentShown(id);
    console.log(round, shown.stage, shown.share, shown.reason);
    if (shown.stage === "promoted" || shown.stage === "rolledBack") break;
  }
  const shown = await engine.optimizer.experimentShown(id);
  assert.equal(shown.stage, "promoted", shown.reason);
  assert.deepEqual(troubles, []);
});

test("what is good on the past and bad in the present is taken back", async (t) => {
  const { engine, runs, troubles } = await world(t, {
    "flyball.yaml": settings({
      large: model("$10", 0.96),
      small: model("$1", 0.96, ", changes: [{ at_call: 210, quality: 0.6 }]"),
    }),
    "flow.yaml": plainFlow,
  });
  await runs(200);
  const { proposals } = await engine.optimizer.cycle("flow");
  const id = await engine.optimizer.experiment(proposals[0]?.id ?? "");
  await runs(150);
  const shown = await engine.optimizer.experimentShown(id);
  console.log(shown);
  assert.equal(shown.stage, "rolledBack", shown.reason);
  assert.ok(shown.maxShare <= 0.1);
  assert.deepEqual(troubles, []);
});

test("needless sequences and repeated questions", async (t) => {
  const { engine, runs } = await world(t, {
    "flyball.yaml": settings({ large: model("$10", 0.96, "", "{ p50: 60ms, p95: 80ms }") }),
    "flow.yaml": `workflow: flow
input: { type: object }
steps:
  - id: intent
    inference: { route: intent, prompt: { text: "Classify {{ input.text }}" } }
  - id: tone
    inference: { route: intent, prompt: { text: "Tone of {{ input.text }}" } }
  - id: both
    transform: { value: "{{ intent.value }} {{ tone.value }}" }
`,
  });
  await runs(200, (n) => ({ input: { text: `message ${n % 40}` }, expected: "a" }));
  const { findings, proposals } = await engine.optimizer.cycle("flow");
  console.log(JSON.stringify(findings, null, 1), proposals.map(({ diff }) => diff).join("\n"));
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ["parallelize", "add_cache", "add_cache"],
  );
});

for (const seed of Array.from({ length: Number(process.env.SEEDS ?? 3) }, (_, n) => n))
  test(`where nothing is wrong, nothing is proposed (${seed})`, async (t) => {
    const large = model("$10", 0.95).replace("seed: 7", `seed: ${seed}`);
    const small = model("$1", 0.85).replace("seed: 7", `seed: ${seed}`);
    const { engine, runs } = await world(t, {
      "flyball.yaml": settings({ large, small }),
      "flow.yaml": reviewed(0.7),
    });
    await runs(300);
    const { findings } = await engine.optimizer.cycle("flow");
    assert.deepEqual(findings, []);
  });
