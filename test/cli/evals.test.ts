/** Measuring a workflow from the command line: eval, bench, replay, and their exit codes. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { flyball } from "../command.ts";

const workflow = (model: string) => `workflow: triage
input: { type: object, required: [text] }
steps:
  - id: intent
    inference:
      model: ${model}
      prompt: { text: "Which? {{ input.text }}" }
      output: { type: string, enum: [refund, delivery] }
output: { intent: "{{ intent.value }}" }
`;

const settings = `models:
  good: { provider: sim, price: { input: $1/M, output: $1/M }, latency: { p50: 0ms, p95: 0ms }, quality: 1, seed: 1 }
  poor: { provider: sim, price: { input: $9/M, output: $9/M }, latency: { p50: 0ms, p95: 0ms }, quality: 0, seed: 1 }
`;

function setup(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-cli-evals-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "prompts"));
  writeFileSync(join(folder, "flyball.yaml"), settings);
  writeFileSync(join(folder, "good.yaml"), workflow("good"));
  writeFileSync(join(folder, "poor.yaml"), workflow("poor"));
  const rows = Array.from({ length: 12 }, (_, n) => `message ${n},${n % 2 ? "refund" : "delivery"}`);
  writeFileSync(join(folder, "rows.csv"), ["text,expected.intent", ...rows].join("\n"));
  return (...args: string[]) => flyball(args, { cwd: folder });
}

test("a gate that fails is exit code 1, one that holds is 0, one that makes no sense is 2", async (t) => {
  const command = setup(t);
  const passed = await command("eval", "good.yaml", "--data", "rows.csv", "--gate", "accuracy>=0.9");
  assert.equal(passed.code, 0, passed.stderr);
  assert.match(passed.stdout, /accuracy +1\.0000 +0\.7575 to 1\.0000 +wilson +12\n/);
  const failed = await command("eval", "poor.yaml", "--data", "rows.csv", "--gate", "accuracy>=0.9");
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /The gate accuracy>=0\.9 fails: it is 0\./);
  const senseless = await command("eval", "good.yaml", "--data", "rows.csv", "--gate", "accuracy");
  assert.equal(senseless.code, 2);
});

test("bench prints its figures, and replay holds a candidate against its runs", async (t) => {
  const command = setup(t);
  const benched = await command("bench", "good.yaml", "--data", "rows.csv");
  assert.equal(benched.code, 0, benched.stderr);
  for (const figure of [
    "time to result",
    "tasks a minute",
    "cost per run",
    "accuracy: intent",
    "agent utilization",
    "errors",
    "fallbacks",
  ])
    assert.ok(benched.stdout.includes(figure), `${figure} in\n${benched.stdout}`);
  const same = await command("replay", "good.yaml", "--json");
  assert.equal(same.code, 0, same.stderr);
  assert.deepEqual(
    [JSON.parse(same.stdout).summary.replayed, JSON.parse(same.stdout).summary.changed.value],
    [12, 0],
  );
  const other = await command("replay", "poor.yaml");
  assert.match(other.stdout, /changed +1\.0000 +0\.7575 to 1\.0000/);
});
