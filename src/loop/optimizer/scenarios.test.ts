import assert from "node:assert/strict";
import { test } from "node:test";
import { type World, world } from "./testing.ts";

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
  assert.match(proposal.diff, /^\+.*below: 0\.\d+ \} # careful$/m);
});

/** Traffic until an experiment is over. */
async function proved({ engine, runs }: World, id: string) {
  for (let round = 0; round < 40; round++) {
    const shown = await engine.optimizer.experimentShown(id);
    if (shown.stage === "promoted" || shown.stage === "rolledBack") return shown;
    await runs(50);
  }
  assert.fail(`experiment ${id} has not come to an end`);
}

test("a small model that agrees takes the place of a large one once that is shown", async (t) => {
  const made = await world(t, {
    "flyball.yaml": settings({ large: model("$10", 0.96), small: model("$1", 0.96) }),
    "flow.yaml": plainFlow,
  });
  await made.runs(200);
  const { proposals } = await made.engine.optimizer.cycle("flow");
  const [proposal] = proposals;
  assert.deepEqual(
    proposals.map(({ kind }) => kind),
    ["swap_model"],
  );
  const shown = await proved(made, await made.engine.optimizer.experiment(proposal?.id ?? ""));
  assert.equal(shown.stage, "promoted", shown.reason);
  const { replay } = shown;
  assert.deepEqual(
    [replay?.runs, replay?.replayed, replay?.blocked, replay?.steps],
    [200, 200, 0, { reused: 0, askedBefore: 200, doneAgain: 0 }],
    "what the finding asked is not asked again",
  );
  assert.ok((replay?.costUsd?.high ?? 0) < 0 && (replay?.right.low ?? 0) > 0.9);
  const { registry, journal } = made.engine;
  assert.equal(registry.labelled("route/intent", "production"), proposal?.to);
  assert.ok((shown.realised?.costPerRun.mid ?? 1) < 0.2 * (proposal?.before.costPerRun.mid ?? 0));
  const moves = (await registry.history("route/intent")).filter(({ type }) => type === "label.moved");
  assert.ok(
    moves.slice(1).every(({ data }) => typeof data?.rollout === "string"),
    "labels move by rollouts",
  );
  const staged = (await journal.read(`experiment/${shown.id}`)).filter(
    ({ type }) => type === "experiment.staged",
  );
  assert.deepEqual(
    staged.map(({ data }) => data?.share),
    [1, 0.1],
  );
  const again = await made.engine.optimizer.cycle("flow");
  assert.deepEqual(again.proposals, []);
  assert.deepEqual(made.troubles, []);
});

test("what is good on the past and bad in the present is taken back, and not proposed again", async (t) => {
  const made = await world(t, {
    "flyball.yaml": settings({
      large: model("$10", 0.96),
      small: model("$1", 0.96, ", changes: [{ at_call: 210, quality: 0.6 }]"),
    }),
    "flow.yaml": plainFlow,
  });
  await made.runs(200);
  const { proposals } = await made.engine.optimizer.cycle("flow");
  const shown = await proved(made, await made.engine.optimizer.experiment(proposals[0]?.id ?? ""));
  assert.deepEqual([shown.stage, shown.maxShare], ["rolledBack", 0], shown.reason);
  assert.equal(made.engine.registry.labelled("route/intent", "production"), proposals[0]?.from);
  assert.deepEqual(made.engine.registry.store.rollouts({ status: "running" }), []);
  assert.deepEqual((await made.engine.optimizer.cycle("flow")).proposals, []);
  assert.deepEqual(made.troubles, []);
});

test("what fails on the past never reaches the shadow", async (t) => {
  const made = await world(t, {
    "flyball.yaml": settings({ large: model("$10", 0.95, ", changes: [{ at_call: 301, quality: 0.5 }]") }),
    "flow.yaml": reviewed(0.995),
  });
  await made.runs(300);
  const [proposal] = (await made.engine.optimizer.cycle("flow")).proposals;
  assert.equal(proposal?.kind, "change_threshold");
  // What the proposal rests on is past by now: the drafts have become worse, and reviewers correct them.
  await made.runs(250);
  const id = await made.engine.optimizer.experiment(proposal?.id ?? "");
  await made.engine.optimizer.settled();
  const shown = await made.engine.optimizer.experimentShown(id);
  assert.deepEqual([shown.stage, shown.maxShare, shown.rollout], ["rolledBack", 0, null]);
  assert.match(shown.reason, /^\d+ of \d+ recorded runs were right: below 90%$/);
  assert.deepEqual([shown.replay?.replayed, shown.replay?.steps.doneAgain], [300, 0]);
  assert.deepEqual(made.engine.registry.store.rollouts({}), []);
  assert.deepEqual(made.troubles, []);
});

