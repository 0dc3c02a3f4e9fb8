/**
 * `kill -9` at random moments of a batch whose steps call a slow, unreliable service; the same command
 * again, until it ends. Short in `npm test`; the full test is 1,000 inputs and 30 kills:
 *
 *   FLYBALL_KILL_ROWS=1000 FLYBALL_KILLS=30 node --test test/crash/kill.test.ts
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom } from "../../src/core/base/index.ts";
import { flyball, jsonLines, start } from "../command.ts";
import { startSink } from "./sink.ts";

const rows = Number(process.env.FLYBALL_KILL_ROWS ?? 120);
const killsWanted = Number(process.env.FLYBALL_KILLS ?? 5);
const seed = Number(process.env.FLYBALL_SEED ?? 1);
const stepsPerRun = 5;
const concurrency = 8;

function workflow(port: number): string {
  const step = (index: number) => `
  - id: call${index}
    retry: { attempts: 8, backoff: 20ms, max: 100ms }
    tool: { http: { method: POST, url: "http://127.0.0.1:${port}/", body: { n: "{{ input.n }}", step: ${index} } } }`;
  return `workflow: calls\ninput: { type: object, required: [n], properties: { n: { type: integer } } }\nsteps:${Array.from({ length: stepsPerRun }, (_, index) => step(index)).join("")}\n`;
}

test(`${killsWanted} kills lose nothing of ${rows} runs and record nothing twice (seed ${seed})`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "flyball-kill-"));
  const sink = await startSink({ delayMs: 20, failEvery: 41 });
  t.after(async () => {
    await sink.close();
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(folder, "calls.yaml"), workflow(sink.port));
  writeFileSync(join(folder, "flyball.yaml"), `allow: { http: ["127.0.0.1:${sink.port}"] }\n`);
  writeFileSync(join(folder, "in.jsonl"), Array.from({ length: rows }, (_, n) => `{"n":${n}}\n`).join(""));
  const args = ["run", "calls.yaml", "--input", "in.jsonl", "--concurrency", String(concurrency), "--json"];
  const random = seededRandom(seed);
  const perKillMs = Math.max(150, (rows * stepsPerRun * 25) / concurrency / killsWanted);

  let killsInside = 0;
  for (let attempts = 0; killsInside < killsWanted && attempts < killsWanted * 3; attempts++) {
    const { child, outcome } = start(args, { cwd: folder });
    const begun = sink.calls();
    while (sink.calls() === begun && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, random.next() * perKillMs));
    child.kill("SIGKILL");
    const { signal, code, stderr } = await outcome;
    if (signal !== "SIGKILL") {
      assert.equal(code, 0, stderr); // it was done before the kill came
      break;
    }
    killsInside += 1;
  }

  const last = await flyball(args, { cwd: folder });
  assert.equal(last.code, 0, last.stderr);
  const lines = jsonLines<{
    runId?: string;
    row: number;
    status: string;
    steps: { key: string; status: string }[];
  }>(last.stdout);
  const runs = lines.filter((line) => line.runId);
  assert.equal(runs.length, rows);
  assert.deepEqual(new Set(runs.map((run) => run.status)), new Set(["completed"]));
  assert.equal(new Set(runs.map((run) => run.row)).size, rows);

  const exported = await flyball(["export"], { cwd: folder });
  const events = jsonLines<{ stream?: string; type?: string; data?: { path?: string } }>(exported.stdout);
  const completed = events
    .filter((event) => event.type === "step.completed")
    .map((event) => `${event.stream?.slice(4)}/${event.data?.path}`);
  assert.equal(completed.length, rows * stepsPerRun, "each step's result is recorded exactly once");
  assert.equal(new Set(completed).size, completed.length);
  assert.equal(events.filter((event) => event.type === "run.completed").length, rows);

  assert.deepEqual(
    [...sink.answered.keys()].sort(),
    [...completed].sort(),
    "the service saw exactly one key for each step",
  );
  const repeats = [...sink.answered.values()].reduce((sum, count) => sum + count - 1, 0);
  assert.ok(
    repeats <= killsInside * concurrency,
    `${repeats} repeats in ${killsInside} kills: only steps that were under way`,
  );
  assert.ok(killsInside > 0, "at least one kill came before the end");

  const verified = await flyball(["verify", "--json"], { cwd: folder });
  assert.equal(JSON.parse(verified.stdout).ok, true, verified.stdout);
  const doctor = await flyball(["doctor", "--json"], { cwd: folder });
  assert.equal(JSON.parse(doctor.stdout).ok, true, doctor.stdout);
  t.diagnostic(`${killsInside} kills inside the batch, ${repeats} of ${completed.length} calls repeated`);
});
