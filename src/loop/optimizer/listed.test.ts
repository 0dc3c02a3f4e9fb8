import assert from "node:assert/strict";
import { test } from "node:test";
import { currentOf, isRuledOut, type ListedProposal, statusOf } from "./listed.ts";
import { madeOf, type Proposal } from "./proposals.ts";

function proposal(
  kind: Proposal["kind"],
  to: string,
  parts: { from?: string; step?: string } = {},
): Proposal {
  const { from = "version 1", step = "intent" } = parts;
  return { id: to, workflow: "flow", kind, from, to, finding: { kind, step } } as unknown as Proposal;
}

const declined = { by: "ann", reason: "not now", at: 1 };

function listed(made: Proposal, status: ListedProposal["status"]): ListedProposal {
  return { proposal: made, status, declined: status === "declined" ? declined : null, experiment: null };
}

test("a proposal is open until somebody declines it or its experiment begins", () => {
  assert.deepEqual(
    [statusOf(null, undefined), statusOf(declined, undefined), statusOf(null, "canary")],
    ["open", "declined", "testing"],
  );
  assert.deepEqual([statusOf(null, "promoted"), statusOf(null, "rolledBack")], ["promoted", "rolledBack"]);
  const made = { type: "proposal.made", data: { id: "p" }, at: 1 };
  const no = { type: "proposal.declined", data: { by: "ann", reason: "not now" }, at: 2 };
  const at = (count: number) => madeOf([made, no].slice(0, count) as never);
  assert.equal(at(0), undefined);
  assert.deepEqual(at(1), { proposal: { id: "p" }, declined: null });
  assert.deepEqual(at(2), { proposal: { id: "p" }, declined: { ...declined, at: 2 } });
});

test("what was tried or declined is ruled out until what it would change is another version", () => {
  const swap = proposal("swap_model", "small");
  for (const status of ["declined", "testing", "promoted", "rolledBack"] as const) {
    const known = [listed(swap, status)];
    assert.ok(isRuledOut(swap, known), status);
    assert.ok(!isRuledOut(proposal("swap_model", "tiny"), known), "another model is another change");
    assert.ok(!isRuledOut(proposal("swap_model", "small", { from: "version 2" }), known));
  }
  assert.ok(!isRuledOut(swap, [listed(swap, "open")]));
});

test("a no holds whatever figure a later record finds, and for that step alone", () => {
  const ruledOut = (kind: Proposal["kind"], status: ListedProposal["status"], step?: string) =>
    isRuledOut(proposal(kind, "another text", step ? { step } : {}), [
      listed(proposal(kind, "text"), status),
    ]);
  for (const kind of ["change_threshold", "add_cache", "cascade"] as const) {
    assert.ok(ruledOut(kind, "declined"), kind);
    assert.ok(!ruledOut(kind, "declined", "approval"), kind);
  }
  assert.deepEqual(
    [ruledOut("change_threshold", "rolledBack"), ruledOut("cascade", "rolledBack")],
    [false, true],
    "a trial says nothing of another figure",
  );
});

test("of the open ones, the latest stands for the same made earlier, and none for what was tried or declined", () => {
  const [first, second] = [proposal("cascade", "trained 1"), proposal("cascade", "trained 2")];
  const [low, lower] = [proposal("change_threshold", "0.8"), proposal("change_threshold", "0.7")];
  const shown = (...all: readonly ListedProposal[]) => currentOf(all).map(({ proposal: { to } }) => to);
  assert.deepEqual(shown(listed(first, "open"), listed(second, "open")), ["trained 2"]);
  assert.deepEqual(shown(listed(first, "rolledBack"), listed(second, "open")), ["trained 1"]);
  assert.deepEqual(shown(listed(low, "open"), listed(lower, "open")), ["0.8", "0.7"]);
  assert.deepEqual(shown(listed(low, "open"), listed(lower, "declined")), ["0.7"]);
  assert.deepEqual(shown(listed(low, "declined"), listed(lower, "open")), ["0.8"]);
});
