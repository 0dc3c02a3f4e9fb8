import assert from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../loop/optimizer/testing.ts";
import { asked } from "./testing.ts";

const files = {
  "flyball.yaml": `models:
  large: { provider: sim, price: { input: $9/M, output: $9/M }, latency: { p50: 1ms, p95: 2ms }, quality: 0.97, seed: 1, labels: [a, b, c, d] }
  small: { provider: sim, price: { input: $1/M, output: $1/M }, latency: { p50: 1ms, p95: 2ms }, quality: 0.97, seed: 2, labels: [a, b, c, d] }
routes:
  intent: { try: [large] }
`,
  "flow.yaml": `workflow: flow
input: { type: object }
targets: { accuracy: 90% }
steps:
  - id: intent
    inference: { route: intent, prompt: { text: "Classify {{ input.text }}" } }
`,
};

test("a look, a proposal and its experiment, as a script sees them", async (t) => {
  const made = await world(t, files);
  const { engine, runs } = made;
  const ask = (method: string, path: string, body?: object) => asked(made, method, path, body);
  const look = () => ask("POST", "/v1/optimizer/cycles", { workflow: "flow" });
  assert.deepEqual((await look()).body, { workflow: "flow", findings: [], proposals: [] });
  await runs(200);
  const { body } = await look();
  assert.deepEqual(
    body.findings.map(({ kind }: { kind: string }) => kind),
    ["swap_model"],
  );
  const looks = (await ask("GET", "/v1/optimizer/cycles?workflow=flow")).body.items;
  assert.deepEqual(
    looks.map(({ findings, proposals }: { findings: object; proposals: object }) => [findings, proposals]),
    [
      [body.findings, body.proposals.map(({ id }: { id: string }) => id)],
      [[], []],
    ],
  );
  const { items } = (await ask("GET", "/v1/proposals?workflow=flow")).body;
  assert.deepEqual(items, body.proposals);
  const [{ id, kind, status, diff, expected }] = items;
  assert.deepEqual([kind, status], ["swap_model", "open"]);
  assert.match(diff, /^-.*large\n\+.*small$/m);
  const { low, mid, high } = expected.costPerRun;
  assert.ok(low <= mid && mid <= high && mid > 0);
  assert.ok(expected.accuracy.mid > 0.9 && expected.automated.mid === 1 && expected.timeToResultP50.mid > 0);

  const begun = await ask("POST", `/v1/proposals/${id}/experiments`, {});
  assert.equal(begun.status, 201);
  await engine.optimizer.settled();
  const shown = (await ask("GET", `/v1/experiments/${begun.body.id}`)).body;
  assert.deepEqual([shown.stage, shown.share, shown.maxShare, shown.realised], ["shadow", 0, 0, null]);
  assert.deepEqual(shown.seen, { runs: 0, judged: 0, right: 0, shown: 0 });
  assert.deepEqual(shown.expected, expected);
  const again = await ask("POST", `/v1/proposals/${id}/experiments`, {});
  assert.deepEqual([again.status, again.body.code], [409, "PROPOSAL_STALE"]);
  const missing = await Promise.all([
    ask("GET", "/v1/proposals/none"),
    ask("GET", "/v1/experiments/none"),
    ask("POST", "/v1/optimizer/cycles", { workflow: "none" }),
  ]);
  assert.deepEqual(
    missing.map((each) => each.body.code),
    ["PROPOSAL_NOT_FOUND", "EXPERIMENT_NOT_FOUND", "ASSET_NOT_FOUND"],
  );
});
