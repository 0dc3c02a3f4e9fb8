import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../base/index.ts";
import type { StepDocument } from "../workflow/index.ts";
import {
  assertSound,
  block,
  call,
  dataOf,
  ending,
  pathsOf,
  type RunParts,
  run,
  setup,
  start,
  step,
  ticks,
  value,
} from "./testing.ts";

/** The output of a run of these steps that completes, and the paths of its steps in order of completion. */
async function outcome(steps: readonly StepDocument[], parts: RunParts = {}) {
  const bundle = setup();
  const { status, output, events } = await run(bundle, steps, parts);
  assert.equal(status, "completed", JSON.stringify(events.at(-1)));
  await assertSound(bundle);
  const completed = pathsOf(events, "step.completed");
  return { output, completed, skipped: pathsOf(events, "step.skipped"), events, bundle };
}

async function outputOf(steps: readonly StepDocument[], parts: RunParts = {}): Promise<Json> {
  return (await outcome(steps, parts)).output;
}

test("steps run one after the other, each sees what came before, and the last value is the output", async () => {
  const { output, completed } = await outcome(
    [
      value("a", "{{ input.n + 1 }}"),
      value("b", "{{ a.value * 2 }}"),
      value("c", "{{ steps.a.value + b.value }}"),
    ],
    { input: { n: 1 } },
  );
  assert.equal(output, 6);
  assert.deepEqual(completed, ["a", "b", "c"]);
});

test("a workflow's own output is evaluated over all its steps, and a value keeps its type", async () => {
  const steps = [value("a", [1, { x: null }]), value("b", "text")];
  const output = {
    list: "{{ a.value }}",
    said: "it is {{ b.value }}",
    run: "{{ run.workflow }}",
    plain: true,
  };
  assert.deepEqual(await outputOf(steps, { output }), {
    list: [1, { x: null }],
    said: "it is text",
    run: "test",
    plain: true,
  });
});

test("a workflow without steps completes at once, with none", async () => {
  const { output, completed } = await outcome([]);
  assert.deepEqual([output, completed], [null, []]);
});

test("steps that need nothing begin together, a step begins when all it needs are done", async () => {
  const bundle = setup();
  const held = bundle.world.holding("work");
  const id = await start(bundle, [
    call("a", "work", null, { needs: [] }),
    call("b", "work", null, { needs: [] }),
    call("c", "work", null, { needs: ["a"] }),
    call("d", "work", null, { needs: ["a", "b"] }),
    call("e", "work", null, { needs: ["c", "d"] }),
  ]);
  const order = () => bundle.world.calls.map(({ path }) => path);
  const finish = (path: string) => held.get(path)?.resolve({ result: { value: path } });
  await bundle.world.called("work", 2);
  assert.deepEqual(order(), ["a", "b"]);
  finish("b");
  finish("a");
  await bundle.world.called("work", 4);
  assert.deepEqual(order(), ["a", "b", "c", "d"]);
  finish("d");
  finish("c");
  await bundle.world.called("work", 5);
  finish("e");
  const { output, events } = await ending(bundle, id);
  assert.equal(output, "e");
  assert.deepEqual(pathsOf(events, "step.completed"), ["b", "a", "d", "c", "e"]);
});

test("steps that become ready together begin in the order of the definition, whichever ended first", async () => {
  const bundle = setup();
  const held = bundle.world.holding("work");
  const id = await start(bundle, [
    call("first", "work"),
    call("z", "quick", null, { needs: ["first"] }),
    call("m", "quick", null, { needs: ["first"] }),
    call("a", "quick", null, { needs: ["first"] }),
  ]);
  await bundle.world.called("work");
  held.get("first")?.resolve({ result: { value: 1 } });
  await ending(bundle, id);
  assert.deepEqual(
    bundle.world.calls.map(({ path }) => path),
    ["first", "z", "m", "a"],
  );
});

