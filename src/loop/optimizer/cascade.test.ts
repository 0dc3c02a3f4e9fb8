import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "../../core/base/index.ts";
import { answersOf, askingStep } from "./answers.ts";
import type { Cycle } from "./index.ts";
import { type Asked, type World, world } from "./testing.ts";

const labels = ["delivery", "refund", "account"];

const sim = (price: string, quality: number) =>
  `{ provider: sim, price: { input: ${price}/M, output: ${price}/M }, latency: { p50: 3ms, p95: 5ms }, quality: ${quality}, seed: 7 }`;

const settings = (quality = 0.97) => `models:
  large: ${sim("$10", quality)}
routes:
  intent: { try: [large] }
`;

const output = "\n      output: { type: string, enum: [delivery, refund, account] }";
const flow = (more = "") => `workflow: flow
input: { type: object }
targets: { accuracy: 90% }
steps:
  - id: intent
    inference:
      route: intent
      prompt: { text: "Sort this: {{ input.text }}" }${output}
${more}`;

const openings = ["hello", "please help", "good morning", "hi there", "a question"];
const questions: Readonly<Record<string, readonly string[]>> = {
  delivery: ["where is my parcel", "the courier never came", "my order has not arrived", "track my shipment"],
  refund: ["give me my money back", "i want a refund", "you charged me twice", "reimburse the fee"],
  account: ["i cannot log in", "reset my password", "my account is locked", "change my email address"],
};

/** Messages that say what they are about, each a little otherwise. */
function message(n: number): Asked & { readonly expected: string } {
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

const kinds = ({ findings }: Cycle) => findings.map(({ kind }) => kind);

test("a classifier of our own takes over what it is sure of, and one rollout takes it back", async (t) => {
  const made = await world(t, { "flyball.yaml": settings(), "flow.yaml": flow() });
  await made.runs(600, message);
  const { engine } = made;
  const { registry, optimizer } = engine;
  const cycle = await optimizer.cycle("flow");
  assert.deepEqual(kinds(cycle), ["cascade"]);
  const [proposal] = cycle.proposals;
  assert.ok(proposal?.change.kind === "cascade");
  const { model, below } = proposal.change;
  assert.ok(proposal.diff.includes(`+tiers: [{ try: [${model}], below: ${below} }, { try: [large] }]`));
  assert.match(proposal.diff, /^\+sha256: [0-9a-f]{64}$/m);

  const { evidence, summary } = cycle.findings[0] ?? {};
  assert.match(summary ?? "", /^a classifier of our own, sure of \d+% of what came later, was right in/);
  const { trainedOn, heldOut, precision, calibrationError, dataset } = evidence as unknown as {
    trainedOn: number;
    heldOut: number;
    precision: { lowerBound: number };
    calibrationError: number;
    dataset: { name: string; digest: string };
  };
  assert.deepEqual([trainedOn, heldOut], [390, 210]);
  assert.ok(precision.lowerBound >= 0.9 && calibrationError <= 0.1);
  const content = await registry.contentOf(dataset.digest);
  const { rows } = content as unknown as {
    rows: { input: { text: string }; expected: object; source: { run: string; label: string } }[];
  };
  assert.equal(rows.length, 600);
  const last = rows.at(-1);
  const n = Number(last?.input.text.split(" ").at(-1));
  assert.deepEqual([last?.expected, last?.source.label], [{ intent: message(n).expected }, "expected"]);

  const shown = await proved(made, await optimizer.experiment(proposal.id));
  assert.equal(shown.stage, "promoted", shown.reason);
  assert.ok((shown.realised?.costPerRun.mid ?? 1) < 0.3 * proposal.before.costPerRun.mid);
  const { parts } = await registry.production("workflow/flow");
  const pinned = parts.assets.find(({ kind, name }) => kind === "model" && name === model);
  const { fileSha256 } = (pinned?.content ?? {}) as { fileSha256: string };
  assert.ok(existsSync(join(engine.home, "models", fileSha256)), "a run that began with it can go on");
  assert.deepEqual(kinds(await optimizer.cycle("flow")), [], "another one would stand before the first");

  // It outlives a restart, and goes by the rollout that brought it.
  await made.reopen();
  await made.runs(20, message);
  const later = made.engine;
  const rollout = (await later.optimizer.experimentShown(shown.id)).rollout ?? "";
  await later.registry.rollouts.rollBack(rollout, { by: "ann", reason: "as it was" });
  assert.equal(later.registry.labelled("route/intent", "production"), proposal.from);
  await later.optimizer.settled();
  const over = await later.optimizer.experimentShown(shown.id);
  assert.deepEqual([over.stage, over.reason], ["rolledBack", "as it was"], "without another run");
  const before = await later.registry.production("workflow/flow");
  assert.ok(!before.parts.assets.some(({ name }) => name === model));
  assert.deepEqual(made.troubles, []);
});

test("a cheaper model may take over what the classifier leaves", async (t) => {
  const small = `models:\n  small: ${sim("$1", 0.97)}\n`;
  const made = await world(t, { "flyball.yaml": settings(), "flow.yaml": flow() });
  await made.runs(600, message);
  const { optimizer, registry } = made.engine;
  const [cascade] = (await optimizer.cycle("flow")).proposals;
  const shown = await proved(made, await optimizer.experiment(cascade?.id ?? ""));
  assert.equal(shown.stage, "promoted", shown.reason);
  await made.write("flyball.yaml", settings().replace("models:\n", small));
  // Half of what is asked now is like nothing that it has learned.
  const strange = (n: number) => ({
    ...message(n),
    ...(n % 2 === 0 ? { input: { text: `zzz ${n} qqq` } } : {}),
  });
  await made.runs(300, strange);
  const [swap] = (await optimizer.cycle("flow")).proposals;
  assert.deepEqual(swap?.change, {
    kind: "swap_model",
    step: "intent",
    route: "intent",
    from: "large",
    to: "small",
  });
  assert.match(swap.diff, /^\+tiers: .*\{ try: \[small\] \}\]$/m);
  assert.ok(registry.find("model", String(cascade?.change.kind === "cascade" && cascade.change.model)));
});

