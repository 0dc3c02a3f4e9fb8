import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../../engine.ts";
import { createApp } from "../../http/index.ts";
import type { Json } from "../base/index.ts";
import { applyRetention } from "../executor/index.ts";
import type { RolloutRequest } from "./rollouts.ts";
import { askFiles, promptText, served } from "./testing.ts";

const line = "prompt/ask";

/** A second version of the prompt, which is not production. */
async function withSecond(engine: Engine, text = promptText("v2")): Promise<string> {
  await engine.add({ kind: "prompt", name: "ask", text });
  return engine.registry.store.versions(line).at(-1)?.digest ?? "";
}

function request(to: string, more: Partial<RolloutRequest> = {}): RolloutRequest {
  return { kind: "prompt", name: "ask", to, mode: "canary", share: 0.5, guards: [], by: "local", ...more };
}

/** Runs to the end, and tells which version of the prompt it had. */
async function run(engine: Engine, input: Json = { text: "x" }, tags: Record<string, string> = {}) {
  const id = await engine.start("asks", { input, tags });
  const status = await engine.executor.settled(id);
  const [started, ...rest] = await engine.journal.read(`run/${id}`);
  const output = rest.at(-1)?.data?.output as { prompts?: string[] } | undefined;
  const version = /\b(v\d)\b/.exec(output?.prompts?.[0] ?? "")?.[1] ?? "";
  return { id, status, version, arms: (started?.data?.arms ?? null) as Record<string, string> | null };
}