test("a step whose condition does not hold is skipped, has its fields as none, and counts as done", async () => {
  const steps = [
    value("a", 1),
    step("b", "call", { do: "x" }, { if: "{{ a.value > 1 }}" }),
    value("c", {
      seen: "{{ b.value }}",
      skipped: "{{ b.skipped }}",
      cost: "{{ b.cost }}",
      ran: "{{ a.skipped }}",
    }),
  ];
  const { output, completed, skipped } = await outcome(steps);
  assert.deepEqual(output, { seen: null, skipped: true, cost: null, ran: false });
  assert.deepEqual([completed, skipped], [["a", "c"], ["b"]]);
});

test("the output passes over steps that were skipped at the end", async () => {
  assert.equal(
    await outputOf([value("a", 1), value("b", 2, { if: false }), value("c", 3, { if: "{{ 0 }}" })]),
    1,
  );
  assert.equal(await outputOf([value("a", 1, { if: false })]), null);
});

test("a step that is skipped at the very start is recorded as skipped", async () => {
  const { skipped, events } = await outcome([value("a", 1, { if: false }), value("b", 2)]);
  assert.deepEqual(skipped, ["a"]);
  assert.equal(events.filter(({ type }) => type === "step.skipped").length, 1);
  assert.deepEqual((await outcome([value("a", 1, { if: false })])).skipped, ["a"]);
});

test("conditions are true as in Python: empty and zero are not", async () => {
  for (const [condition, holds] of [
    ["{{ input.empty }}", false],
    ["{{ input.list }}", true],
    ["{{ '' }}", false],
    ["{{ 'x' }}", true],
    ["{{ 0 }}", false],
    ["{{ none }}", false],
    ["{{ {} }}", false],
    [true, true],
    [false, false],
  ] as const) {
    const input = { empty: [], list: [0] };
    const { skipped } = await outcome([value("a", 1, { if: condition })], { input });
    assert.deepEqual(skipped, holds ? [] : ["a"], String(condition));
  }
});

test("parallel steps begin at once, and their value is an object by id", async () => {
  const bundle = setup();
  const steps = [call("a", "x", 1), call("b", "x", 2), call("c", "x", 3, { if: false })];
  const { output, events } = await run(bundle, [
    block("all", "parallel", { steps }),
    value("end", "{{ all.value }}"),
  ]);
  assert.deepEqual(output, { a: 1, b: 2, c: null });
  assert.equal(bundle.world.mostAtOnce, 2);
  assert.deepEqual(pathsOf(events, "step.completed"), ["all.a", "all.b", "end"]);
});

test("a map keeps the order of its input, whatever the order of the ends", async () => {
  const bundle = setup();
  const held = bundle.world.holding("work");
  const inner = [call("one", "work", "{{ item }}"), value("two", "{{ index ~ ':' ~ one.value }}")];
  const id = await start(
    bundle,
    [block("each", "map", { over: "{{ input }}", concurrency: 3, steps: inner })],
    {
      input: ["a", "b", "c"],
    },
  );
  await bundle.world.called("work", 3);
  for (const index of [2, 0, 1]) held.get(`each[${index}].one`)?.resolve({ result: { value: index * 10 } });
  const { output, events } = await ending(bundle, id);
  assert.deepEqual(output, ["0:0", "1:10", "2:20"]);
  assert.deepEqual(pathsOf(events, "step.completed").slice(0, 2), ["each[2].one", "each[0].one"]);
});

test("a map has at most so many items under way, and goes through all", async () => {
  for (const concurrency of [1, 3, 100]) {
    const bundle = setup();
    const input = Array.from({ length: 12 }, (_, n) => n);
    const steps = [call("one", "work", "{{ item }}")];
    const { output } = await run(
      bundle,
      [block("each", "map", { over: "{{ input }}", concurrency, steps })],
      { input },
    );
    assert.deepEqual(output, input);
    assert.equal(bundle.world.mostAtOnce, Math.min(concurrency, 12));
  }
});

test("a map over nothing is an empty list", async () => {
  const steps = [call("one", "work")];
  assert.deepEqual(await outputOf([block("each", "map", { over: [], concurrency: 2, steps })]), []);
});

