import assert from "node:assert/strict";
import { test } from "node:test";
import { FlyballError, type JsonObject, ManualClock, sha256 } from "../../base/index.ts";
import type { StepKind, StepOutcome, Woken } from "../../workflow/index.ts";
import { ChildFailed, coreKinds, WaitExpired } from "./index.ts";
import { testContext } from "./testing.ts";

function kind(name: string): StepKind {
  const found = coreKinds.find((each) => each.name === name);
  assert.ok(found, name);
  return found;
}

function run(name: string, config: JsonObject, parts = {}): StepOutcome {
  const outcome = kind(name).execute(config, testContext(parts));
  assert.ok(!(outcome instanceof Promise), `${name} returns without a promise`);
  return outcome;
}

function wake(
  name: string,
  config: JsonObject,
  woken: Woken,
): StepOutcome | Promise<StepOutcome> | undefined {
  return kind(name).resume?.(config, woken, testContext());
}

const messages = (name: string, config: JsonObject) =>
  (kind(name).check?.(config) ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);

const accepts = (name: string, config: JsonObject) => kind(name).config.safeParse(config).success;

test("no kind of the executor calls out or runs users' code", () => {
  for (const each of coreKinds) assert.ok(!each.callsOut && !each.runsUserCode, each.name);
  assert.deepEqual(
    coreKinds.map((each) => each.name),
    ["transform", "quality_check", "wait", "emit", "workflow", "retrain"],
  );
});

test("transform gives its value, without a promise", () => {
  assert.deepEqual(run("transform", { value: { a: [1, null] } }), { result: { value: { a: [1, null] } } });
  assert.ok(accepts("transform", { value: null }));
  assert.ok(!accepts("transform", {}));
  assert.ok(!accepts("transform", { value: 1, valeu: 2 }));
});

const startMs = new ManualClock().now();

test("wait for a duration asks to be woken, and gives none", () => {
  assert.deepEqual(run("wait", { for: "1h30m" }), { wait: { for: "time", dueAt: startMs + 5_400_000 } });
  assert.deepEqual(run("wait", { for: 2 }), { wait: { for: "time", dueAt: startMs + 2_000 } });
  assert.deepEqual(wake("wait", { for: 2 }, { by: "time" }), { result: { value: null, expired: false } });
});

test("wait for no time at all is done at once", () => {
  assert.deepEqual(run("wait", { for: "0s" }), { result: { value: null, expired: false } });
  assert.deepEqual(run("wait", { until: "2025-12-31" }), { result: { value: null, expired: false } });
});

test("wait until a moment reads ISO 8601, as UTC unless it says otherwise", () => {
  const dueAt = Date.UTC(2026, 2, 1, 9, 0, 0);
  const spellings = [
    "2026-03-01T09:00:00Z",
    "2026-03-01 09:00",
    "2026-03-01T10:00:00.000+01:00",
    "2026-03-01T04:00-0500",
  ];
  for (const until of [...spellings, dueAt])
    assert.deepEqual(run("wait", { until }), { wait: { for: "time", dueAt } }, `${until}`);
});

test("wait refuses what is no moment", () => {
  for (const until of ["soon", "2026-13-01", "2026-02-01T25:00", "March 1, 2026", "", 1e17, true, null])
    assert.throws(() => run("wait", { until }), { code: "INVALID_TEXT" }, `${until}`);
});

test("wait for an event gives its data", () => {
  assert.deepEqual(run("wait", { event: "paid" }), { wait: { for: "event", key: "paid" } });
  const dueAt = startMs + 60_000;
  assert.deepEqual(run("wait", { event: "paid", within: "1m" }), {
    wait: { for: "event", key: "paid", dueAt, deadline: dueAt },
  });
  assert.deepEqual(wake("wait", { event: "paid" }, { by: "event", data: { sum: 3 } }), {
    result: { value: { sum: 3 }, expired: false },
  });
});

test("an event that does not come fails the step, or is none when that was asked for", () => {
  const config = { event: "paid", within: "1m" };
  assert.throws(() => wake("wait", config, { by: "time" }), WaitExpired);
  assert.throws(() => wake("wait", config, { by: "time" }), { code: "WAIT_EXPIRED" });
  assert.deepEqual(wake("wait", { ...config, onTimeout: "continue" }, { by: "time" }), {
    result: { value: null, expired: true },
  });
});

