import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { WorkflowInvalid } from "../../core/workflow/index.ts";
import { assertRested, pause, rig } from "./testing.ts";

const limit = { timeout: 60_000 };

async function problems(opening: Promise<unknown>): Promise<readonly string[]> {
  const error = await opening.then(
    () => assert.fail("it was opened"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof WorkflowInvalid, String(error));
  return error.problems.map(
    ({ file, line, column, message }) =>
      `${file.split("/").slice(-2).join("/")}:${line}:${column} ${message}`,
  );
}

test("a step of an own kind sees its input and its context, and nothing of the engine", limit, async () => {
  await using bench = await rig();
  bench.kind(
    "geo",
    `input: { required: ["city"], properties: { city: { type: "string" } } },
     fields: ["seen"],
     effect: "read",
     execute({ city }, { signal, random, now, ...others }) {
       const drawn = [random(), random()];
       const seen = { ...others, aborted: signal.aborted, isNow: now() > 1e12, drawn, secret: process.env.FLYBALL_SECRET_X ?? null };
       return { value: [city, process.pid], seen };
     }`,
  );
  process.env.FLYBALL_SECRET_X = "s3cret";
  const release = await bench.workflow(
    "w",
    '  - { id: g, geo: { city: "{{ input.at }}" } }\n  - { id: h, transform: { value: "{{ g }}" } }',
  );
  const run = await bench.run(release, { at: "Bern" });
  delete process.env.FLYBALL_SECRET_X;
  assertRested(run, "completed");
  const { value, seen, simulated } = run.output as {
    value: [string, number];
    seen: Record<string, unknown>;
    simulated: boolean;
  };
  const { drawn, ...others } = seen;
  assert.equal(value[0], "Bern");
  assert.notEqual(value[1], process.pid);
  assert.equal(simulated, false);
  assert.equal(new Set(drawn as number[]).size, 2);
  assert.deepEqual(others, {
    runId: run.id,
    path: "g",
    key: `${run.id}/g`,
    attempt: 1,
    tags: {},
    aborted: false,
    isNow: true,
    secret: null,
  });
  const started = (await bench.engine.journal.read(`run/${run.id}`)).find(
    ({ type }) => type === "step.started",
  );
  assert.deepEqual(started?.data?.input, { city: "Bern" });
});

test("what a workflow gives an own kind is checked against its schema, where it stands", limit, async () => {
  await using bench = await rig();
  bench.kind(
    "geocode",
    `input: { required: ["city"], properties: { city: { type: "string" }, times: { type: "integer", minimum: 1 }, tags: { type: "array", items: { type: "string" } } } },
     fields: ["code"],
     execute: () => ({ value: 1 })`,
  );
  const steps = [
    '  - { id: a, geocode: { city: "{{ run.id }}", times: "{{ 1 + 1 }}", tags: ["x", "{{ run.id }}"] } }',
    "  - { id: b, geocode: { cty: x, times: 0 } }",
    "  - { id: c, geocod: { city: x } }",
    '  - { id: d, transform: { value: "{{ a.cod }}" } }',
    "  - { id: e, transform: { value: 1 }, undo: { geocode: { city: 5 } } }",
  ];
  assert.deepEqual(
    await problems(bench.workflow("w", steps.join("\n"))),
    [
      "w.yaml:4:14 `city`: required",
      "w.yaml:4:25 `cty`: not expected; did you mean `city`?",
      "w.yaml:4:40 `times`: expected at least 1, found 0",
      "w.yaml:5:14 `geocod`: unknown field; did you mean `geocode`?",
      "w.yaml:6:38 `a` has no field `cod`; did you mean `code`?",
      "w.yaml:7:64 `city`: expected string, found 5",
    ].map((line) => `${bench.folder.split("/").at(-1)}/${line}`),
  );
  const release = await bench.workflow(
    "v",
    '  - { id: a, on_failure: fail, geocode: { city: "{{ input.city }}" } }',
  );
  const run = await bench.run(release, { city: 7 });
  assert.equal(run.error?.code, "KIND_INPUT_INVALID");
  assert.match(run.error?.message ?? "", /geocode: input.city: expected string, found 7/);
  assert.ok(!run.types.includes("step.completed"));
});

test(
  "a kind that cannot be used is told where it is used, and one without a usable name at once",
  limit,
  async () => {
    await using bench = await rig();
    bench.kind("fine", "execute: () => ({ value: 1 })");
    bench.kind("linked", "execute: () => ({ value: 1 })");
    bench.kind("throws", "execute: () => ({ value: 1 })", "throw new Error('not today');");
    bench.kind("shape", "fields: ['value'], execute: () => ({ value: 1 })");
    bench.kind("schema", "input: { properties: { a: { type: 'strin' } } }, execute: () => ({ value: 1 })");
    writeFileSync(join(bench.folder, "kinds/none.ts"), "export const x = 1;\n");
    mkdirSync(join(bench.folder, "elsewhere"));
    renameSync(join(bench.folder, "kinds/linked.ts"), join(bench.folder, "elsewhere/linked.ts"));
    symlinkSync("../elsewhere/linked.ts", join(bench.folder, "kinds/linked.ts"));
    writeFileSync(join(bench.folder, "kinds/fine.test.ts"), "throw new Error('no kind');\n");
    assertRested(await bench.run(await bench.workflow("w", "  - { id: a, fine: {} }")), "completed");
    const steps = ["throws", "shape", "schema", "none", "linked"].map(
      (kind, index) => `  - { id: s${index}, ${kind}: {} }`,
    );
    const told = await problems(bench.workflow("v", steps.join("\n")));
    assert.deepEqual(told.map((line) => line.slice(0, 60)).sort(), [
      "kinds/linked.ts:1:1 kinds/linked.ts cannot be used: it is a ",
      "kinds/none.ts:1:1 kinds/none.ts cannot be used: its default ",
      "kinds/schema.ts:1:1 kinds/schema.ts cannot be used: input.pr",
      "kinds/shape.ts:1:1 kinds/shape.ts cannot be used: fields.0: ",
      "kinds/throws.ts:1:1 kinds/throws.ts cannot be used: not toda",
    ]);
    for (const name of ["transform", "on_failure", "onFailure", "map", "Upper", "my-kind"])
      bench.kind(name, "execute: () => ({ value: 1 })");
    writeFileSync(join(bench.folder, "kinds/fine.js"), "");
    assert.deepEqual((await problems(bench.workflow("u", "  - { id: a, fine: {} }"))).toSorted(), [
      "kinds/Upper.ts:1:1 a kind has the name of its file: expected small letters, digits and _, a letter first",
      "kinds/fine.ts:1:1 there are two kinds `fine`",
      "kinds/map.ts:1:1 `map` already means something else on a step",
      "kinds/my-kind.ts:1:1 a kind has the name of its file: expected small letters, digits and _, a letter first",
      "kinds/onFailure.ts:1:1 a kind has the name of its file: expected small letters, digits and _, a letter first",
      "kinds/on_failure.ts:1:1 `on_failure` already means something else on a step",
      "kinds/transform.ts:1:1 there is a built-in kind `transform`",
    ]);
  },
);

test("a run goes on with the sources it began with, whatever has become of the files", limit, async () => {
  await using bench = await rig();
  const helper = join(bench.folder, "lib/word.ts");
  mkdirSync(join(bench.folder, "lib"));
  const write = (word: string) => {
    writeFileSync(helper, `export const word: string = "${word}";\n`);
    bench.kind(
      "say",
      "execute: ({ to }) => ({ value: word + ' ' + to })",
      'import { word } from "../lib/word.ts";',
    );
  };
  const steps =
    '  - { id: a, say: { to: "{{ 1 }}" } }\n  - { id: w, wait: { event: go } }\n  - { id: b, say: { to: "{{ a.value }}" } }';
  bench.kind("say", "execute: () => ({ value: 1 })");
  write("old");
  const old = await bench.workflow("w", steps);
  assert.equal(await bench.workflow("w", steps), old, "what has not changed is the same release");
  const waiting = await bench.run(old);
  assertRested(waiting, "waiting");
  write("new");
  const changed = await bench.workflow("w", steps);
  assert.notEqual(changed, old, "a module that the kind imports counts as its source");
  await bench.restart();
  rmSync(helper);
  rmSync(join(bench.folder, "kinds"), { recursive: true });
  const other = await bench.start(changed);
  assertRested(await bench.rested(other), "waiting");
  for (const [id, output] of [
    [waiting.id, "old old 1"],
    [other, "new new 1"],
  ] as const) {
    await bench.engine.command(id, { kind: "signal", event: "go", data: null });
    const run = await bench.rested(id);
    assertRested(run, "completed");
    assert.equal(run.output, output);
  }
});

test("a module that no run has pinned is not imported while a step runs", limit, async () => {
  await using bench = await rig();
  writeFileSync(join(bench.folder, "late.ts"), "export default 1;\n");
  bench.kind("late", "execute: async () => ({ value: (await import('../late.ts')).default })");
  const run = await bench.run(await bench.workflow("w", "  - { id: a, on_failure: fail, late: {} }"));
  assert.equal(run.error?.code, "CODE_UNUSABLE");
  assert.match(run.error?.message ?? "", /late.ts cannot be used: .*import it at the top/);
});

test(
  "what a kind answers must be a result of it, and what it throws may ask for another try",
  limit,
  async () => {
    await using bench = await rig();
    bench.kind(
      "answer",
      `input: { properties: { what: true } },
     fields: ["more"],
     callsOut: true,
     execute({ what }, { attempt, key }) {
       if (what === "late" && attempt < 3) throw new RetryLater("busy", { afterMs: 1 });
       if (what === "throws") throw new Error("a bug");
       const answers = { none: undefined, list: [1], extra: { value: 1, other: 2 }, function: { value: () => 1 }, bare: { value: undefined } };
       return what in answers ? answers[what] : { value: [attempt, key], more: "m" };
     }`,
    );
    const opened = await bench.workflow(
      "w",
      '  - { id: a, on_failure: fail, retry: { backoff: 1ms }, answer: { what: "{{ input }}" } }\n  - { id: b, transform: { value: "{{ a }}" } }',
    );
    const ends = await Promise.all(
      ["none", "list", "extra", "function", "throws"].map((what) => bench.run(opened, what)),
    );
    assert.deepEqual(
      ends.map(({ error }) => error?.code),
      ["KIND_RESULT_INVALID", "KIND_RESULT_INVALID", "KIND_RESULT_INVALID", "INVALID_JSON", "UNEXPECTED"],
    );
    assert.ok(ends.every(({ types }) => !types.includes("step.retried")));
    assert.deepEqual((await bench.run(opened, "bare")).output, {
      value: null,
      more: null,
      simulated: false,
      skipped: false,
    });
    const late = await bench.run(opened, "late");
    assert.deepEqual(late.output, {
      value: [3, `${late.id}/a`],
      more: "m",
      simulated: false,
      skipped: false,
    });
    assert.equal(late.types.filter((type) => type === "step.retried").length, 2);
  },
);

test(
  "a step of an own kind that ends its process is set aside; those beside it lose nothing",
  limit,
  async () => {
    await using bench = await rig({ memoryMbMax: 300 });
    bench.kind(
      "work",
      `input: { properties: { poison: true, n: true } },
     async execute({ poison, n }) {
       if (poison === "abort") process.abort();
       const all = [];
       while (poison === "buffers") all.push(Buffer.alloc(4e6, 1));
       await new Promise((resolve) => setTimeout(resolve, 20));
       return { value: n };
     }`,
    );
    const release = await bench.workflow(
      "w",
      '  - { id: a, work: { poison: "{{ input.poison }}", n: "{{ input.n }}" } }',
    );
    const others = Array.from({ length: 20 }, (_, n) => bench.run(release, { poison: null, n }));
    const poisons = await Promise.all(
      ["abort", "buffers"].map((poison) => bench.run(release, { poison, n: 0 })),
    );
    for (const { pausedFor, types } of poisons) {
      assert.equal(pausedFor, "quarantined");
      assert.equal(types.filter((type) => type === "step.retried").length, 2);
    }
    assert.match(poisons[0]?.error?.message ?? "", /Step a has ended its process 3 times.*SIGABRT/);
    assert.match(poisons[1]?.error?.message ?? "", /took more than 300 MB of memory/);
    for (const [n, run] of (await Promise.all(others)).entries()) {
      assertRested(run, "completed");
      assert.equal(run.output, n);
    }
  },
);

test(
  "a step of an own kind ends at its time limit, signal first, and its late result is refused",
  limit,
  async () => {
    await using bench = await rig({ abortGraceMs: 100, retireGraceMs: 200 });
    bench.kind(
      "slow",
      `input: { properties: { how: true } },
     async execute({ how }, { signal }) {
       if (how === "kind") return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("told " + signal.reason))));
       while (how === "blocks");
       await new Promise((resolve) => setTimeout(resolve, 250));
       return { value: "late" };
     }`,
    );
    const release = await bench.workflow(
      "w",
      '  - { id: a, timeout: 150ms, on_failure: fail, slow: { how: "{{ input }}" } }',
    );
    for (const how of ["kind", "blocks", "late"]) {
      const run = await bench.run(release, how);
      assert.equal(run.error?.code, "STEP_TIMED_OUT", how);
      await pause(200); // time for what comes late
      const events = await bench.engine.journal.read(`run/${run.id}`);
      assert.ok(!events.some(({ type }) => type === "step.completed"), how);
    }
  },
);

test("undo, once and fallback are those of any step", limit, async () => {
  await using bench = await rig();
  bench.kind(
    "book",
    `input: { properties: { take: true, back: true } },
     execute({ take, back }, { key, path }) {
       console.log(path + " " + (back ?? take) + " " + key.split("/").slice(1).join("/"));
       if (take === "nothing") throw new Error("sold out");
       return { value: "receipt of " + take };
     }`,
  );
  const steps = [
    '  - { id: seat, book: { take: seat }, undo: { book: { back: "{{ seat.value }}" } } }',
    "  - { id: meal, book: { take: nothing }, fallback: { book: { take: bread } } }",
    "  - { id: room, once: true, on_unknown: fail, book: { take: nothing } }",
  ];
  const run = await bench.run(await bench.workflow("w", steps.join("\n")));
  assertRested(run, "failed");
  assert.deepEqual(bench.printed.join("").trim().split("\n"), [
    "seat seat seat",
    "meal nothing meal",
    "meal bread meal",
    "room nothing room",
    "seat.undo receipt of seat seat.undo",
  ]);
});

test("a flow calls the own kinds that it uses, as its run has pinned them", limit, async () => {
  await using bench = await rig();
  const write = (word: string) =>
    bench.kind(
      "say",
      `input: { properties: { to: true } }, execute: ({ to }) => ({ value: "${word} " + to })`,
    );
  write("old");
  const body = `const said = [(await ctx.call("a", "say", { to: 1 })).value];
    await ctx.receive("w", "go");
    return [...said, (await ctx.call("b", "say", { to: 2 })).value];`;
  const release = await bench.flow("uses", body, { uses: ["kind/say"] });
  const waiting = await bench.run(release);
  assertRested(waiting, "waiting");
  write("new");
  assert.notEqual(await bench.flow("uses", body, { uses: ["kind/say"] }), release);
  await bench.engine.command(waiting.id, { kind: "signal", event: "go", data: null });
  assert.deepEqual((await bench.rested(waiting.id)).output, ["old 1", "old 2"]);
  const without = await bench.flow("without", "return ctx.call('a', 'say', {});");
  assert.equal((await bench.run(without)).error?.code, "UNKNOWN_KIND");
  await assert.rejects(
    bench.flow("unknown", "", { uses: ["kind/sy"] }),
    /uses "kind\/sy", which is not there/,
  );
});
