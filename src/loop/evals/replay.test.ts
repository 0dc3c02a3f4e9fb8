import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { tamper } from "../../store/sqlite/testing.ts";
import { type ReplayedRun, replay } from "./index.ts";
import { type Bench, bench } from "./testing.ts";

const strict = { allow: new Set<string>(), simulate: false };
const simulated = { ...strict, simulate: true };

/** The world outside: a service that counts, and a provider whose model says back what it was asked. */
async function outside(t: TestContext) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify(request.url === "/v1/chat/completions" ? said(body) : { count: asked.length }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  t.after(cut);
  const { port } = server.address() as AddressInfo;
  return { host: `127.0.0.1:${port}`, asked, cut };
}

function said(body: string) {
  const content = `<${JSON.parse(body).messages.at(-1).content}>`;
  const usage = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 };
  const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
  return { id: "1", object: "chat.completion", created: 1, model: "echo", choices, usage };
}

interface World {
  readonly host: string;
}

const settings = ({ host }: World) => `
allow: { http: ["${host}"] }
providers: { house: { type: openai-compatible, url: "http://${host}/v1" } }
models: { echo: { provider: house, name: echo, price: { input: $100/M, output: $100/M } } }
routes: { answers: { try: [echo] } }
`;

const prompt = (text: string) =>
  `input: { text: string }\nmessages: [{ role: user, content: "${text} {{ text }}" }]\n`;

/** One of each: an answer from outside, what is computed of it, two models that know nothing of each other, a write. */
const workflow = (world: World, { factor = 2, wording = "" } = {}) => `
workflow: sums
input: { type: object }
steps:
  - { id: fetched, tool: { http: { method: GET, url: "http://${world.host}/count" } } }
  - { id: sum, transform: { value: "{{ fetched.value.count * ${factor} + input.n }}" } }
  - { id: first, inference: { prompt: first, route: answers, input: { text: "number {{ input.n }}" } } }
  - { id: second, inference: { prompt: second, route: answers, input: { text: "number {{ input.n }}" } } }
  - { id: after, inference: { prompt: after, route: answers, input: { text: "{{ first.value }}" } } }
  - { id: told, tool: { http: { method: POST, url: "http://${world.host}/told", body: "${wording}{{ sum.value }}" } } }
output: { sum: "{{ sum.value }}", words: ["{{ first.value }}", "{{ second.value }}", "{{ after.value }}"] }
`;

/** The same without its models and its write: a thousand of them are soon on record. */
const short = (world: World) => `
workflow: sums
input: { type: object }
steps:
  - { id: fetched, tool: { http: { method: GET, url: "http://${world.host}/count" } } }
  - { id: sum, transform: { value: "{{ fetched.value.count * 2 + input.n }}" } }
  - { id: parity, branch: [{ when: "{{ sum.value is odd }}", steps: [{ id: odd, transform: { value: odd } }] }] }
output: { sum: "{{ sum.value }}", parity: "{{ parity.value }}" }
`;

async function recorded(
  t: TestContext,
  runs: number,
  text: (world: World) => string = workflow,
): Promise<Bench & { world: Awaited<ReturnType<typeof outside>>; ids: string[] }> {
  const world = await outside(t);
  const made = await bench(t, {
    "flyball.yaml": settings(world),
    "prompts/first.yaml": prompt("First"),
    "prompts/second.yaml": prompt("Second"),
    "prompts/after.yaml": prompt("After"),
    "sums.yaml": text(world),
  });
  const release = await made.open("sums.yaml");
  const numbers = Array.from({ length: runs }, (_, n) => n);
  const ids = await Promise.all(numbers.map((n) => made.run(release, `sums-${n}`, { n })));
  return { ...made, world, ids };
}

/** Who was asked by whom, by number of events. */
const positions = ({ engine }: Bench) => engine.journal.lastPosition();

test("an identical candidate differs in nothing, with the network cut: 1,000 runs", {
  timeout: 120_000,
}, async (t) => {
  const made = await recorded(t, 1_000, short);
  await made.world.cut();
  const candidate = await made.open("sums.yaml");
  const before = positions(made);
  const { items, summary } = await replay({ runs: made.ids, candidate, permissions: strict }, made.deps);
  assert.deepEqual(
    items.filter(
      ({ status, differences, irreproducible }) =>
        status !== "replayed" || differences.length + irreproducible.length > 0,
    ),
    [],
  );
  assert.equal(summary.replayed, 1_000);
  assert.deepEqual([summary.changed.value, summary.costUsd?.high, summary.tookMs?.low], [0, 0, 0]);
  const howOf = ({ steps }: ReplayedRun) => steps.map(({ path, how }) => `${path} ${how}`).join();
  const always = "fetched reused,sum computed";
  assert.deepEqual(
    new Set(items.map(howOf)),
    new Set([always, `${always},parity.odd computed`]),
    "each pure step is computed again, and no other",
  );
  assert.equal(positions(made), before, "nothing is appended");
});

