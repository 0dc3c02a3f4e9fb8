/** The optimizer from the command line: what it proposes by itself, and who approves. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { flyball, jsonLines, start } from "../command.ts";

const model = (price: string, seed: number) =>
  `{ provider: sim, price: { input: ${price}/M, output: ${price}/M }, latency: { p50: 0ms, p95: 0ms }, quality: 0.98, seed: ${seed}, labels: [a, b] }`;

const files = {
  "flyball.yaml": `models: { large: ${model("$9", 1)}, small: ${model("$1", 2)} }
routes: { intent: { try: [large] } }
optimizer: { mode: propose, every: 120 runs }
`,
  "flow.yaml": `workflow: flow
input: { type: object }
targets: { accuracy: 90% }
steps:
  - id: intent
    inference: { route: intent, prompt: { text: "Classify {{ input.text }}" } }
`,
  "rows.csv": ["text,expected", ...Array.from({ length: 120 }, (_, n) => `message ${n},${"ab"[n % 2]}`)].join(
    "\n",
  ),
};

/** A served workflow with one proposal, which the server made by itself. */
async function proposed(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-cli-optimize-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const command = (...args: string[]) => flyball(args, { cwd: folder });
  const server = start(["serve", ".", "--port", "0"], { cwd: folder });
  t.after(async () => {
    server.child.kill("SIGTERM");
    await server.outcome;
  });
  await new Promise<void>((resolve) =>
    server.child.stderr?.on("data", (text) => /Serving/.test(text) && resolve()),
  );

  const ran = await command("run", "flow.yaml", "--input", "rows.csv");
  assert.equal(ran.code, 0, ran.stderr);
  const open = async () => {
    const { stdout } = await command("optimize", "proposals", "--status", "open", "--json");
    return jsonLines<{ id: string; kind: string }>(stdout);
  };
  let [proposal] = await open();
  while (!proposal) [proposal] = await open();
  assert.equal(proposal.kind, "swap_model");
  return { command, open, proposal };
}

test("a served workflow is looked at by itself; a proposal waits until somebody approves of it", async (t) => {
  const { command, open, proposal } = await proposed(t);
  const tried = await command("optimize", "try", proposal.id, "--by", "ann", "--json");
  const { id, by } = JSON.parse(tried.stdout);
  assert.equal(by, "ann");
  const shown = await command("optimize", "show", id);
  assert.match(shown.stdout, /^stage +(replay|shadow)$/m);
  const again = await command("optimize", "try", proposal.id);
  assert.deepEqual([again.code, await open()], [3, []]);
});

test("a person says no to a proposal, and the list tells who and why", async (t) => {
  const { command, open, proposal } = await proposed(t);
  const silent = await command("optimize", "decline", proposal.id);
  assert.deepEqual([silent.code, (await open()).length], [2, 1]);
  assert.match(silent.stderr, /--reason <text>/);
  const no = ["optimize", "decline", proposal.id, "--reason", "too soon", "--by", "ann"];
  const { code, stdout } = await command(...no);
  assert.deepEqual([code, stdout], [0, "declined by ann: too soon\n"]);
  assert.equal((await command(...no)).code, 3);
  assert.deepEqual(await open(), []);
  const listed = await command("optimize", "proposals", "--status", "declined");
  assert.match(listed.stdout, / swap_model +declined +declined by ann: too soon$/m);
  const again = await command("optimize", "look", "flow", "--json");
  assert.deepEqual(JSON.parse(again.stdout).proposals, []);
});