test("wait is checked at load", () => {
  assert.deepEqual(messages("wait", { for: "4h" }), []);
  assert.deepEqual(messages("wait", { for: "{{ input.delay }}" }), []);
  assert.deepEqual(messages("wait", { event: "a-{{ input.id }}", within: 60, onTimeout: "continue" }), []);
  assert.match(messages("wait", {})[0] ?? "", /exactly one of for, until, event; found none/);
  assert.match(messages("wait", { for: "1s", event: "x" })[0] ?? "", /^event: expected exactly one/);
  assert.match(messages("wait", { for: "4 hours" })[0] ?? "", /^for: .* is not a duration/);
  assert.match(messages("wait", { until: "tomorrow" })[0] ?? "", /^until: .* is not a time/);
  assert.match(messages("wait", { event: "two words" })[0] ?? "", /^event: .* is not the name of an event/);
  assert.match(messages("wait", { for: "1s", within: "1s" })[0] ?? "", /^within: is about an event/);
  assert.match(messages("wait", { event: "x", onTimeout: "continue" })[0] ?? "", /^onTimeout: needs within/);
  assert.ok(!accepts("wait", { event: "x", onTimeout: "ignore" }));
});

test("emit puts an event on its topic, in the commit of the step", () => {
  assert.deepEqual(run("emit", { event: "order.paid", data: { sum: 3 } }), {
    result: { value: { emitted: true, event: "order.paid" } },
    facts: [
      {
        stream: "topic/order.paid",
        type: "event.emitted",
        data: { event: "order.paid", data: { sum: 3 }, run: "run-1", path: "step" },
      },
    ],
  });
});

test("emit to a run is a command whose id follows from the step's key", () => {
  const outcome = run("emit", { event: "go", to: "run-2" });
  const id = sha256("run-1/step");
  assert.deepEqual("facts" in outcome && outcome.facts, [
    {
      stream: `command/run-2/${id}`,
      type: "command.received",
      data: { id, run: "run-2", kind: "signal", event: "go", data: null },
    },
  ]);
  assert.throws(() => run("emit", { event: "go", to: "" }), { code: "INVALID_TEXT" });
});

test("a name that came from data cannot be any text", () => {
  for (const event of ["", "two words", "a\n", "../run", "x".repeat(201), 7])
    assert.throws(() => run("emit", { event }), { code: "INVALID_TEXT" }, `${event}`);
  assert.match(messages("emit", { event: "two words" })[0] ?? "", /^event: /);
  assert.deepEqual(messages("emit", { event: "{{ input.event }}" }), []);
});

test("emit and retrain say nothing to others unless effects are live", () => {
  for (const effects of ["simulated", "denied"] as const) {
    assert.deepEqual(run("emit", { event: "go" }, { effects }), {
      result: { value: { emitted: false, event: "go" } },
    });
    assert.deepEqual(run("retrain", { trigger: "drift" }, { effects }), {
      result: { value: { requested: false, trigger: "drift" } },
    });
  }
});

test("retrain asks on its topic, with all that it was told", () => {
  assert.deepEqual(run("retrain", { trigger: "performance_drop", threshold: 0.9 }), {
    result: { value: { requested: true, trigger: "performance_drop" } },
    facts: [
      {
        stream: "topic/retrain",
        type: "retrain.requested",
        data: { trigger: "performance_drop", threshold: 0.9, run: "run-1", path: "step" },
      },
    ],
  });
  assert.ok(!accepts("retrain", { threshold: 1 }));
});

test("workflow starts a child and gives its output", () => {
  const config = { name: "billing", input: { id: 7 } };
  assert.deepEqual(run("workflow", config), {
    wait: { for: "child", child: { workflow: "billing", input: { id: 7 } } },
  });
  assert.deepEqual(kind("workflow").references?.(config), [
    { kind: "workflow", name: "billing", path: ["name"] },
  ]);
  assert.deepEqual(wake("workflow", config, { by: "child", status: "completed", output: 8 }), {
    result: { value: 8 },
  });
});

test("a child that does not complete fails the step, with how it ended", () => {
  const error = { code: "X", message: "no funds" };
  const failed = () =>
    wake("workflow", { name: "billing" }, { by: "child", status: "failed", output: null, error });
  assert.throws(failed, (thrown) => thrown instanceof ChildFailed && thrown.childStatus === "failed");
  assert.throws(failed, /The child run of "billing" ended as failed: no funds/);
  assert.throws(
    () => wake("workflow", { name: "billing" }, { by: "child", status: "cancelled", output: null }),
    (thrown) => thrown instanceof FlyballError && thrown.message.endsWith("ended as cancelled."),
  );
});

test("a child's name must be known at load", () => {
  assert.deepEqual(messages("workflow", { name: "billing" }), []);
  assert.match(messages("workflow", { name: "{{ input.name }}" })[0] ?? "", /^name: must be the name itself/);
  assert.deepEqual(kind("workflow").references?.({ name: "{{ input.name }}" }), []);
});
