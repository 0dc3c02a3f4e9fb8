import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Json, ManualClock } from "../src/core/base/index.ts";
import type { Release } from "../src/core/executor/index.ts";
import { type Engine, openEngine } from "../src/engine.ts";
import { createApp } from "../src/http/index.ts";
import type { ModelHealth } from "../src/models/gateway/index.ts";

// Routes in whole workflows, on a real engine over a real data folder.

interface Rig {
  readonly engine: Engine;
  readonly clock: ManualClock;
  readonly folder: string;
  open(workflow: string): Promise<Release>;
  /** Starts a run and waits until it ends or stands still. */
  run(
    release: Release,
    input?: Json,
  ): Promise<{ id: string; status: string; output: Json; events: readonly Event[] }>;
  reopen(): Promise<Rig>;
  close(): Promise<void>;
}

interface Event {
  readonly type: string;
  readonly data: { readonly [key: string]: unknown } | null;
}

async function rig(settings: string, folder = mkdtempSync(join(tmpdir(), "flyball-routes-"))): Promise<Rig> {
  writeFileSync(join(folder, "flyball.yaml"), settings);
  mkdirSync(join(folder, "workflows"), { recursive: true });
  const clock = new ManualClock();
  const engine = await openEngine({ home: join(folder, ".flyball"), clock });
  return {
    engine,
    clock,
    folder,
    async open(workflow) {
      const file = join(folder, "workflows", `${/workflow: (\w+)/.exec(workflow)?.[1]}.yaml`);
      writeFileSync(file, workflow);
      const loaded = await engine.load(file);
      await engine.serve([loaded]);
      return loaded.release;
    },
    async run(release, input = {}) {
      const id = await engine.start(release.workflow, { input });
      const status = await engine.executor.settled(id);
      const events = await engine.journal.read(`run/${id}`);
      const output = (events.findLast(({ type }) => type === "run.completed")?.data?.output ?? null) as Json;
      return { id, status, output, events };
    },
    async reopen() {
      await engine.close();
      return rig(settings, folder);
    },
    async close() {
      await engine.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const asking = (name: string, route: string, more = "") =>
  `workflow: ${name}\nsteps:\n  - id: draft\n    inference: { route: ${route}, prompt: { text: "Say {{ input.word }}" } }\n${more}`;

test("a route that leaves it to a person turns the step into a review of what was asked", async () => {
  const world = await rig("routes: { hard: { fallback: [person] } }");
  try {
    const release = await world.open(asking("hard", "hard", 'output: "{{ draft.value }}"\n'));
    const { id, status } = await world.run(release, { word: "yes" });
    assert.equal(status, "waiting");
    const [review] = world.engine.control.reviews({ status: "open", run: id, limit: 10 });
    assert.ok(review);
    await world.engine.decide(review.id, {
      decision: "correct",
      value: "a person says yes",
      reviewer: "ada",
    });
    assert.equal(await world.engine.executor.settled(id), "completed");
    const events = await world.engine.journal.read(`run/${id}`);
    assert.equal(events.findLast(({ type }) => type === "run.completed")?.data?.output, "a person says yes");
    const completed = events.find(({ type }) => type === "step.completed")?.data;
    assert.equal((completed?.fallbackFor as { code?: string } | undefined)?.code, "PERSON_NEEDED");
  } finally {
    await world.close();
  }
});

test("the step's own fallback comes before the person, who survives a restart", async () => {
  const world = await rig("routes: { hard: { fallback: [person] } }");
  let next: Rig | undefined;
  try {
    const own = await world.open(asking("own", "hard", "    fallback: { transform: { value: none } }\n"));
    assert.equal((await world.run(own, { word: "x" })).output, "none");
    const asked = await world.open(asking("asked", "hard"));
    const { id } = await world.run(asked, { word: "x" });
    next = await world.reopen();
    const [review] = next.engine.control.reviews({ status: "open", run: id, limit: 10 });
    assert.ok(review);
    await next.engine.decide(review.id, { decision: "correct", value: "late", reviewer: "ada" });
    assert.equal(await next.engine.executor.settled(id), "completed");
  } finally {
    await (next ?? world).close();
  }
});

test("a step's cache holds over a restart, costs nothing, and says so", async () => {
  const settings =
    "models: { big: { provider: sim, price: { input: $3/M, output: $15/M } } }\nroutes: { r: { try: [big] } }";
  const world = await rig(settings);
  let next: Rig | undefined;
  try {
    const workflow = asking(
      "cached",
      "r",
      '    cache: 1h\noutput: { cost: "{{ draft.cost }}", said: "{{ draft.value }}" }\n',
    );
    const first = await world.run(await world.open(workflow), { word: "yes" });
    next = await world.reopen();
    const second = await next.run(await next.open(workflow), { word: "yes" });
    const other = await next.run(await next.open(workflow), { word: "no" });
    assert.ok(Number(Object(first.output).cost) > 0);
    assert.deepEqual(second.output, { cost: 0, said: Object(first.output).said });
    assert.ok(Number(Object(other.output).cost) > 0);
  } finally {
    await (next ?? world).close();
  }
});

const unsteady = `
models:
  shaky: { provider: sim, error_rate: 1, changes: [{ at_call: 12, error_rate: 0 }] }
  cheap: { provider: sim }
routes: { drafting: { try: [shaky] }, spare: { try: [cheap] } }
`;
const degradable = asking(
  "triage",
  "drafting",
  `    retry: { attempts: 1 }
    on_failure: fail
degraded: { when: { error_rate: 20% }, over: 20, use: { routes: { drafting: spare } }, probe: 5m }
output: "{{ draft.model }}"
`,
);

test("a workflow beyond its bounds takes its other route, and comes back by itself", async () => {
  const world = await rig(unsteady);
  try {
    const release = await world.open(degradable);
    const story: string[] = [];
    // Twenty failures, then the other route; the breaker answers for most of the calls.
    for (let run = 0; run < 30; run++) {
      const { status, output } = await world.run(release, { word: "x" });
      story.push(`${status} ${output ?? "none"}`);
    }
    assert.equal(story.filter((each) => each === "failed none").length, 20);
    assert.deepEqual(story.slice(20), Array(10).fill("completed cheap"));
    const [degraded] = await world.engine.journal.read("workflow/triage");
    assert.deepEqual(
      [degraded?.type, degraded?.data?.reason],
      ["workflow.degraded", "100% of 20 runs failed, above 20%"],
    );
    // Probes fail while the provider is down: it stays as it is.
    for (let probe = 0; probe < 12; probe++) {
      world.clock.advance(300_000);
      await world.run(release, { word: "x" });
    }
    const events = await world.engine.journal.read("workflow/triage");
    assert.deepEqual(
      events.map(({ type }) => type),
      ["workflow.degraded", "workflow.restored"],
    );
    assert.equal((await world.run(release, { word: "x" })).output, "shaky");
  } finally {
    await world.close();
  }
});

test("a degraded workflow is degraded after a restart, and its runs keep the release that they began with", async () => {
  const world = await rig(unsteady);
  let next: Rig | undefined;
  try {
    const release = await world.open(degradable);
    for (let run = 0; run < 20; run++) await world.run(release, { word: "x" });
    const { id, output } = await world.run(release, { word: "x" });
    assert.equal(output, "cheap");
    assert.notEqual(world.engine.control.run(id)?.release, release.digest);
    next = await world.reopen();
    const loaded = await next.engine.releases.load(String(next.engine.control.run(id)?.release));
    assert.equal(loaded.parts.degraded, true);
    assert.equal((await next.run(await next.open(degradable), { word: "x" })).output, "cheap");
  } finally {
    await (next ?? world).close();
  }
});

test("every route of a workflow can be left to a person", async () => {
  const world = await rig(unsteady);
  try {
    const release = await world.open(
      degradable.replace("use: { routes: { drafting: spare } }", "use: person"),
    );
    for (let run = 0; run < 20; run++) await world.run(release, { word: "x" });
    assert.equal((await world.run(release, { word: "x" })).status, "waiting");
  } finally {
    await world.close();
  }
});

test("a route that only the step's prompt names is replaced too", async () => {
  const world = await rig(unsteady);
  try {
    mkdirSync(join(world.folder, "prompts"));
    writeFileSync(
      join(world.folder, "prompts/say.yaml"),
      'route: drafting\ninput: {}\nmessages: [{ role: user, content: "Say it." }]\n',
    );
    const prompted = degradable.replace(/inference: \{.*\}/, "inference: { prompt: say }");
    const release = await world.open(prompted.replace("use: { routes: { drafting: spare } }", "use: person"));
    for (let run = 0; run < 20; run++) await world.run(release, { word: "x" });
    assert.equal((await world.run(release, { word: "x" })).status, "waiting");
  } finally {
    await world.close();
  }
});

test("degraded mode without a bound, or with a route that nobody names, is refused at load", async () => {
  const world = await rig(unsteady);
  try {
    const without = degradable.replace("when: { error_rate: 20% }, ", "");
    await assert.rejects(world.open(without), /expected a bound, here or among the `targets`/);
    await assert.rejects(
      world.open(degradable.replace("drafting: spare", "other: spare")),
      /no step names the route `other`/,
    );
    await assert.rejects(
      world.open(degradable.replace("drafting: spare", "drafting: spar")),
      /there is no route `spar`/,
    );
    await world.open(`${without}targets: { accuracy: 90% }\n`);
  } finally {
    await world.close();
  }
});

test("the API tells how models do and who answers for a route", async () => {
  const world = await rig(`
models:
  small: { provider: sim, price: { input: $1/M, output: $2/M }, latency: { p50: 0ms, p95: 0ms }, region: eu }
  down: { provider: sim, error_rate: 1 }
routes: { drafting: { try: [down, small] } }
`);
  try {
    const release = await world.open(asking("seen", "drafting"));
    for (let run = 0; run < 8; run++) await world.run(release, { word: "x" });
    const app = createApp({ engine: world.engine, isLocal: true });
    const items = async (path: string) => Object(await (await app.request(path)).json()).items;
    const models: ModelHealth[] = await items("/v1/models");
    const [small, down] = ["sim/small", "sim/down"].map((name) =>
      models.find((model) => model.name === name),
    );
    assert.deepEqual(
      [small?.circuit, small?.answers, small?.share, small?.region, small?.price, small?.simulated],
      ["closed", 8, 1, "eu", { input: 1e-6, output: 2e-6 }, true],
    );
    assert.deepEqual([down?.circuit, down?.answers, down?.failures], ["open", 0, 5]);
    assert.deepEqual(await items("/v1/routes"), [
      {
        name: "drafting",
        calls: 8,
        failures: 0,
        cacheHits: 0,
        models: [{ name: "sim/small", answers: 8, share: 1 }],
      },
    ]);
  } finally {
    await world.close();
  }
});
