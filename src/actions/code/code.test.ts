import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertRested, pause, rig } from "./testing.ts";

const limit = { timeout: 60_000 };

test("a module's flow runs in a process of its own, with kinds of the engine", limit, async () => {
  await using bench = await rig();
  const release = await bench.flow(
    "plain",
    `const twice = await ctx.step("twice", ({ key, attempt }) => ({ n: input.n * 2, key, attempt }));
     const made = await ctx.call("made", "transform", { value: [1, twice.n] });
     await ctx.sleep("nap", "10ms");
     console.log("said by users' code");
     return { twice, made: made.value, pid: process.pid, secret: process.env.FLYBALL_SECRET_X ?? null, at: await ctx.now("at") };`,
  );
  process.env.FLYBALL_SECRET_X = "s3cret";
  const run = await bench.run(release, { n: 21 });
  delete process.env.FLYBALL_SECRET_X;
  assertRested(run, "completed");
  const { pid, at, ...others } = run.output as { pid: number; at: number };
  assert.deepEqual(others, {
    twice: { n: 42, key: `${run.id}/twice`, attempt: 1 },
    made: [1, 42],
    secret: null,
  });
  assert.notEqual(pid, process.pid);
  assert.ok(at > 0);
  assert.match(bench.printed.join(""), /said by users' code/);
});

test("what the code throws, and what it does with a failure, is as it is in process", limit, async () => {
  await using bench = await rig();
  const release = await bench.flow(
    "throws",
    `if (input === "body") throw new TypeError("a bug");
     const caught = await ctx.step("bad", () => { throw new Error("no"); }, { onFailure: "throw" }).catch((error) => error.failure.message);
     if (input === "kind") await ctx.call("x", "nothing", {});
     if (input === "twice") await ctx.step("bad", () => 1);
     if (input === "bigint") await ctx.step("big", () => 10n, { onFailure: "fail" });
     return caught;`,
  );
  const outcomes = await Promise.all(
    ["body", "kind", "twice", "bigint", "none"].map((input) => bench.run(release, input)),
  );
  assert.deepEqual(
    outcomes.map(({ status, output, error }) => [status, output ?? error?.code]),
    [
      ["failed", "UNEXPECTED"],
      ["failed", "UNKNOWN_KIND"],
      ["failed", "FLOW_KEY_REUSED"],
      ["failed", "INVALID_JSON"],
      ["completed", "no"],
    ],
  );
});

test("undo, once and retry reach the code", limit, async () => {
  await using bench = await rig();
  const release = await bench.flow(
    "undoes",
    `const log = [];
     await ctx.step("pay", () => ({ receipt: 7 }), { undo: (result) => console.log("refund " + result.receipt) });
     await ctx.step("fail", () => { throw new Error("no"); }, { onFailure: "fail", retry: { attempts: 2 } });`,
  );
  const run = await bench.run(release);
  assertRested(run, "failed");
  assert.match(bench.printed.join(""), /refund 7/);
  assert.ok(run.types.includes("run.undoing"));
});

test(
  "a step that ends its process is tried alone and set aside; the others lose nothing",
  limit,
  async () => {
    await using bench = await rig();
    const release = await bench.flow(
      "poison",
      `const n = await ctx.step("work", async () => {
       if (input.poison) process.abort();
       await new Promise((resolve) => setTimeout(resolve, 20));
       return input.n;
     });
     return [n, await ctx.step("after", () => 1)];`,
    );
    const others = Array.from({ length: 20 }, (_, n) => bench.run(release, { n }));
    const poison = await bench.run(release, { poison: true });
    assertRested(poison, "paused");
    assert.equal(poison.pausedFor, "quarantined");
    assert.equal(poison.error?.code, "QUARANTINED");
    assert.match(poison.error?.message ?? "", /Step work has ended its process 3 times.*SIGABRT/);
    assert.equal(poison.types.filter((type) => type === "step.retried").length, 2);
    for (const [n, run] of (await Promise.all(others)).entries()) {
      assertRested(run, "completed");
      assert.deepEqual(run.output, [n, 1]);
    }
  },
);

test(
  "code that ends its process between two steps is set aside too, and one resume tries again",
  limit,
  async () => {
    await using bench = await rig();
    const release = await bench.flow(
      "between",
      `await ctx.step("one", () => 1);
     const { existsSync } = await import("node:fs");
     if (!existsSync(input.file)) process.exit(7);
     return "went on";`,
    );
    const file = `${bench.folder}/cure`;
    const run = await bench.run(release, { file });
    assertRested(run, "paused");
    assert.deepEqual([run.pausedFor, run.error?.code], ["quarantined", "QUARANTINED"]);
    assert.match(run.error?.message ?? "", /exit code 7/);
    const shadow = await bench.engine.executor.start({
      release: await bench.engine.releases.load(release),
      input: { file },
      effects: "simulated",
    });
    assertRested(await bench.rested(shadow), "failed"); // nobody would resume it
    writeFileSync(file, "");
    await bench.engine.command(run.id, { kind: "resume", by: "ann" });
    const resumed = await bench.rested(run.id);
    assertRested(resumed, "completed");
    assert.equal(resumed.types.filter((type) => type === "step.completed").length, 1);
  },
);

test(
  "a step that blocks its process ends at its time limit, and the next run has a new process",
  limit,
  async () => {
    await using bench = await rig();
    const release = await bench.flow(
      "blocks",
      `return ctx.step("spin", () => { for (;;); }, { timeout: "200ms", onFailure: "fail" });`,
    );
    const run = await bench.run(release);
    assertRested(run, "failed");
    assert.equal(run.error?.code, "STEP_TIMED_OUT");
    const next = await bench.flow("fine", "return process.pid;");
    assertRested(await bench.run(next), "completed");
  },
);

test("a blocked loop without a time limit is found by its silence", limit, async () => {
  await using bench = await rig({ pingMs: 50, blockedMs: 400 });
  const release = await bench.flow("spins", `return ctx.step("spin", () => { for (;;); });`);
  const run = await bench.run(release);
  assertRested(run, "paused");
  assert.deepEqual([run.pausedFor, run.error?.code], ["quarantined", "QUARANTINED"]);
  assert.match(run.error?.message ?? "", /blocked for 0\.4 s/);
});

test(
  "a step that ignores its time limit is refused, and its neighbours end where they are",
  limit,
  async () => {
    await using bench = await rig({ abortGraceMs: 100, retireGraceMs: 5_000 });
    const release = await bench.flow(
      "lingers",
      `const pid = process.pid;
     if (input.hang) return ctx.step("hang", () => new Promise(() => {}), { timeout: "100ms", onFailure: "fail" });
     const same = await ctx.step("slow", async ({ attempt }) => {
       console.log("slow begins");
       await new Promise((resolve) => setTimeout(resolve, 600));
       return [attempt, process.pid === pid];
     });
     return same;`,
    );
    const neighbour = bench.run(release, {});
    await bench.printing("slow begins");
    const hung = await bench.run(release, { hang: true });
    assert.equal(hung.error?.code, "STEP_TIMED_OUT");
    assert.deepEqual((await neighbour).output, [1, true]);
  },
);

test("code that fills its memory is set aside, with that reason", limit, async () => {
  await using bench = await rig({ heapMbMax: 64 });
  const release = await bench.flow(
    "fills",
    `return ctx.step("fill", () => { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); });`,
  );
  const run = await bench.run(release);
  assert.equal(run.pausedFor, "quarantined");
  assert.match(run.error?.message ?? "", /ran out of memory/);
});

test("a module that cannot be used says why", limit, async () => {
  await using bench = await rig();
  await assert.rejects(bench.flow("broken", `}); throw new Error("at import"); (() => {`), {
    code: "CODE_UNUSABLE",
    message: /at import/,
  });
  await assert.rejects(bench.flow("ends", `}); process.exit(3); (() => {`), {
    code: "CODE_UNUSABLE",
    message: /exit code 3/,
  });
});

test("several versions stand side by side, and a run keeps to its own over a restart", limit, async () => {
  await using bench = await rig();
  const body = (version: string) => `await ctx.receive("gate", "go"); return "by ${version}";`;
  const one = await bench.flow("many", body("1"), { version: "1", file: "many@1.ts" });
  const two = await bench.flow("many", body("2"), { version: "2", file: "many.ts" });
  const ids = [await bench.start(one), await bench.start(two)];
  for (const id of ids) await bench.rested(id);
  rmSync(join(bench.folder, "many@1.ts"));
  await bench.restart();
  await bench.flow("many", body("2"), { version: "2", file: "many.ts" });
  for (const id of ids) await bench.engine.command(id, { kind: "signal", event: "go", data: null });
  const [parked, went] = [await bench.rested(String(ids[0])), await bench.rested(String(ids[1]))];
  assert.deepEqual([went.status, went.output], ["completed", "by 2"]);
  assert.deepEqual([parked.status, parked.error?.code], ["paused", "RELEASE_MISSING"]);
  assert.match(parked.error?.message ?? "", /flow many, version 1/);
  await bench.flow("many", body("1"), { version: "1", file: "many@1.ts" });
  await bench.engine.command(String(ids[0]), { kind: "resume", by: "ann" });
  assert.equal((await bench.rested(String(ids[0]))).output, "by 1");
});

test("after a crash hosts are kept ready until the engine closes, and none before", limit, async () => {
  const hosts = () => process.getActiveResourcesInfo().filter((kind) => kind === "ProcessWrap").length;
  const before = hosts();
  const bench = await rig({ readyEveryMs: 10 });
  const release = await bench.flow("ends", "return ctx.step('work', () => input && process.abort());");
  assertRested(await bench.run(release), "completed");
  await pause(100);
  assert.equal(hosts() - before, 1, "only the one that runs share");
  assertRested(await bench.run(release, true), "paused");
  while (hosts() - before < 3) await pause(10);
  await pause(100);
  assert.equal(hosts() - before, 3);
  assertRested(await bench.run(release), "completed");
  while (hosts() - before < 4) await pause(10);
  await bench[Symbol.asyncDispose]();
  while (hosts() > before) await pause(10);
});

test(
  "for a while after a crash runs are spread over hosts, and the next crash meets few",
  limit,
  async () => {
    await using bench = await rig({ readyEveryMs: 10 });
    const release = await bench.flow(
      "spread",
      `const { existsSync } = await import("node:fs");
     return ctx.step("work", async () => {
       if (input.poison) process.abort();
       while (!existsSync(input.gate)) await new Promise((resolve) => setTimeout(resolve, 5));
       return process.pid;
     });`,
    );
    let rounds = 0;
    const together = async (count: number, meanwhile = async () => {}) => {
      const gate = join(bench.folder, `gate${++rounds}`);
      const ids = await Promise.all(Array.from({ length: count }, () => bench.start(release, { gate })));
      await meanwhile();
      writeFileSync(gate, "");
      return Promise.all(ids.map((id) => bench.rested(id)));
    };
    const processes = (runs: readonly { output: unknown }[]) =>
      new Set(runs.map(({ output }) => output)).size;
    assert.equal(processes(await together(6)), 1, "one is enough before the first crash");
    assertRested(await bench.run(release, { poison: true }), "paused");
    while (processes(await together(6)) < 3) await pause(20);
    const others = await together(12, async () => {
      const poison = await bench.start(release, { poison: true });
      const events = () => bench.engine.journal.read(`run/${poison}`);
      while (!(await events()).some(({ type }) => type === "step.retried")) await pause(10);
    });
    const hit = others.filter(({ types }) => types.includes("step.retried"));
    assert.ok(hit.length > 0 && hit.length <= 6, `${hit.length} of 12 were in the process that ended`);
    for (const run of others) assertRested(run, "completed");
  },
);

test("buffers count as memory, and a silent host is given nothing new", limit, async () => {
  await using bench = await rig({ memoryMbMax: 300, pingMs: 50, quietMs: 100, blockedMs: 3_000 });
  const release = await bench.flow(
    "heavy",
    `return ctx.step("work", () => {
       const all = [];
       while (input === "buffers") all.push(Buffer.alloc(4e6, 1));
       if (input === "blocks") console.log("blocking");
       for (const until = Date.now() + 1500; input === "blocks" && Date.now() < until; );
       return process.pid;
     });`,
  );
  const heavy = await bench.run(release, "buffers");
  assert.equal(heavy.pausedFor, "quarantined");
  assert.match(heavy.error?.message ?? "", /took more than 300 MB of memory/);
  const blocking = bench.run(release, "blocks");
  await bench.printing("blocking");
  await pause(300); // its silence is noticed
  const beside = await bench.run(release, "quick");
  assertRested(beside, "completed");
  const blocked = await blocking;
  assertRested(blocked, "completed");
  assert.notEqual(beside.output, blocked.output);
  assert.deepEqual(
    blocked.types.filter((type) => type === "step.retried"),
    [],
  );
});