test("what turns bad after its promotion is taken back by itself, also after a restart", async (t) => {
  const made = await world(t, {
    "flyball.yaml": settings({
      large: model("$10", 0.96),
      small: model("$1", 0.96, ", changes: [{ at_call: 650, quality: 0.6 }]"),
    }),
    "flow.yaml": plainFlow,
  });
  await made.runs(200);
  const { proposals } = await made.engine.optimizer.cycle("flow");
  const promoted = await proved(made, await made.engine.optimizer.experiment(proposals[0]?.id ?? ""));
  assert.deepEqual([promoted.stage, promoted.isWatched], ["promoted", true], promoted.reason);
  await made.runs(100);
  assert.equal((await made.engine.optimizer.experimentShown(promoted.id)).stage, "promoted");
  // Calls are counted anew by each engine: it turns bad some hundred runs after the restart.
  await made.reopen();
  await made.runs(600);
  const good = await made.engine.optimizer.experimentShown(promoted.id);
  assert.equal(good.stage, "promoted", good.reason);
  assert.ok((good.realised?.runs ?? 0) >= 500, "what it has come to is measured again and again");
  await made.runs(150);
  const shown = await made.engine.optimizer.experimentShown(promoted.id);
  assert.equal(shown.stage, "rolledBack");
  assert.match(shown.reason, /^after its promotion, \d+ of the latest 20 were right: below 9\d(\.\d)?%$/);
  assert.ok((shown.realised?.runs ?? 0) > (good.realised?.runs ?? 0));
  const { registry } = made.engine;
  assert.equal(registry.labelled("route/intent", "production"), proposals[0]?.from);
  const back = (await registry.history("route/intent")).at(-1);
  assert.deepEqual([back?.type, back?.data?.to], ["label.moved", proposals[0]?.from]);
  assert.equal(registry.rollouts.row(String(back?.data?.rollout)).reason, shown.reason);
  assert.deepEqual((await made.engine.optimizer.cycle("flow")).proposals, []);
  assert.deepEqual(made.troubles, []);
});

test("the watch of a promoted change ends when another version comes after it", async (t) => {
  const made = await world(t, {
    "flyball.yaml": settings({ large: model("$10", 0.96), small: model("$1", 0.96) }),
    "flow.yaml": plainFlow,
  });
  await made.runs(200);
  const { registry, optimizer } = made.engine;
  const [proposal] = (await optimizer.cycle("flow")).proposals;
  const { id } = await proved(made, await optimizer.experiment(proposal?.id ?? ""));
  const move = { line: "route/intent", label: "production", by: "local", reason: null };
  await registry.moveLabel({ ...move, to: proposal?.from ?? "" });
  await made.runs(1);
  const shown = await optimizer.experimentShown(id);
  assert.deepEqual([shown.stage, shown.isWatched], ["promoted", false]);
  assert.deepEqual(made.troubles, []);
});

test("an experiment goes on after a restart with all that was counted before", async (t) => {
  const made = await world(t, {
    "flyball.yaml": settings({ large: model("$10", 0.96), small: model("$1", 0.96) }),
    "flow.yaml": plainFlow,
  });
  await made.runs(200);
  const { proposals } = await made.engine.optimizer.cycle("flow");
  const id = await made.engine.optimizer.experiment(proposals[0]?.id ?? "");
  // The first owner ends while it replays the past.
  await made.reopen();
  const stage = async () => (await made.engine.optimizer.experimentShown(id)).stage;
  while (["replay", "shadow"].includes(await stage())) await made.runs(20);
  const { reason } = await made.engine.optimizer.experimentShown(id);
  assert.equal(await stage(), "canary", reason);
  await made.reopen();
  const shown = await proved(made, id);
  assert.equal(shown.stage, "promoted", shown.reason);
  const judged = (text: string) => Number(/ of (\d+) were right/.exec(text)?.[1]);
  assert.ok(judged(shown.reason) >= judged(reason) + 30, `${reason}; then ${shown.reason}`);
  assert.deepEqual(made.troubles, []);
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
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ["parallelize", "add_cache", "add_cache"],
  );
  const [parallel, cache] = proposals;
  assert.match(parallel?.diff ?? "", /^\+ {4}needs: \[\]\n[\s\S]*^\+ {4}needs: \[intent, tone\]$/m);
  assert.match(cache?.diff ?? "", /^ {3}- id: intent\n\+ {4}cache: 1h$/m);
  const [before, after] = [
    parallel?.before.timeToResultP50.mid ?? 0,
    parallel?.expected.timeToResultP50.mid ?? 0,
  ];
  assert.ok(after < before, `${before} ms, ${after} ms`);
  assert.ok((cache?.expected.costPerRun.mid ?? 1) < 0.7 * (cache?.before.costPerRun.mid ?? 0));
});

for (const seed of [1, 2, 3])
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