test("a person's word on an answer counts, and a model's own only where there is none", async (t) => {
  const review = `  - id: approval
    human_review: { draft: "{{ intent.value }}", confidence: "{{ intent.confidence }}", below: 0.97 }
output: "{{ approval.value }}"
`;
  const { engine, runs } = await world(t, { "flyball.yaml": settings(), "flow.yaml": flow(review) });
  await runs(60, (n) => ({ input: message(n).input, known: message(n).expected }));
  const { definition } = await engine.registry.production("workflow/flow");
  const step = definition.type === "document" ? askingStep(definition.workflow, "intent") : undefined;
  assert.ok(step);
  const byFrom = Map.groupBy(await answersOf("flow", step, engine), ({ from }) => from);
  assert.deepEqual([...byFrom.keys()].sort(), ["answer", "approval", "correction"]);
  const right = new Map(
    Array.from({ length: 60 }, (_, n) => [
      `Sort this: ${(message(n).input as { text: string }).text}`,
      message(n).expected,
    ]),
  );
  for (const { text, label, by } of byFrom.get("correction") ?? [])
    assert.deepEqual([label, by], [right.get(text), "local"]);
  assert.ok(byFrom.get("correction")?.every(({ answer, label }) => answer !== label));
  assert.ok(byFrom.get("approval")?.every(({ answer, label, by }) => answer === label && by === "local"));
  assert.ok(byFrom.get("answer")?.every(({ answer, label, by }) => answer === label && by === null));
});

test("too few answers, contradicting ones, and a question that another step asks too teach nothing", async (t) => {
  const few = await world(t, { "flyball.yaml": settings(), "flow.yaml": flow() });
  await few.runs(590, message);
  assert.deepEqual(kinds(await few.engine.optimizer.cycle("flow")), []);

  // The same messages again and again, sorted now so and now so.
  const quarrel = (n: number) => {
    const { input } = message(n % 12);
    return { input, expected: labels[(n + Math.floor(n / 12)) % 3] ?? "" };
  };
  const contradicting = await world(t, { "flyball.yaml": settings(), "flow.yaml": flow() });
  await contradicting.runs(600, quarrel);
  assert.ok(!kinds(await contradicting.engine.optimizer.cycle("flow")).includes("cascade"));

  const other = `  - id: tone
    inference: { route: intent, prompt: { text: "Tone of {{ input.text }}" } }
`;
  const shared = await world(t, { "flyball.yaml": settings(), "flow.yaml": flow(other) });
  await shared.runs(600, message);
  assert.ok(!kinds(await shared.engine.optimizer.cycle("flow")).includes("cascade"));
});

test("what cannot be told from the words stays with the model", async (t) => {
  const made = await world(t, { "flyball.yaml": settings(), "flow.yaml": flow() });
  const drawn = (n: number) => labels[Math.floor(seededRandom(`label ${n}`).next() * labels.length)] ?? "";
  await made.runs(600, (n) => ({ input: { text: `message ${n}` }, expected: drawn(n) }));
  assert.deepEqual(kinds(await made.engine.optimizer.cycle("flow")), []);
});