test("a changed transform gives what an independent calculation gives", async (t) => {
  const made = await recorded(t, 40);
  await made.world.cut();
  made.write("sums.yaml", workflow(made.world, { factor: 3 }));
  const candidate = await made.open("sums.yaml");
  const counts = new Map<string, number>();
  for (const id of made.ids) {
    const events = await made.engine.journal.read(`run/${id}`);
    const fetched = events.find(({ data }) => data?.path === "fetched")?.data;
    counts.set(id, (fetched as unknown as { result: { value: { count: number } } }).result.value.count);
  }
  const { items, summary } = await replay({ runs: made.ids, candidate, permissions: simulated }, made.deps);
  for (const [n, item] of items.entries()) {
    const count = counts.get(item.run) ?? Number.NaN;
    assert.deepEqual(item.differences, [
      { in: "output", at: "sum", before: count * 2 + n, after: count * 3 + n },
    ]);
  }
  assert.equal(summary.changed.value, 1);
  assert.ok(summary.changed.low > 0.9 && summary.changed.high === 1);
});

test("an outside write that the candidate attempts ends the replay of the run, and is not done", async (t) => {
  const made = await recorded(t, 3);
  made.write("sums.yaml", workflow(made.world, { wording: "Sum: " }));
  const candidate = await made.open("sums.yaml");
  const before = made.world.asked.length;
  const { items, summary } = await replay({ runs: made.ids, candidate, permissions: strict }, made.deps);
  assert.deepEqual(
    items.map(({ status, blockedEffects }) => ({ status, blockedEffects })),
    made.ids.map(() => ({
      status: "blocked",
      blockedEffects: [{ path: "told", effect: "write", name: "step:told" }],
    })),
  );
  assert.deepEqual([summary.blocked, made.world.asked.length], [3, before]);
  const allowed = { allow: new Set(["step:told"]), simulate: false };
  const again = await replay({ runs: made.ids, candidate, permissions: allowed }, made.deps);
  assert.deepEqual(
    [again.summary.replayed, made.world.asked.length],
    [3, before + 3],
    "allowed by name, it is done",
  );
});

test("a changed prompt runs again exactly the steps that depend on it", async (t) => {
  const made = await recorded(t, 3);
  made.write("prompts/first.yaml", prompt("Erst"));
  const candidate = await made.open("sums.yaml");
  const before = made.world.asked.length;
  const blocked = await replay({ runs: made.ids, candidate, permissions: strict }, made.deps);
  assert.deepEqual(blocked.items[0]?.blockedEffects, [
    { path: "first", effect: "read", name: "model:house/echo" },
  ]);
  const allowed = { allow: new Set(["model:house/echo"]), simulate: false };
  const { items, summary } = await replay({ runs: made.ids, candidate, permissions: allowed }, made.deps);
  for (const [n, item] of items.entries()) {
    const rerun = item.steps.filter(({ how }) => how === "rerun").map(({ path }) => path);
    assert.deepEqual(rerun, ["first", "after"]);
    assert.deepEqual(
      item.differences.map(({ at, after }) => [at, after]),
      [
        ["words[0]", `<Erst number ${n}>`],
        ["words[2]", `<After <Erst number ${n}>>`],
      ],
    );
  }
  assert.equal(made.world.asked.length - before, 6, "two calls a run, and nothing else");
  assert.equal(summary.costUsd?.value, 0, "what is asked again costs the same here");
});

test("a recorded answer that was tampered with is noticed", async (t) => {
  const made = await recorded(t, 2);
  const candidate = await made.open("sums.yaml");
  const [tampered = ""] = made.ids;
  const home = join(made.folder, "home");
  assert.equal(tamper(home, { stream: `run/${tampered}`, from: "First", to: "Fears" }), 3);
  const { items, summary } = await replay({ runs: made.ids, candidate, permissions: strict }, made.deps);
  assert.deepEqual(
    items.map(({ status }) => status),
    ["damaged", "replayed"],
  );
  assert.equal(summary.damaged, 1);
});
