import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../base/index.ts";
import { forgottenRegistryRows, registryChanges } from "./state.ts";

const fold = (stream: string, type: string, data: JsonObject, seq = 1) =>
  registryChanges({ stream, type, data, seq, at: 7, position: 1, actor: "local" });

test("a line begins with its first version and keeps what the files had last", () => {
  const added = { digest: "d1", source: "files", by: "ann", message: "first", text: "a: 1" };
  assert.deepEqual(fold("line/model/house/small", "version.added", added), [
    {
      table: "lines",
      put: { id: "model/house/small", kind: "model", name: "house/small", filesDigest: "d1", updatedAt: 7 },
    },
    {
      table: "versions",
      put: {
        id: "model/house/small/d1",
        line: "model/house/small",
        digest: "d1",
        source: "files",
        author: "ann",
        message: "first",
        addedAt: 7,
      },
    },
  ]);
  const api = fold("line/prompt/ask", "version.added", { digest: "d2", source: "api", by: "ann" }, 2);
  assert.deepEqual(api[0], { table: "lines", update: "prompt/ask", set: { updatedAt: 7 } });
  const files = fold("line/prompt/ask", "version.added", { digest: "d3", source: "files", by: "ann" }, 3);
  assert.deepEqual(files[0], {
    table: "lines",
    update: "prompt/ask",
    set: { updatedAt: 7, filesDigest: "d3" },
  });
  assert.deepEqual(fold("line/prompt/ask", "version.synced", { digest: "d2", by: "ann" }, 4), [
    { table: "lines", update: "prompt/ask", set: { filesDigest: "d2", updatedAt: 7 } },
  ]);
});

test("a move uses its approvals up", () => {
  const approved = { label: "production", digest: "d1", by: "bob", comment: null, verified: false };
  const id = "prompt/ask/production/d1/bob";
  assert.deepEqual(fold("line/prompt/ask", "label.approved", approved), [
    {
      table: "approvals",
      put: {
        id,
        line: "prompt/ask",
        label: "production",
        digest: "d1",
        approver: "bob",
        verified: false,
        approvedAt: 7,
      },
    },
  ]);
  const moved = {
    label: "production",
    to: "d1",
    from: null,
    by: "ann",
    reason: null,
    approvals: ["bob"],
    rollout: "r1",
  };
  assert.deepEqual(fold("line/prompt/ask", "label.moved", moved), [
    {
      table: "labels",
      put: {
        id: "prompt/ask/production",
        line: "prompt/ask",
        label: "production",
        digest: "d1",
        movedBy: "ann",
        movedAt: 7,
        rollout: "r1",
      },
    },
    { table: "approvals", remove: id },
  ]);
  const removed = { label: "canary", from: "d1", by: "ann", reason: null };
  assert.deepEqual(fold("line/prompt/ask", "label.removed", removed), [
    { table: "labels", remove: "prompt/ask/canary" },
  ]);
});

test("a rollout runs, changes its share, and ends with a reason", () => {
  const guards = [{ metric: "error_rate", max: 0.05, minRuns: 20 }];
  const started = {
    kind: "prompt",
    name: "ask",
    from: "d1",
    to: "d2",
    mode: "canary",
    share: 0.1,
    guards,
    by: "ann",
  };
  assert.deepEqual(fold("rollout/r1", "rollout.started", started), [
    {
      table: "rollouts",
      put: {
        id: "r1",
        line: "prompt/ask",
        fromDigest: "d1",
        toDigest: "d2",
        mode: "canary",
        share: 0.1,
        key: null,
        guards: JSON.stringify(guards),
        status: "running",
        startedBy: "ann",
        startedAt: 7,
        endedAt: null,
        reason: null,
      },
    },
  ]);
  assert.deepEqual(fold("rollout/r1", "rollout.resized", { share: 0.5, from: 0.1, by: "ann" }), [
    { table: "rollouts", update: "r1", set: { share: 0.5 } },
  ]);
  for (const [type, status] of [
    ["rollout.promoted", "promoted"],
    ["rollout.rolled_back", "rolled_back"],
  ] as const)
    assert.deepEqual(fold("rollout/r1", type, { by: "ann", reason: "why" }), [
      { table: "rollouts", update: "r1", set: { status, endedAt: 7, reason: "why" } },
    ]);
});

test("a run is in the arms that its start names, until an event of its own says how it stopped", () => {
  const arms = { r1: "to", r2: "from" };
  const [first, second] = fold("run/a", "run.started", { arms });
  assert.deepEqual(first, {
    table: "arms",
    put: {
      id: "a/r1",
      run: "a",
      rollout: "r1",
      arm: "to",
      startedAt: 7,
      status: null,
      endedAt: null,
      costUsd: null,
    },
  });
  assert.equal(second && "put" in second && second.table === "arms" && second.put.arm, "from");
  assert.deepEqual(fold("run/a", "run.completed", { arms: { r1: "to" }, costUsd: 0.5 }), [
    { table: "arms", update: "a/r1", set: { status: "completed", endedAt: 7, costUsd: 0.5 } },
  ]);
  assert.deepEqual(fold("run/a", "run.failed", { arms: { r1: "to" } }), [
    { table: "arms", update: "a/r1", set: { status: "failed", endedAt: 7, costUsd: 0 } },
  ]);
  assert.deepEqual(fold("run/a", "run.paused", { arms: { r1: "to" } }), [
    { table: "arms", update: "a/r1", set: { status: "paused", endedAt: null, costUsd: null } },
  ]);
  for (const [type, data] of [
    ["run.woken", { arms: { r1: "to" } }],
    ["run.completed", {}],
    ["step.completed", { arms: { r1: "to" } }],
  ] as const)
    assert.deepEqual(fold("run/a", type, data), []);
});

test("a score is under its run; a yes counts as one", () => {
  const [change] = fold(
    "score/a",
    "score.recorded",
    { name: "right", value: true, source: "judge", by: "ann" },
    3,
  );
  assert.deepEqual(change, {
    table: "scores",
    put: {
      id: "a/3",
      run: "a",
      step: null,
      name: "right",
      value: 1,
      source: "judge",
      scoredBy: "ann",
      comment: null,
      scoredAt: 7,
    },
  });
});

test("what is not of the registry changes nothing in it; a run that is pruned takes its rows along", () => {
  for (const [stream, type] of [
    ["review/a", "review.decided"],
    ["line/prompt/ask", "line.painted"],
    ["rollout/r1", "rollout.painted"],
    ["score/a", "score.painted"],
  ] as const)
    assert.deepEqual(fold(stream, type, {}), []);
  assert.deepEqual(forgottenRegistryRows("run/a"), [{ table: "arms", removeRun: "a" }]);
  assert.deepEqual(forgottenRegistryRows("score/a"), [{ table: "scores", removeRun: "a" }]);
  assert.deepEqual(forgottenRegistryRows("review/a"), []);
});
