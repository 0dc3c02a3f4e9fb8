import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Json, type JsonObject, ManualClock } from "../../core/base/index.ts";
import { openEngine } from "../../engine.ts";
import { conditionsOf } from "../../loop/alerts/index.ts";
import { expectedSignature, Receiver } from "../../loop/alerts/testing.ts";
import { createApp } from "../index.ts";

const settings = (host: string) => `models:
  small: { provider: sim, price: { input: $1/M, output: $1/M }, quality: 1, labels: [a, b] }
budgets:
  - { name: house, by: tenant, limit: 5 calls, period: day }
allow: { http: ["${host}"] }
alerts:
  - { name: oncall, url: "http://${host}/hook", secret: "{{ secrets.ALERTS_TEST }}" }
  - { name: money, url: "http://${host}/money", on: [budget] }
`;
const workflow = `workflow: triage
targets: { automated: 70% }
input: {}
steps:
  - { id: half, transform: { value: "{{ 10 // input.n }}" } }
  - { id: guess, inference: { model: small, prompt: { text: "Say a or b." }, output: { enum: [a, b] } }, if: "{{ input.guess | default(false) }}" }
  - id: ask
    human_review: { draft: "{{ half.value }}", when: "{{ input.ask | default(false) }}", within: 1m }
output: "{{ ask.value }}"
`;
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async function setup(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "flyball-alerts-"));
  const receiver = new Receiver();
  const host = await receiver.listen();
  writeFileSync(join(folder, "flyball.yaml"), settings(host));
  writeFileSync(join(folder, "triage.yaml"), workflow);
  process.env.FLYBALL_SECRET_ALERTS_TEST = secret;
  const clock = new ManualClock();
  const engine = await openEngine({ home: join(folder, "home"), clock });
  t.after(async () => {
    await engine.close();
    receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await engine.keepBudgets(engine.project(folder));
  await engine.open(join(folder, "triage.yaml"));
  const { alerts, allow } = engine.project(folder).settings;
  // What the engine does now and then is done here when the test says so.
  engine.alerts.keep(alerts, allow.http);
  const app = createApp({ engine, isLocal: true });
  const ask = async (method: string, path: string, body?: Json) => {
    const content = { body: JSON.stringify(body ?? {}), headers: { "content-type": "application/json" } };
    const answer = await app.request(path, { method, ...(method === "POST" ? content : {}) });
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  };
  const run = async (input: JsonObject, tags: Record<string, string> = {}) => {
    const id = await engine.start("triage", { input, tags, expected: "a" });
    await engine.executor.settled(id);
    return id;
  };
  const list = async (query = "") => (await ask("GET", `/v1/alerts?${query}`)).body.items;
  return { engine, clock, receiver, folder, ask, run, list };
}

test("a failure is told once, signed, until its cause is gone; then that is told", async (t) => {
  const { engine, clock, receiver, run, list } = await setup(t);
  const paused = [await run({ n: 0 }), await run({ n: 0 })];
  await engine.alerts.look();
  await engine.alerts.look();
  await engine.alerts.deliver();
  assert.equal(receiver.received.length, 1);
  const [raised] = receiver.received;
  assert.ok(raised);
  assert.equal(raised.body.type, "alert.raised");
  assert.equal(raised.body.data.message, "2 runs of triage are paused by EXPRESSION_FAILED.");
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  assert.equal(raised.headers["webhook-signature"], expectedSignature(raised, key));
  assert.equal(Number(raised.headers["webhook-timestamp"]), Math.floor(clock.now() / 1_000));
  const [open] = await list("status=open");
  assert.deepEqual(
    open.deliveries.map(({ receiver: to, status, attempts }: Record<string, Json>) => [to, status, attempts]),
    [["oncall", "delivered", 1]],
  );
  for (const id of paused) {
    await engine.command(id, { kind: "cancel", by: "ada", reason: null });
    await engine.executor.settled(id);
  }
  await engine.alerts.look();
  clock.advance(119_000);
  await engine.alerts.look();
  assert.equal((await list("status=open")).length, 1);
  clock.advance(1_000);
  await engine.alerts.look();
  await engine.alerts.deliver();
  assert.deepEqual(
    receiver.received.map(({ body }) => [body.type, body.data.id === open.id]),
    [
      ["alert.raised", true],
      ["alert.cleared", true],
    ],
  );
  assert.deepEqual(await list("status=open"), []);
  const types = (await engine.journal.read(`alert/${open.id}`)).map(({ type }) => type);
  assert.deepEqual(types, ["alert.raised", "alert.delivered", "alert.cleared", "alert.delivered"]);
});

test("a message that is not taken is sent again with the same id, each time later", async (t) => {
  const { engine, clock, receiver, run, list } = await setup(t);
  receiver.status = 500;
  await run({ n: 0 });
  await engine.alerts.look();
  await engine.alerts.deliver();
  clock.advance(4_999);
  await engine.alerts.deliver();
  assert.equal(receiver.received.length, 1);
  const [{ deliveries }] = await list();
  assert.match(String(deliveries[0].error), /oncall answered 500/);
  clock.advance(1);
  await engine.alerts.deliver();
  clock.advance(20_000);
  receiver.status = 204;
  await engine.alerts.deliver();
  const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
  assert.deepEqual([ids.length, new Set(ids).size], [3, 1]);
  const [taken] = (await list())[0].deliveries;
  assert.deepEqual([taken.status, taken.attempts, taken.error, taken.nextAt], ["delivered", 3, null, null]);
});

test("an end is not told before its beginning", async (t) => {
  const { engine, clock, receiver, run } = await setup(t);
  receiver.status = 503;
  const id = await run({ n: 0 });
  await engine.alerts.look();
  await engine.alerts.deliver();
  await engine.command(id, { kind: "cancel", by: "ada", reason: null });
  await engine.executor.settled(id);
  receiver.status = 200;
  await engine.alerts.look();
  // The retry is due in five seconds; the end is due at once when it comes, and waits.
  clock.advance(120_000);
  await engine.alerts.look();
  await engine.alerts.deliver();
  await engine.alerts.deliver();
  assert.deepEqual(
    receiver.received.map(({ body }) => body.type),
    ["alert.raised", "alert.raised", "alert.cleared"],
  );
});

test("what a person should know: targets, degraded mode, budgets, reviews, breakers, guards", async (t) => {
  const { engine, clock, run } = await setup(t);
  const causes = async () => (await conditionsOf(engine)).map(({ cause }) => cause).sort();
  for (let n = 0; n < 4; n++) await run({ n: 1, guess: true }, { tenant: "acme" });
  assert.deepEqual(await causes(), ["budget/house/acme/80%"]);
  await run({ n: 1, guess: true }, { tenant: "acme" });
  assert.deepEqual(await causes(), ["budget/house/acme/100%", "budget/house/acme/80%"]);
  for (let n = 0; n < 15; n++) await run({ n: 1, ask: true });
  // Figures are remembered for a moment.
  clock.advance(5_000);
  assert.deepEqual((await causes()).at(-1), "target/triage/automated");
  const [target] = (await conditionsOf(engine)).filter(({ kind }) => kind === "target");
  assert.equal(
    target?.message,
    "triage misses its target for automated: 25% of 20 runs, wanted at least 70%.",
  );
  clock.advance(60_000);
  const [review] = (await conditionsOf(engine)).filter(({ kind }) => kind === "review");
  assert.equal(review?.message, "15 reviews of triage are overdue.");
  const degraded = { reason: "30% of 50 runs failed, above 20%", figures: {} };
  const append = { stream: "workflow/triage", expectedSeq: null, actor: "engine" };
  await engine.journal.append([{ ...append, events: [{ type: "workflow.degraded", data: degraded }] }]);
  assert.ok((await causes()).includes("degraded/triage"));
  await engine.journal.append([{ ...append, events: [{ type: "workflow.restored", data: degraded }] }]);
  assert.ok(!(await causes()).includes("degraded/triage"));
  const models = engine.gateway.models().map((model) => ({ ...model, circuit: "open" as const }));
  const broken = await conditionsOf({ ...engine, gateway: { models: () => models } });
  assert.ok(broken.some(({ cause }) => cause === "breaker/sim/small"));
});

test("a rollout that its guard has taken back is told for a day; one that a person took back is not", async (t) => {
  const { engine, clock, folder } = await setup(t);
  writeFileSync(join(folder, "triage.yaml"), workflow.replace("10 //", "20 //"));
  await engine.open(join(folder, "triage.yaml"));
  const causes = async () => (await conditionsOf(engine)).map(({ cause }) => cause);
  const versions = engine.control.registry.versions("workflow/triage").map(({ digest }) => digest);
  const begin = async () => {
    const [to = ""] = versions.slice(1);
    const asset = { kind: "workflow", name: "triage", to };
    return engine.registry.rollouts.start({ ...asset, mode: "canary", share: 0.5, guards: [], by: "ada" });
  };
  const first = await begin();
  await engine.registry.rollouts.rollBack(first.id, { by: "ada", reason: "no" });
  assert.deepEqual(await causes(), []);
  const second = await begin();
  await engine.registry.rollouts.rollBack(second.id, { by: "guard", reason: "error_rate 0.4 above 0.2" });
  assert.deepEqual(await causes(), [`rollout/${second.id}`]);
  const later = new ManualClock(clock.now() + 86_400_000);
  assert.deepEqual(await conditionsOf({ ...engine, clock: later }), []);
});

test("only those who asked for a kind are told; a test reaches all, and lists have pages", async (t) => {
  const { engine, receiver, ask, run, list } = await setup(t);
  for (let n = 0; n < 4; n++) await run({ n: 1, guess: true }, { tenant: "acme" });
  await run({ n: 0 });
  await engine.alerts.look();
  const told = (await list()).map(({ kind, deliveries }: { kind: string; deliveries: JsonObject[] }) => [
    kind,
    deliveries.map(({ receiver: name }) => name).join(),
  ]);
  assert.deepEqual(told.toSorted(), [
    ["budget", "money,oncall"],
    ["paused", "oncall"],
  ]);
  const tested = await ask("POST", "/v1/alerts/test");
  assert.equal(tested.status, 202);
  await engine.alerts.deliver();
  assert.equal((await ask("GET", `/v1/alerts/${tested.body.id}`)).body.deliveries.length, 2);
  assert.equal(receiver.received.filter(({ body }) => body.data.kind === "test").length, 2);
  const first = (await ask("GET", "/v1/alerts?limit=2")).body;
  const second = (await ask("GET", `/v1/alerts?limit=2&cursor=${first.nextCursor}`)).body;
  assert.deepEqual([first.items.length, second.items.length, second.nextCursor], [2, 1, null]);
  assert.equal((await ask("GET", "/v1/alerts/nothing")).body.code, "ALERT_NOT_FOUND");
  assert.deepEqual((await list("workflow=triage")).length, 1);
  const doctor = await ask("GET", "/v1/journal/doctor");
  assert.deepEqual(doctor.body.disagreements, []);
});

test("where nobody is to be told, alerts are kept all the same, and a test is refused", async (t) => {
  const { engine, ask, run, list } = await setup(t);
  engine.alerts.keep([], []);
  await run({ n: 0 });
  await engine.alerts.look();
  assert.deepEqual((await list())[0].deliveries, []);
  assert.deepEqual((await ask("POST", "/v1/alerts/test")).body.code, "NO_RECEIVERS");
});

test("a receiver that calls may not reach, or a secret written out, is a mistake of the settings", async (t) => {
  const { engine, folder } = await setup(t);
  const problem = (text: string) => {
    writeFileSync(join(folder, "flyball.yaml"), text);
    try {
      engine.project(folder);
      return "";
    } catch (error) {
      return String(error);
    }
  };
  const to = (more: string) => `alerts:\n  - { name: a, url: "http://10.0.0.1:9/x"${more} }\n`;
  assert.match(problem(to("")), /flyball\.yaml:2.*10\.0\.0\.1:9/s);
  assert.match(
    problem(`${to(', secret: "abc"')}allow: { http: ["10.0.0.1:9"] }\n`),
    /never the secret itself/,
  );
  assert.equal(problem(`${to("")}allow: { http: ["10.0.0.1:9"] }\n`), "");
});
