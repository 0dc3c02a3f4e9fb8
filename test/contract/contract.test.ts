/**
 * What `--json` prints, for scripts. A member may be added here; none is renamed or taken away.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { flyball, jsonLines, type Outcome } from "../command.ts";

type Shown = Readonly<Record<string, unknown>>;

const workflow = `workflow: contract
input: { type: object, required: [n], properties: { n: { type: integer } } }
steps:
  - id: double
    transform: { value: "{{ input.n * 2 }}" }
  - id: only_large
    if: "{{ input.n > 1 }}"
    transform: { value: large }
  - id: checked
    human_review: { draft: "{{ double.value }}", when: "{{ input.n == 2 }}", assign: support, within: 4h }
output: { double: "{{ checked.value }}" }
`;

let folder = "";
let ran: Outcome;
const command = (...args: string[]) => flyball(args, { cwd: folder });
const keys = (value: unknown) => Object.keys(value as object).sort();

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "flyball-contract-"));
  writeFileSync(join(folder, "contract.yaml"), workflow);
  writeFileSync(join(folder, "in.csv"), "n,expected.double\n1,2\n2,4\nthree,6\n");
  ran = await command("run", "contract.yaml", "--input", "in.csv", "--json");
});
after(() => rmSync(folder, { recursive: true, force: true }));

const runKeys = [
  "batch", "cost", "endedAt", "error", "expiresAt", "forkedFrom", "input", "output", "parent", "paused", "release",
  "rollouts", "row", "runId", "shadowOf", "startedAt", "status", "steps", "tags", "undo", "version", "waiting", "workflow",
]; // biome-ignore format: one list
const stepKeys = [
  "attempts",
  "endedAt",
  "error",
  "key",
  "kind",
  "path",
  "result",
  "startedAt",
  "status",
  "waiting",
];

test("run: one line a run, then one with the summary", () => {
  assert.equal(ran.code, 1, "a row that does not fit is a failure");
  assert.match(ran.stderr, /row 3: .*input\.n/s);
  const lines = jsonLines<Shown>(ran.stdout);
  const runs = lines.slice(0, -1);
  assert.equal(runs.length, 2);
  for (const run of runs) assert.deepEqual(keys(run), runKeys);
  const [first] = runs.filter((run) => run.row === 1) as [Shown];
  assert.equal(first.status, "completed");
  assert.deepEqual(first.output, { double: 2 });
  assert.equal(first.waiting, null);
  const steps = first.steps as Shown[];
  assert.deepEqual(
    steps.map(({ path, status, attempts, key }) => ({ path, status, attempts, key })),
    [
      { path: "double", status: "completed", attempts: 1, key: `${first.runId}/double` },
      { path: "only_large", status: "skipped", attempts: 0, key: `${first.runId}/only_large` },
      { path: "checked", status: "completed", attempts: 1, key: `${first.runId}/checked` },
    ],
  );
  for (const step of steps) assert.deepEqual(keys(step), stepKeys);
  const { summary } = lines.at(-1) as { summary: Shown };
  assert.deepEqual(keys(summary), [
    "accuracy", "agentUtilization", "automated", "batch", "costMean", "costTotal", "errorRate", "fallbackRate",
    "refused", "rows", "simulated", "status", "steps", "tasksPerMinute", "timeToResult", "version", "workflow",
  ]); // biome-ignore format: one list
  assert.deepEqual(summary.status, { completed: 1, waiting: 1 });
  assert.equal(summary.automated, 0.5);
  assert.deepEqual(summary.accuracy, [
    { of: "double", among: "automated", right: 1, n: 1 },
    { of: "double", among: "all", right: 2, n: 2 },
  ]);
});

test("run: a waiting run says what it waits for and until when", () => {
  const waiting = jsonLines<Shown>(ran.stdout).find((line) => line.row === 2);
  assert.equal(waiting?.status, "waiting");
  assert.deepEqual(keys(waiting?.waiting), ["deadline", "dueAt", "for", "key", "path", "since"]);
  const { for: what, path } = (waiting?.waiting ?? {}) as { for?: string; path?: string };
  assert.deepEqual([what, path], ["review", "checked"]);
});

test("replay and eval", async () => {
  const replayed = JSON.parse((await command("replay", "contract.yaml", "--json")).stdout);
  assert.deepEqual(keys(replayed), ["items", "release", "summary", "workflow"]);
  assert.deepEqual(keys(replayed.items[0]), [
    "blockedEffects", "computed", "costUsd", "differences", "irreproducible", "needsReview", "output", "problem",
    "rerun", "reused", "run", "status", "steps", "tookMs",
  ]); // biome-ignore format: one list
  assert.deepEqual(keys(replayed.items[0].steps[0]), ["how", "isChanged", "kind", "mark", "path"]);
  const evaluated = JSON.parse((await command("eval", "contract.yaml", "--data", "in.csv", "--json")).stdout);
  assert.deepEqual(keys(evaluated), [
    "comparison", "dataset", "figures", "gates", "items", "release", "version", "workflow",
  ]); // biome-ignore format: one list
  assert.deepEqual(keys(evaluated.figures.accuracy), ["high", "low", "method", "n", "value"]);
});

test("runs list and runs show", async () => {
  const listed = jsonLines<Shown>((await command("runs", "list", "--json")).stdout);
  assert.equal(listed.length, 2);
  for (const run of listed)
    assert.deepEqual(keys(run), [
      "batch", "cost", "endedAt", "error", "expiresAt", "parent", "row", "runId", "shadowOf", "startedAt", "status", "tags", "version", "waiting", "workflow",
    ]); // biome-ignore format: one list
  const shown = await command("runs", "show", String(listed[0]?.runId), "--json");
  assert.deepEqual(keys(JSON.parse(shown.stdout)), runKeys);
  const missing = await command("runs", "show", "nobody", "--json");
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /no run nobody/);
});

test("reviews list, show and decide; a second answer is refused", async () => {
  const [review] = jsonLines<Shown>((await command("reviews", "list", "--json")).stdout);
  assert.deepEqual(keys(review), [
    "assign", "confidence", "deadline", "decidedAt", "escalated", "gist", "path", "reason", "requestedAt", "reviewId",
    "runId", "status", "workflow",
  ]); // biome-ignore format: one list
  const id = String(review?.reviewId);
  const shown = JSON.parse((await command("reviews", "show", id, "--json")).stdout);
  assert.deepEqual(keys(shown), [
    "assign", "confidence", "deadline", "decision", "draft", "escalated", "evidence", "instructions", "path", "reason",
    "requestedAt", "reviewId", "runId", "status", "workflow",
  ]); // biome-ignore format: one list
  assert.equal(shown.draft, 4);
  const decided = await command("reviews", "decide", id, "--correct", "5", "--json");
  assert.equal(decided.code, 0, decided.stderr);
  assert.equal(JSON.parse(decided.stdout).runStatus, "completed");
  const again = await command("reviews", "decide", id, "--approve", "--json");
  assert.equal(again.code, 3);
  assert.match(again.stderr, /already decided by local/);
  const run = JSON.parse((await command("runs", "show", String(review?.runId), "--json")).stdout);
  assert.deepEqual(run.output, { double: 5 });
});

test("budgets and costs", async () => {
  writeFileSync(
    join(folder, "flyball.yaml"),
    `models: { m: { provider: sim, price: { input: $1/M, output: $1/M } } }
budgets: [{ name: house, limit: $1, period: day }]
`,
  );
  const workflow = "workflow: spend\nsteps: [{ id: a, inference: { model: m, prompt: { text: hi } } }]\n";
  writeFileSync(join(folder, "spend.yaml"), workflow);
  await command("run", "spend.yaml", "--input", "{}", "--json");
  const [budget] = jsonLines<Shown>((await command("budgets", "--json")).stdout);
  assert.deepEqual(keys(budget), [
    "action", "by", "key", "limit", "name", "period", "reserved", "resetsAt", "spent", "status", "unit",
  ]); // biome-ignore format: one list
  const [cost] = jsonLines<Shown>((await command("costs", "--json")).stdout);
  assert.deepEqual(keys(cost), ["calls", "cost", "key", "tokens", "unpriced"]);
  assert.deepEqual([cost?.key, cost?.calls, cost?.cost], ["spend", 1, budget?.spent]);
});

test("verify and export", async () => {
  const verified = JSON.parse((await command("verify", "--json")).stdout);
  assert.deepEqual(keys(verified), ["events", "firstBad", "head", "ok", "seals"]);
  assert.equal(verified.ok, true);
  assert.equal(verified.firstBad, null);
  const lines = jsonLines<Shown>((await command("export", "--json")).stdout);
  const events = lines.filter((line) => "position" in line);
  assert.ok(events.length >= verified.events);
  for (const event of events)
    assert.deepEqual(keys(event), [
      "actor",
      "at",
      "data",
      "digest",
      "hash",
      "position",
      "prev",
      "salt",
      "seq",
      "stream",
      "type",
    ]);
  assert.deepEqual(
    events.map((event) => event.position),
    events.map((_, index) => index + 1),
  );
  assert.deepEqual(keys(lines.at(-1)), ["publicKey", "seal"]);
});
