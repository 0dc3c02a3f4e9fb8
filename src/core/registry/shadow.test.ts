import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type { Engine } from "../../engine.ts";
import { flow, viewRun } from "../executor/index.ts";
import { promptText, type Served, served, settings } from "./testing.ts";

const workflow = `workflow: asks
input: { type: object }
steps:
  - id: found
    tool: { http: { url: "{{ input.url }}/read" } }
  - id: answer
    inference: { prompt: ask, route: answers, input: { text: "{{ input.text }}" } }
  - id: approved
    human_review: { draft: "{{ answer.value }}" }
  - id: paid
    wait: { event: paid }
  - id: sent
    tool: { name: send, input: { url: "{{ input.url }}", body: "{{ approved.value }}" } }
  - id: queued
    tool: { outbox: { channel: mail }, input: "{{ approved.value }}" }
  - id: told
    emit: { event: done, data: 1 }
  - id: child
    workflow: { name: writes, input: { url: "{{ input.url }}" } }
output: { answer: "{{ approved.value }}", sent: "{{ sent.value }}", child: "{{ child.value }}" }
`;
const send = `effect: write
input: { type: object, properties: { url: { type: string }, body: { type: string } } }
http: { method: POST, url: "{{ input.url }}/send", body: "{{ input.body }}" }
simulated: { id: pretended }
`;
const writes = `workflow: writes
input: { type: object }
steps:
  - id: put
    tool: { http: { method: PUT, url: "{{ input.url }}/put" } }
`;

async function world(t: TestContext): Promise<Served & { url: string; received: string[] }> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(`${request.method} ${request.url}`);
    response.setHeader("content-type", "application/json").end('"real"');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made = await served(t, {
    "flyball.yaml": `${settings}allow: { http: ["${host}"] }\n`,
    "prompts/ask.yaml": promptText("v1"),
    "tools/send.yaml": send,
    "workflows/writes.yaml": writes,
    "asks.yaml": workflow,
  });
  return Object.assign(made, { url: `http://${host}`, received });
}

async function ended(engine: Engine, id: string) {
  while (engine.control.run(id)?.endedAt === null)
    await engine.executor.settled(id).then(() => new Promise(setImmediate));
  return viewRun(id, await engine.journal.read(`run/${id}`));
}

test("a shadow runs beside the run with the new version: it reads, asks models, and does nothing else", async (t) => {
  const { engine, url, received, troubles } = await world(t);
  const { registry } = engine;
  await engine.add({ kind: "prompt", name: "ask", text: promptText("v2") });
  const to = registry.store.versions("prompt/ask").at(-1)?.digest ?? "";
  const request = {
    kind: "prompt",
    name: "ask",
    to,
    mode: "shadow" as const,
    share: 1,
    guards: [],
    by: "local",
  };
  const { id: rollout } = await registry.rollouts.start(request);
  assert.equal(registry.labelled("prompt/ask", "shadow"), to);

  const live = await engine.start("asks", { input: { text: "x", url } });
  await engine.executor.settled(live);
  const [beside] = engine.control
    .runs({ withShadows: true, limit: 10 })
    .filter((row) => row.shadowOf === live && row.parent === null);
  const view = await ended(engine, beside?.id ?? "");
  assert.deepEqual(
    [view.status, view.output],
    ["completed", { answer: "[simulated] v2 x", sent: { id: "pretended" }, child: null }],
    view.error?.message ?? "",
  );
  assert.deepEqual([...new Set(received)], ["GET /read"]);
  const marked = view.steps.filter(({ result }) => result?.simulated === true).map(({ path }) => path);
  assert.deepEqual(marked, ["answer", "approved", "paid", "sent", "queued"]);
  const [started] = await engine.journal.read(`run/${view.id}`);
  assert.deepEqual(
    [started?.data?.effects, started?.data?.shadowOf, started?.data?.arms],
    ["simulated", live, { [rollout]: "to" }],
  );
  assert.deepEqual(await engine.journal.read(`outbox/${view.id}`), []);

  // The run itself waits for a person, and knows nothing of its shadow.
  assert.deepEqual(
    engine.control.runs({ limit: 10 }).map(({ id }) => id),
    [live],
  );
  const reviews = engine.control.reviews({ status: "open", limit: 10 });
  assert.deepEqual(
    reviews.map(({ run }) => run),
    [live],
  );
  await engine.decide(reviews[0]?.id ?? "", { decision: "approve", reviewer: "local" });
  await engine.command(live, { kind: "signal", event: "paid", data: 1 });
  const done = await ended(engine, live);
  assert.deepEqual(done.output, { answer: "[simulated] v1 x", sent: "real", child: "real" });
  assert.deepEqual(received.slice(-2), ["POST /send", "PUT /put"]);
  const { from, to: shadow } = registry.rollouts.figures(rollout);
  assert.deepEqual([from.runs, shadow.runs], [1, 1]);
  assert.deepEqual(troubles, []);
});