test("a changed prompt in canary at 10% whose score drops is rolled back by itself; the journal tells why", async (t) => {
  const { engine, troubles } = await served(t);
  const { registry } = engine;
  const to = await withSecond(engine);
  const from = registry.version(line, "production");
  const guards = [{ metric: "score.helpful", min: 0.8, minRuns: 10 }];
  const { id } = await registry.rollouts.start(request(to, { share: 0.1, guards }));

  const seen: Record<string, number> = { v1: 0, v2: 0 };
  while (registry.rollouts.row(id).status === "running" && (seen.v1 ?? 0) < 2_000) {
    const group = await Promise.all(Array.from({ length: 20 }, () => run(engine)));
    for (const { id: of, version, arms } of group) {
      // Some of a group may start after the rollout has ended.
      if (arms || version === "v2") assert.deepEqual(arms, { [id]: version === "v2" ? "to" : "from" });
      seen[version] = (seen[version] ?? 0) + 1;
      const value = version === "v2" ? 0.4 : 0.9;
      await engine.score(of, { name: "helpful", value, source: "user", by: "local" });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  const { status, reason } = registry.rollouts.row(id);
  assert.deepEqual(
    [status, reason],
    ["rolled_back", "score.helpful is 0.4 over 10 scores, below the least allowed 0.8"],
  );
  const share = (seen.v2 ?? 0) / ((seen.v1 ?? 0) + (seen.v2 ?? 0));
  assert.ok(share > 0.02 && share < 0.35, `${share} of the runs had the new prompt`);
  const events = await engine.journal.read(`rollout/${id}`);
  const { by, metric, value, bound, runs } = events.at(-1)?.data ?? {};
  assert.deepEqual(
    { type: events.at(-1)?.type, by, metric, value: Number(Number(value).toFixed(6)), bound, runs },
    {
      type: "rollout.rolled_back",
      by: "guard",
      metric: "score.helpful",
      value: 0.4,
      bound: { min: 0.8 },
      runs: 10,
    },
  );
  const removed = (await registry.history(line)).at(-1);
  assert.deepEqual(
    [removed?.type, removed?.data?.label, removed?.data?.rollout],
    ["label.removed", "canary", id],
  );
  assert.equal(registry.labelled(line, "production"), from);
  for (const { version, arms } of await Promise.all(Array.from({ length: 20 }, () => run(engine))))
    assert.deepEqual([version, arms], ["v1", null]);
  assert.deepEqual(troubles, []);
});

test("whoever got the new version keeps getting it, also when the share grows", async (t) => {
  const { engine } = await served(t);
  const { rollouts } = engine.registry;
  const { id } = await rollouts.start(
    request(await withSecond(engine), { mode: "ab", share: 0.3, key: "{{ run.tags.tenant }}" }),
  );
  const tenants = Array.from({ length: 60 }, (_, n) => `tenant-${n}`);
  const versions = async () => {
    const all = await Promise.all(tenants.map((tenant) => run(engine, { text: "x" }, { tenant })));
    return all.map(({ version }) => version);
  };
  const before = await versions();
  assert.deepEqual(await versions(), before);
  assert.deepEqual([...new Set(before)].sort(), ["v1", "v2"]);
  await rollouts.resize(id, 0.8, "local");
  const after = await versions();
  for (const [n, version] of before.entries()) if (version === "v2") assert.equal(after[n], "v2");
  assert.ok(
    after.filter((version) => version === "v2").length > before.filter((version) => version === "v2").length,
  );
  await rollouts.resize(id, 1, "local");
  assert.deepEqual([...new Set(await versions())], ["v2"]);
  await assert.rejects(rollouts.resize(id, 0, "local"), { code: "ROLLOUT_INVALID" });
});

test("runs that stand still because they failed count as errors; what was counted outlives a restart", async (t) => {
  const world = await served(t);
  const text = `input: { text: string }
messages: [{ role: user, content: "v2 {{ text | int // 0 }}" }]
`;
  const to = await withSecond(world.engine, text);
  const guards = [{ metric: "error_rate", max: "20%", minRuns: 6 }];
  const { id } = await world.engine.registry.rollouts.start(request(to, { share: 1, guards }));
  for (let n = 0; n < 3; n++) assert.equal((await run(world.engine)).status, "paused");
  const before = world.engine.registry.rollouts.figures(id);
  assert.deepEqual([before.to.runs, before.to.errorRate], [3, 1]);

  const engine = await world.reopen();
  await world.serve();
  assert.deepEqual(engine.registry.rollouts.figures(id), before);
  const paused = engine.control.runs({ status: "paused", limit: 1 })[0]?.id ?? "";
  await engine.command(paused, { kind: "cancel", by: "local", reason: null });
  await engine.executor.settled(paused);
  assert.deepEqual(engine.registry.rollouts.figures(id).to.failed, 2);
  for (let n = 0; n < 3; n++) await run(engine);
  await new Promise((resolve) => setImmediate(resolve));
  await engine.registry.rollouts.resize(id, 1, "local").catch(() => {});
  const { status, reason } = engine.registry.rollouts.row(id);
  assert.deepEqual(
    [status, reason],
    ["rolled_back", "error_rate is 83.3% over 6 runs, above the most allowed 20%"],
  );
  assert.equal((await run(engine)).status, "completed");
});

test("what a guard would have said before the process ended is said by the next one", async (t) => {
  const world = await served(t);
  const to = await withSecond(world.engine);
  const guards = [{ metric: "score.right", min: "50%", minRuns: 1 }];
  const { id } = await world.engine.registry.rollouts.start(request(to, { share: 1, guards }));
  const { id: of } = await run(world.engine);
  const data = { name: "right", value: false, source: "judge", by: "local" };
  await world.engine.journal.append([
    { stream: `score/${of}`, expectedSeq: null, actor: "local", events: [{ type: "score.recorded", data }] },
  ]);
  const engine = await world.reopen();
  await engine.registry.rollouts.resize(id, 0.5, "local").catch(() => {});
  assert.equal(
    engine.registry.rollouts.row(id).reason,
    "score.right is 0 over 1 scores, below the least allowed 0.5",
  );
});

test("promoting needs the approvals that production asks for, and each counts once", async (t) => {
  const labels = "labels: { production: { approvals: 2, move: [local] } }\n";
  const { engine } = await served(t, { ...askFiles, "flyball.yaml": `${labels}${askFiles["flyball.yaml"]}` });
  const { registry } = engine;
  const to = await withSecond(engine);
  const move = { line, label: "production", to, by: "local", reason: null };
  await assert.rejects(registry.moveLabel(move), { code: "APPROVALS_MISSING" });
  await assert.rejects(registry.moveLabel({ ...move, by: "mallory" }), { code: "LABEL_FORBIDDEN" });
  const { id } = await registry.rollouts.start(request(to));
  const approve = (by: string) =>
    registry.approveLabel({ line, label: "production", to, by, comment: "seen" });
  await approve("ann");
  await approve("ann");
  await assert.rejects(registry.rollouts.promote(id, { by: "local", reason: null }), {
    code: "APPROVALS_MISSING",
    message: /asks for 2 approvals; version \w+ has 1/,
  });
  await approve("bob");
  await registry.rollouts.promote(id, { by: "local", reason: "better" });
  assert.equal(registry.labelled(line, "production"), to);
  assert.equal(registry.labelled(line, "canary"), undefined);
  const moved = (await registry.history(line)).filter(({ type }) => type === "label.moved").at(-1);
  assert.deepEqual([moved?.data?.approvals, moved?.data?.rollout], [["ann", "bob"], id]);
  assert.deepEqual(registry.store.approvals(line), []);
  assert.equal((await run(engine)).version, "v2");
  await assert.rejects(registry.rollouts.promote(id, { by: "local", reason: null }), {
    code: "ROLLOUT_ENDED",
  });
});

test("what was promoted is taken back by its rollout, until something comes after it", async (t) => {
  const labels = "labels: { production: { approvals: 1, move: [local] } }\n";
  const { engine } = await served(t, { ...askFiles, "flyball.yaml": `${labels}${askFiles["flyball.yaml"]}` });
  const { registry } = engine;
  const { rollouts } = registry;
  const [from, to] = [registry.version(line, "production"), await withSecond(engine)];
  const promoted = async (digest: string) => {
    const { id } = await rollouts.start(request(digest));
    await registry.approveLabel({ line, label: "production", to: digest, by: "ann", comment: null });
    return rollouts.promote(id, { by: "local", reason: null });
  };
  const { id } = await promoted(to);
  const later = await rollouts.start(request(from));
  const takeBack = (by: string) => rollouts.rollBack(id, { by, reason: "worse after all" });
  await assert.rejects(takeBack("local"), { code: "ROLLOUT_RUNNING" });
  await rollouts.rollBack(later.id, { by: "local", reason: "in the way" });
  await assert.rejects(takeBack("mallory"), { code: "LABEL_FORBIDDEN" });

  const { status, reason } = await takeBack("local");
  assert.deepEqual([status, reason], ["rolled_back", "worse after all"]);
  assert.equal(registry.labelled(line, "production"), from);
  assert.equal((await run(engine)).version, "v1");
  const { type, data } = (await registry.history(line)).at(-1) ?? {};
  assert.deepEqual([type, data?.to, data?.from, data?.rollout], ["label.moved", from, to, id]);
  await assert.rejects(takeBack("local"), { code: "ROLLOUT_ENDED" });

  const again = await promoted(to);
  await promoted(await withSecond(engine, promptText("v3")));
  await assert.rejects(rollouts.rollBack(again.id, { by: "local", reason: "late" }), {
    code: "ROLLOUT_ENDED",
  });
  assert.equal((await run(engine)).version, "v3");
});

test("what was counted of a run goes with it, and the tables stay a fold of the journal", async (t) => {
  const { engine } = await served(t);
  const { rollouts, store } = engine.registry;
  const { id } = await rollouts.start(request(await withSecond(engine), { share: 1 }));
  const { id: of } = await run(engine);
  await engine.score(of, { name: "right", value: 1, source: "system", by: "local" });
  const ok = async () => {
    const answer = await createApp({ engine, isLocal: true }).request("/v1/journal/doctor");
    return ((await answer.json()) as { ok: boolean }).ok;
  };
  assert.deepEqual([store.armsOf(of).length, store.scores(of).length, await ok()], [1, 1, true]);
  await new Promise<void>((resolve) => engine.clock.after(5, resolve));
  await applyRetention(engine, { bodies: "1ms", decisions: "forever" });
  assert.deepEqual([store.armsOf(of).length, store.scores(of).length, await ok()], [1, 1, true]);
  const [score] = await engine.journal.read(`score/${of}`);
  assert.equal(score?.data?.value, 1, "a judgement is a decision");
  await applyRetention(engine, { bodies: "1ms", decisions: "1ms" });
  assert.deepEqual([store.armsOf(of), store.scores(of), await ok()], [[], [], true]);
  assert.equal(rollouts.figures(id).to.runs, 1, "what was counted stays counted for as long as it runs");
});

test("what cannot be started is refused, and nothing has changed", async (t) => {
  const { engine } = await served(t);
  const { rollouts, store } = engine.registry;
  const to = await withSecond(engine);
  const refused: [Partial<RolloutRequest>, string][] = [
    [{ to: "production" }, "ROLLOUT_INVALID"],
    [{ to: "nothing" }, "VERSION_NOT_FOUND"],
    [{ name: "other" }, "ASSET_NOT_FOUND"],
    [{ from: to }, "ROLLOUT_INVALID"],
    [{ share: 0 }, "ROLLOUT_INVALID"],
    [{ key: "{{ steps.first }}" }, "ROLLOUT_INVALID"],
    [{ key: "{{ input." }, "ROLLOUT_INVALID"],
    [{ guards: [{ metric: "speed", max: 1 }] }, "ROLLOUT_INVALID"],
    [{ guards: [{ metric: "error_rate" }] }, "ROLLOUT_INVALID"],
    [{ guards: [{ metric: "latency_p95", max: "soon" }] }, "INVALID_TEXT"],
  ];
  for (const [more, code] of refused)
    await assert.rejects(rollouts.start(request(to, more)), { code }, JSON.stringify(more));
  assert.deepEqual(store.rollouts({}), []);
  const { id } = await rollouts.start(request(to));
  await assert.rejects(rollouts.start(request(to)), { code: "ROLLOUT_RUNNING" });
  const label = { line, by: "local", reason: null };
  await assert.rejects(engine.registry.moveLabel({ ...label, label: "production", to }), {
    code: "ROLLOUT_RUNNING",
  });
  await assert.rejects(engine.registry.removeLabel({ ...label, label: "production" }), {
    code: "ROLLOUT_RUNNING",
  });
  await assert.rejects(engine.registry.moveLabel({ ...label, label: "canary", to }), {
    code: "LABEL_RESERVED",
  });
  await assert.rejects(engine.registry.moveLabel({ ...label, label: "Big", to }), { code: "LABEL_INVALID" });
  await rollouts.rollBack(id, { by: "local", reason: "enough" });
  await assert.rejects(rollouts.rollBack(id, { by: "local", reason: "again" }), { code: "ROLLOUT_ENDED" });
  assert.throws(() => rollouts.row("none"), { code: "ROLLOUT_NOT_FOUND" });
  assert.deepEqual(
    store.rollouts({ status: "rolled_back" }).map((row) => row.reason),
    ["enough"],
  );
});