test("a map over what is no list fails, and so does one whose list cannot be made", async () => {
  for (const over of ["{{ input }}", "{{ input.nothing.there }}"]) {
    const map = block("each", "map", { over, concurrency: 2, steps: [value("x", 1)] }, { onFailure: "fail" });
    const { status, events } = await run(setup(), [map], { input: "text" });
    assert.equal(status, "failed");
    assert.equal(dataOf(events, "run.failed").path, "each");
  }
});

test("a map over ten thousand items whose steps are all skipped ends", async () => {
  const input = Array.from({ length: 10_000 }, (_, n) => n);
  const steps = [value("x", 1, { if: false })];
  const bundle = setup();
  const id = await start(bundle, [block("each", "map", { over: "{{ input }}", concurrency: 4, steps })], {
    input,
  });
  const { status, output } = await ending(bundle, id);
  assert.equal(status, "completed");
  assert.ok(Array.isArray(output) && output.length === 10_000 && output.every((item) => item === null));
});

test("a failed item fails its map, and with on_item_error: keep it becomes its error", async () => {
  const inner = (onFailure: "fail" | "pause") => [
    call("one", "work", "{{ item }}", {
      onFailure,
      retry: { attempts: 1, backoffMs: 1, factor: 1, maxMs: 1, on: [] },
    }),
    value("two", "{{ one.value }}"),
  ];
  const world = () => {
    const bundle = setup();
    bundle.world.on("work", ({ data }) => {
      if (data === 2) throw new TypeError("no twos");
      return { result: { value: data } };
    });
    return bundle;
  };
  const input = [1, 2, 3];
  const config = { over: "{{ input }}", concurrency: 1 };
  const failed = await run(
    world(),
    [block("each", "map", { ...config, onItemError: "fail", steps: inner("fail") })],
    { input },
  );
  assert.deepEqual([failed.status, dataOf(failed.events, "run.failed").path], ["failed", "each[1].one"]);

  for (const onFailure of ["fail", "pause"] as const) {
    const steps = [block("each", "map", { ...config, onItemError: "keep", steps: inner(onFailure) })];
    const kept = await run(world(), steps, { input });
    assert.equal(kept.status, "completed");
    assert.deepEqual(kept.output, [1, { error: { code: "UNEXPECTED", message: "no twos" } }, 3]);
    assert.deepEqual(pathsOf(kept.events, "step.failed"), ["each[1].one"]);
  }
});

test("a failed item that is kept gives up what else it had under way", async () => {
  const bundle = setup();
  const held = bundle.world.holding("slow");
  bundle.world.failing("bad", 99, () => new TypeError("bad"));
  const steps = [call("slow", "slow"), call("bad", "bad")];
  const item = [block("both", "parallel", { steps }), value("last", 1)];
  const id = await start(bundle, [
    block("each", "map", { over: [1], concurrency: 1, onItemError: "keep", steps: item }),
    call("next", "slow"),
    value("end", "{{ each.value }}"),
  ]);
  await bundle.world.called("slow", 2);
  held.get("each[0].both.slow")?.resolve({ result: { value: "late" } });
  await ticks();
  held.get("next")?.resolve({ result: { value: 1 } });
  const { status, output, events } = await ending(bundle, id);
  assert.equal(status, "completed");
  assert.deepEqual(output, [{ error: { code: "UNEXPECTED", message: "bad" } }]);
  assert.deepEqual(pathsOf(events, "step.completed"), ["next", "end"]);
});

test("a branch takes the first arm that holds, the arm without a condition, or none", async () => {
  const arms = [
    { when: "{{ input > 10 }}", steps: [value("big", "big {{ input }}")] },
    { when: "{{ input > 5 }}", steps: [value("mid", "mid"), value("more", "{{ mid.value }} more")] },
  ];
  const other = { steps: [value("small", "small")] };
  const branch = (list: readonly object[]) => [
    block("way", "branch", { arms: list }),
    value("end", { value: "{{ way.value }}", skipped: "{{ way.skipped }}" }),
  ];
  assert.deepEqual(await outputOf(branch([...arms, other]), { input: 11 }), {
    value: "big 11",
    skipped: false,
  });
  assert.deepEqual(await outputOf(branch([...arms, other]), { input: 6 }), {
    value: "mid more",
    skipped: false,
  });
  assert.deepEqual(await outputOf(branch([...arms, other]), { input: 1 }), {
    value: "small",
    skipped: false,
  });
  const { output, skipped } = await outcome(branch(arms), { input: 1 });
  assert.deepEqual([output, skipped], [{ value: null, skipped: true }, ["way"]]);
});

