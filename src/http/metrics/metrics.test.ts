import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Json, ManualClock } from "../../core/base/index.ts";
import { type Engine, openEngine } from "../../engine.ts";
import { createApp } from "../index.ts";
import { exposition } from "./exposition.ts";
import { parseExposition } from "./testing.ts";

const settings = `models:
  small: { provider: sim, price: { input: $1/M, output: $1/M }, quality: 1, labels: [a, b] }
budgets:
  - { name: house, by: tenant, limit: $5, period: day }
`;
const workflow = `workflow: triage
input: {}
steps:
  - { id: half, transform: { value: "{{ 10 // input.n }}" } }
  - { id: guess, inference: { model: small, prompt: { text: "Say a or b." }, output: { enum: [a, b] } } }
  - id: ask
    human_review: { draft: "{{ half.value }}", when: "{{ input.ask }}", within: 1h }
output: "{{ ask.value }}"
`;

async function setup(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-prometheus-"));
  writeFileSync(join(folder, "flyball.yaml"), settings);
  writeFileSync(join(folder, "triage.yaml"), workflow);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new ManualClock();
  const engines: Engine[] = [];
  const open = async () => {
    const engine = await openEngine({ home: join(folder, "home"), clock });
    engines.push(engine);
    await engine.keepBudgets(engine.project(folder));
    await engine.open(join(folder, "triage.yaml"));
    const app = createApp({ engine, isLocal: true });
    const run = async (input: Json, tags: Record<string, string> = {}) => {
      const id = await engine.start("triage", { input, tags, expected: "a" });
      await engine.executor.settled(id);
      return id;
    };
    const scrape = async () => {
      const answer = await app.request("/metrics");
      assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
      const text = await answer.text();
      return { text, ...parseExposition(text) };
    };
    const decide = async (id: string) => {
      const [review] = engine.control.reviews({ status: "open", run: id, limit: 1 });
      await engine.decide(String(review?.id), { decision: "approve", reviewer: "ada" });
      await engine.executor.settled(id);
    };
    return { engine, run, scrape, decide };
  };
  t.after(() => engines.at(-1)?.close());
  return { clock, open };
}

test("what Prometheus reads says what happened, with neither ids nor tags", async (t) => {
  const { clock, open } = await setup(t);
  const { run, scrape, decide } = await open();
  const done = await run({ n: 5, ask: false }, { tenant: "acme-corp" });
  await run({ n: 0, ask: false });
  const asked = await run({ n: 5, ask: true });
  clock.advance(7_200_000);
  const { text, types, samples } = await scrape();
  const of = (name: string) => samples.get(name);
  assert.equal(of('flyball_runs_started_total{workflow="triage"}'), 3);
  assert.equal(of('flyball_runs_finished_total{workflow="triage",status="completed"}'), 1);
  assert.equal(of('flyball_runs_paused_total{workflow="triage",reason="failed"}'), 1);
  assert.equal(of('flyball_steps_failed_total{workflow="triage",code="EXPRESSION_FAILED"}'), 1);
  assert.equal(of('flyball_runs{workflow="triage",status="paused"}'), 1);
  assert.equal(of('flyball_runs{workflow="triage",status="waiting"}'), 1);
  assert.equal(of('flyball_reviews_open{workflow="triage"}'), 1);
  assert.equal(of('flyball_reviews_overdue{workflow="triage"}'), 1);
  assert.equal(of('flyball_model_requests_total{workflow="triage",provider="sim",model="small"}'), 2);
  assert.equal(of('flyball_model_circuit{provider="sim",model="small",state="closed"}'), 1);
  assert.equal(of('flyball_model_answers_total{provider="sim",model="small"}'), 2);
  assert.ok(
    Number(of('flyball_model_cost_dollars_total{workflow="triage",provider="sim",model="small"}')) > 0,
  );
  assert.equal(of('flyball_budget_limit{budget="house",unit="usd"}'), 5);
  assert.ok(Number(of('flyball_budget_spent{budget="house",unit="usd"}')) > 0);
  assert.equal(of("flyball_journal_position"), of("flyball_journal_events_total"));
  assert.equal(of("flyball_journal_commit_seconds_count"), of("flyball_journal_commits_total"));
  assert.ok(Number(of("process_resident_memory_bytes")) > 1e6);
  assert.equal(types.get("flyball_run_seconds"), "histogram");
  for (const secret of ["acme-corp", done, asked]) assert.ok(!text.includes(secret), secret);
  await decide(asked);
  const later = await scrape();
  assert.equal(later.samples.get('flyball_run_seconds_sum{workflow="triage",part="person"}'), 7_200);
  assert.equal(
    later.samples.get('flyball_step_seconds_sum{workflow="triage",kind="human_review",part="person"}'),
    7_200,
  );
});

test("counters only grow, and the buckets of a histogram add up to its count", async (t) => {
  const { open } = await setup(t);
  const { run, scrape } = await open();
  await run({ n: 5, ask: false });
  const before = await scrape();
  await run({ n: 5, ask: false });
  await run({ n: 0, ask: false });
  const after = await scrape();
  const isCounted = (key: string) => /_(total|bucket|count)[{ ]?/.test(key) && !key.startsWith("nodejs");
  const counted = [...before.samples].filter(([key]) => isCounted(key));
  assert.ok(counted.length > 50);
  for (const [key, value] of counted) assert.ok(Number(after.samples.get(key)) >= value, key);
  for (const [key, value] of after.samples) {
    const name = /^(\w+)_count(\{.*\})?$/.exec(key);
    if (!name || after.types.get(String(name[1])) !== "histogram") continue;
    const labels = name[2] ? `${name[2].slice(0, -1)},` : "{";
    const buckets = [...after.samples].filter(([other]) => other.startsWith(`${name[1]}_bucket${labels}le=`));
    assert.equal(buckets.at(-1)?.[1], value, key);
    assert.deepEqual(
      buckets.map(([, upTo]) => upTo),
      buckets.map(([, upTo]) => upTo).toSorted((a, b) => a - b),
    );
  }
});

test("a run that began before a restart is counted once, with the whole of its times", async (t) => {
  const { clock, open } = await setup(t);
  const first = await open();
  const asked = await first.run({ n: 5, ask: true });
  clock.advance(1_000);
  await first.engine.close();
  const { decide, scrape, engine, run } = await open();
  assert.equal((await scrape()).samples.get('flyball_runs{workflow="triage",status="waiting"}'), 1);
  clock.advance(2_000);
  await decide(asked);
  // Behind the one that is read from the journal, another is there at once.
  await run({ n: 5, ask: false });
  await engine.metrics.idle();
  const { samples } = await scrape();
  assert.equal(samples.get('flyball_runs_finished_total{workflow="triage",status="completed"}'), 2);
  assert.equal(samples.get('flyball_runs_started_total{workflow="triage"}'), 1);
  assert.equal(samples.get('flyball_run_seconds_sum{workflow="triage",part="person"}'), 3);
  assert.equal(
    samples.get('flyball_step_seconds_count{workflow="triage",kind="transform",part="service"}'),
    1,
    "what was told by the process before is not told again",
  );
});

test("what stands in a label cannot end it", () => {
  const sample = { labels: { workflow: 'a"b\\c\nd' }, value: Number.POSITIVE_INFINITY };
  const text = exposition([{ name: "x_total", help: "a\nb\\", type: "counter", samples: [sample] }]);
  assert.equal(
    text,
    '# HELP x_total a\\nb\\\\\n# TYPE x_total counter\nx_total{workflow="a\\"b\\\\c\\nd"} +Inf\n',
  );
});