test("a flow gets the versions that it uses; in a shadow its code does only what reads", async (t) => {
  const { engine, folder } = await world(t);
  const { registry } = engine;
  const done: string[] = [];
  const code = flow(
    { name: "coded", version: "1", uses: ["prompt/ask", "route/answers"] },
    async (context, input) => {
      const asks = { prompt: "ask", route: "answers", input: { text: String(input) } };
      const { value } = await context.call("asked", "inference", asks);
      const does = (what: string) => () => {
        done.push(`${context.runId} ${what}`);
        return what;
      };
      const read = await context.step("read", does("read"), { effect: "read" });
      const written = await context.step("written", does("written"));
      return { value, read, written, isNow: (await context.now("now")) > 0 };
    },
  );
  await engine.register(code, engine.project(folder));
  await engine.add({ kind: "prompt", name: "ask", text: promptText("v2") });
  const to = registry.version("prompt/ask", "newest");
  const request = { kind: "prompt", name: "ask", to, mode: "shadow" as const, share: 1, guards: [] };
  await registry.rollouts.start({ ...request, by: "local" });
  const live = await ended(engine, await engine.start("coded", { input: "x" }));
  const [beside] = engine.control.runs({ withShadows: true, limit: 10 }).filter(({ shadowOf }) => shadowOf);
  const shadow = await ended(engine, beside?.id ?? "");
  assert.deepEqual(live.output, { value: "[simulated] v1 x", read: "read", written: "written", isNow: true });
  assert.deepEqual(shadow.output, { value: "[simulated] v2 x", read: "read", written: null, isNow: true });
  const all = [`${live.id} read`, `${live.id} written`, `${shadow.id} read`];
  assert.deepEqual(done.toSorted(), all.toSorted());
});

test("a shadow that is taken up after a restart is still one", async (t) => {
  const made = await world(t);
  const { url, received } = made;
  await made.engine.add({ kind: "prompt", name: "ask", text: promptText("v2") });
  const { store, rollouts } = made.engine.registry;
  const to = store.versions("prompt/ask").at(-1)?.digest ?? "";
  await rollouts.start({
    kind: "prompt",
    name: "ask",
    to,
    mode: "shadow",
    share: 1,
    guards: [],
    by: "local",
  });
  await made.engine.executor.turn("workflow/asks", { off: "drain", by: "local", reason: null });
  const live = await made.engine.start("asks", { input: { text: "x", url } });
  const engine = await made.reopen();
  await engine.executor.turn("workflow/asks", { off: null, by: "local", reason: null });
  const [beside] = engine.control
    .runs({ withShadows: true, limit: 10 })
    .filter((row) => row.shadowOf === live);
  assert.equal((await ended(engine, beside?.id ?? "")).status, "completed");
  assert.deepEqual([...new Set(received)], ["GET /read"]);
});