test("a loop goes on until its condition holds, which sees the steps of the iteration, or to its bound", async () => {
  const loop = (until: string, max: number) => [
    block("again", "loop", { until, max, steps: [value("n", "{{ index * 10 }}")] }),
    value("end", { value: "{{ again.value }}", iterations: "{{ again.iterations }}" }),
  ];
  const { output, completed } = await outcome(loop("{{ n.value >= 20 }}", 10));
  assert.deepEqual(output, { value: 20, iterations: 3 });
  assert.deepEqual(completed, ["again[0].n", "again[1].n", "again[2].n", "end"]);
  assert.deepEqual(await outputOf(loop("{{ false }}", 4)), { value: 30, iterations: 4 });
});

test("a loop whose condition cannot be evaluated fails at the loop", async () => {
  const loop = block(
    "again",
    "loop",
    { until: "{{ n.value > none }}", max: 3, steps: [value("n", 1)] },
    { onFailure: "fail" },
  );
  const { status, events } = await run(setup(), [loop]);
  assert.equal(status, "failed");
  assert.equal(dataOf(events, "run.failed").path, "again");
});

test("blocks nest, and a path says where a step stands", async () => {
  const draft = call("draft", "write", "{{ item }}.{{ index }}");
  const refine = block("refine", "loop", { max: 3, until: "{{ index == 2 }}", steps: [draft] });
  const choose = block("choose", "branch", {
    arms: [
      {
        when: "{{ item == 3 }}",
        steps: [block("both", "parallel", { steps: [value("x", "{{ refine.value }}")] })],
      },
    ],
  });
  const items = block("items", "map", { over: "{{ input }}", concurrency: 2, steps: [refine, choose] });
  const bundle = setup();
  const { id, output, events } = await run(bundle, [items], { input: [0, 1, 2, 3] });
  assert.deepEqual(output, ["0.2", "1.2", "2.2", { x: "3.2" }]);
  const paths = pathsOf(events, "step.completed");
  assert.ok(paths.includes("items[3].refine[2].draft") && paths.includes("items[3].choose.both.x"));
  assert.equal(new Set(paths).size, 13);
  const last = bundle.world.calls.find(({ path }) => path === "items[3].refine[2].draft");
  assert.equal(last?.key, `${id}/items[3].refine[2].draft`);
  await assertSound(bundle);
});

test("names of an inner block hide those outside, and end with it", async () => {
  const inner = block("inner", "map", {
    over: ["x"],
    concurrency: 1,
    steps: [value("a", "{{ item }}{{ index }}")],
  });
  const outer = block("outer", "map", {
    over: ["o", "p"],
    concurrency: 1,
    steps: [inner, value("b", "{{ item }}{{ inner.value[0] }}{{ a.value }}")],
  });
  assert.deepEqual(await outputOf([value("a", "A"), outer]), ["ox0A", "px0A"]);
});

test("a step that cannot make its inputs fails like any other", async () => {
  const steps = [value("a", 1), value("b", "{{ a.value.missing.thing }}", { onFailure: "fail" })];
  const { status, events } = await run(setup(), steps);
  assert.equal(status, "failed");
  const failed = dataOf(events, "step.failed");
  assert.deepEqual([failed.path, failed.kind, failed.attempts], ["b", "transform", 1]);
});

test("an output that cannot be evaluated fails the run, with every step's result kept", async () => {
  const { status, events } = await run(setup(), [value("a", 1)], { output: "{{ a.value > none }}" });
  assert.equal(status, "failed");
  assert.equal(dataOf(events, "run.failed").path, null);
  assert.deepEqual(pathsOf(events, "step.completed"), ["a"]);
});
