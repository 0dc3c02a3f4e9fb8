import assert from "node:assert/strict";
import { test } from "node:test";
import { type World, world } from "./testing.ts";

const labels = ["delivery", "refund", "account"];

const sim = (price: string, quality: number) =>
  `{ provider: sim, price: { input: ${price}/M, output: ${price}/M }, latency: { p50: 3ms, p95: 5ms }, quality: ${quality}, seed: 7 }`;

const settings = `models:
  large: ${sim("$10", 0.97)}
routes:
  intent: { try: [large] }
`;

const flow = `workflow: flow
input: { type: object }
targets: { accuracy: 90% }
steps:
  - id: intent
    inference:
      route: intent
      prompt: { text: "Sort this: {{ input.text }}" }
      output: { type: string, enum: [delivery, refund, account] }
`;

const openings = ["hello", "please help", "good morning", "hi there", "a question"];
const questions: Readonly<Record<string, readonly string[]>> = {
  delivery: ["where is my parcel", "the courier never came", "my order has not arrived", "track my shipment"],
  refund: ["give me my money back", "i want a refund", "you charged me twice", "reimburse the fee"],
  account: ["i cannot log in", "reset my password", "my account is locked", "change my email address"],
};

/** Messages that say what they are about, each a little otherwise. */
function message(n: number) {
  const label = labels[n % labels.length] ?? "";
  const asked = questions[label] ?? [];
  const text = `${openings[n % openings.length]}, ${asked[n % asked.length]} number ${n}`;
  return { input: { text }, expected: label };
}

async function proved({ engine, runs }: World, id: string) {
  for (let round = 0; round < 30; round++) {
    const shown = await engine.optimizer.experimentShown(id);
    if (shown.stage === "promoted" || shown.stage === "rolledBack") return shown;
    await runs(50, message);
  }
  assert.fail(`experiment ${id} has not come to an end`);
}

test("a classifier of our own takes over what it is sure of, and one rollout takes it back", async (t) => {
  const made = await world(t, { "flyball.yaml": settings, "flow.yaml": flow });
  await made.runs(400, message);
  const { engine } = made;
  const { findings, proposals } = await engine.optimizer.cycle("flow");
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ["cascade"],
  );
  const [proposal] = proposals;
  assert.ok(proposal);
  const shown = await proved(made, await engine.optimizer.experiment(proposal.id));
  assert.equal(shown.stage, "promoted", shown.reason);
  assert.deepEqual(made.troubles, []);
});
