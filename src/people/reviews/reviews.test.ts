import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, JsonObject } from "../../core/base/index.ts";
import {
  assertSound,
  type Bundle,
  dataOf,
  ending,
  openReviews,
  restart,
  run,
  send,
  setup,
  step,
  ticks,
  typesOf,
  value,
  watchCommits,
} from "../../core/executor/testing.ts";
import type { WorkflowDocument } from "../../core/workflow/index.ts";
import {
  DecisionInvalid,
  type DecisionRequest,
  decide,
  humanReviewKind,
  ReviewNotFound,
  ReviewNotOpen,
  readReview,
} from "./index.ts";

const hour = 3_600_000;
const options = { kinds: [humanReviewKind] };
const steps = (config: JsonObject): WorkflowDocument["steps"] => [
  step("review", "human_review", { draft: "{{ input.draft }}", ...config }),
  value("after", {
    value: "{{ review.value }}",
    decision: "{{ review.decision }}",
    reviewer: "{{ review.reviewer }}",
  }),
];

/** A run of these rules over an input. */
async function review(
  config: JsonObject,
  input: Json = { draft: "dear customer" },
  bundle: Bundle = setup(options),
) {
  const reached = await run(bundle, steps(config), { input });
  const [id = ""] = openReviews(bundle, reached.id);
  return { bundle, run: reached, id };
}

/** Answers as a person would, and sees where the run comes to rest. */
async function answered(
  asked: Awaited<ReturnType<typeof review>>,
  request: Omit<DecisionRequest, "reviewer">,
) {
  const { bundle, run, id } = asked;
  const decided = await decide(bundle.journal, id, { ...request, reviewer: "ann" });
  bundle.executor.wake(run.id);
  return { decided, ...(await ending(bundle, run.id)) };
}

test("without rules a person is always asked", async () => {
  const { bundle, run, id } = await review({});
  assert.equal(run.status, "waiting");
  const { status, request } = await readReview(bundle.journal, id);
  assert.deepEqual([status, request.reason, request.confidence], ["open", "always", null]);
});

test("a person is asked when the confidence is low or absent, or when a rule holds; else the draft is approved", async () => {
  const cases: [config: JsonObject, input: JsonObject, reason: string | null][] = [
    [{ below: 0.85, confidence: "{{ input.c }}" }, { c: 0.84 }, "low confidence"],
    [{ below: 0.85, confidence: "{{ input.c }}" }, { c: 0.85 }, null],
    [{ below: 0.85, confidence: "{{ input.c }}" }, { c: 1 }, null],
    [{ below: 0.85, confidence: "{{ input.c }}" }, { c: 0 }, "low confidence"],
    [{ below: 0.85, confidence: "{{ input.c }}" }, { c: null }, "no confidence"],
    [{ below: 0.85 }, {}, "no confidence"],
    [{ below: 0, confidence: "{{ input.c }}" }, { c: 0 }, null],
    [{ when: "{{ input.risky }}" }, { risky: true }, "rule"],
    [{ when: "{{ input.risky }}" }, { risky: false }, null],
    [{ when: "{{ input.risky }}" }, { risky: "no" }, null],
    [{ when: "{{ input.risky }}" }, { risky: "True" }, "rule"],
    [{ when: true }, {}, "rule"],
    [{ when: false }, {}, null],
    [
      { below: 0.85, confidence: "{{ input.c }}", when: "{{ input.risky }}" },
      { c: 0.99, risky: true },
      "rule",
    ],
    [
      { below: 0.85, confidence: "{{ input.c }}", when: "{{ input.risky }}" },
      { c: 0.5, risky: false },
      "low confidence",
    ],
    [
      { below: 0.85, confidence: "{{ input.c }}", when: "{{ input.risky }}" },
      { c: 0.99, risky: false },
      null,
    ],
  ];
  for (const [config, input, reason] of cases) {
    const what = JSON.stringify([config, input]);
    const { bundle, run, id } = await review(config, { draft: "d", ...input });
    if (reason) assert.equal((await readReview(bundle.journal, id)).request.reason, reason, what);
    else
      assert.deepEqual(
        [run.status, run.output],
        ["completed", { value: "d", decision: "auto", reviewer: null }],
        what,
      );
  }
});

test("a review keeps its own copy of what the reviewer sees", async () => {
  const config = {
    evidence: "{{ input.e }}",
    confidence: "{{ input.c }}",
    below: 0.5,
    assign: "support",
    instructions: "Look.",
    within: "4h",
  };
  const { bundle, run, id } = await review(config, { draft: { text: "d" }, e: [{ id: 1 }], c: 0.3 });
  const deadline = bundle.clock.now() + 4 * hour;
  const { request, requestedAt, escalated, decision } = await readReview(bundle.journal, id);
  assert.deepEqual(request, {
    run: run.id,
    path: "review",
    workflow: "test",
    draft: { text: "d" },
    evidence: [{ id: 1 }],
    confidence: 0.3,
    reason: "low confidence",
    instructions: "Look.",
    assign: "support",
    deadline,
  });
  assert.deepEqual([requestedAt, escalated, decision], [bundle.clock.now(), false, null]);
  const row = bundle.control.review(id);
  assert.deepEqual(
    [row?.status, row?.assignee, row?.deadline, row?.path],
    ["open", "support", deadline, "review"],
  );
  assert.deepEqual([run.row.waitingFor, run.row.waitingKey, run.row.deadline], ["review", id, deadline]);
});

test("an approval gives the draft, a correction gives what the person wrote", async () => {
  for (const isRestarted of [false, true])
    for (const [request, wanted] of [
      [
        { decision: "approve", value: "ignored" },
        { value: "dear customer", decision: "approve", reviewer: "ann" },
      ],
      [
        { decision: "correct", value: { better: true } },
        { value: { better: true }, decision: "correct", reviewer: "ann" },
      ],
      [
        { decision: "correct", value: null },
        { value: null, decision: "correct", reviewer: "ann" },
      ],
    ] as const) {
      const asked = await review({});
      const bundle = isRestarted ? restart(asked.bundle, options) : asked.bundle;
      const { status, output, decided } = await answered({ ...asked, bundle }, request);
      assert.deepEqual([status, output], ["completed", wanted]);
      assert.deepEqual([decided.status, decided.decision?.reviewer], ["decided", "ann"]);
      assert.equal(bundle.control.review(asked.id)?.status, "decided");
      await assertSound(bundle);
    }
});

test("the answer and its way to the run share one commit", async () => {
  const asked = await review({});
  const commits = watchCommits(asked.bundle);
  await answered(asked, { decision: "approve" });
  assert.deepEqual(commits[0], ["review review.decided", "command command.received"]);
});

test("a correction without a value is refused, and the review stays open", async () => {
  const { bundle, id } = await review({});
  await assert.rejects(decide(bundle.journal, id, { decision: "correct", reviewer: "ann" }), DecisionInvalid);
  assert.equal((await readReview(bundle.journal, id)).status, "open");
});

test("a rejection ends the run as rejected, with who and why", async () => {
  const { status, events, row } = await answered(await review({}), {
    decision: "reject",
    comment: "too rude",
  });
  assert.equal(status, "rejected");
  const { path, by, comment } = dataOf(events, "run.rejected");
  assert.deepEqual([path, by, comment, row.endedAt !== null], ["review", "ann", "too rude", true]);
});

test("on_reject: continue goes on, with the decision and no value", async () => {
  const { status, output } = await answered(await review({ onReject: "continue" }), { decision: "reject" });
  assert.deepEqual([status, output], ["completed", { value: null, decision: "reject", reviewer: "ann" }]);
});

test("an escalation leaves the review open for somebody else, as often as needed", async () => {
  const asked = await review({});
  for (let count = 0; count < 2; count++) {
    const { status, decided } = await answered(asked, { decision: "escalate", comment: "not mine" });
    assert.deepEqual([status, decided.status, decided.escalated], ["waiting", "open", true]);
  }
  assert.equal(asked.bundle.control.review(asked.id)?.escalated, true);
  assert.equal((await answered(asked, { decision: "approve" })).status, "completed");
  await assertSound(asked.bundle);
});

test("the first answer counts; a second one is refused and names the first", async () => {
  const asked = await review({});
  const { journal } = asked.bundle;
  const outcomes = await Promise.allSettled([
    decide(journal, asked.id, { decision: "correct", value: "first", reviewer: "ann" }),
    decide(journal, asked.id, { decision: "reject", reviewer: "bob" }),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["fulfilled", "rejected"],
  );
  assert.ok(outcomes[1]?.status === "rejected" && outcomes[1].reason instanceof ReviewNotOpen);
  const refused = {
    name: "ReviewNotOpen",
    code: "REVIEW_NOT_OPEN",
    status: 409,
    message: /was already decided by ann/,
  };
  await assert.rejects(decide(journal, asked.id, { decision: "approve", reviewer: "bob" }), refused);
  await assert.rejects(decide(journal, asked.id, { decision: "escalate", reviewer: "bob" }), ReviewNotOpen);
  asked.bundle.executor.wake(asked.run.id);
  assert.deepEqual((await ending(asked.bundle, asked.run.id)).output, {
    value: "first",
    decision: "correct",
    reviewer: "ann",
  });
});

test("an answer counts that comes at the same moment as an escalation", async () => {
  const asked = await review({});
  const { bundle, id, run } = asked;
  await Promise.all([
    decide(bundle.journal, id, { decision: "escalate", reviewer: "ann" }),
    decide(bundle.journal, id, { decision: "approve", reviewer: "bob" }),
  ]);
  const types = typesOf(await bundle.journal.read(`review/${id}`));
  assert.deepEqual(types, ["review.requested", "review.escalated", "review.decided"]);
  bundle.executor.wake(run.id);
  assert.equal((await ending(bundle, run.id)).status, "completed");
});

test("a review that is not there is a typed refusal", async () => {
  const { journal } = setup();
  await assert.rejects(decide(journal, "nothing", { decision: "approve", reviewer: "ann" }), ReviewNotFound);
});

test("the review of a cancelled run is withdrawn, and takes no answer", async () => {
  const { bundle, run, id } = await review({});
  await send(bundle, run.id, { kind: "cancel", by: "ann", reason: null });
  assert.equal((await ending(bundle, run.id)).status, "cancelled");
  assert.equal((await readReview(bundle.journal, id)).status, "withdrawn");
  await assert.rejects(
    decide(bundle.journal, id, { decision: "approve", reviewer: "bob" }),
    /was already withdrawn/,
  );
});

test("a passed deadline escalates, and the review stays open: silence is no approval", async () => {
  const asked = await review({ within: "4h" });
  asked.bundle.clock.advance(4 * hour);
  const { status, row } = await ending(asked.bundle, asked.run.id);
  assert.deepEqual([status, row.waitingFor, row.dueAt], ["waiting", "review", null]);
  const { escalated } = await readReview(asked.bundle.journal, asked.id);
  assert.deepEqual([escalated, openReviews(asked.bundle, asked.run.id)], [true, [asked.id]]);
  assert.equal((await answered(asked, { decision: "approve" })).status, "completed");
  await assertSound(asked.bundle);
});

test("on_timeout: reject ends the run, and takes the review back", async () => {
  const { bundle, run, id } = await review({ within: "4h", onTimeout: "reject" });
  bundle.clock.advance(4 * hour);
  const { status, events } = await ending(bundle, run.id);
  assert.deepEqual([status, dataOf(events, "run.rejected").by], ["rejected", "deadline"]);
  assert.deepEqual(typesOf(await bundle.journal.read(`review/${id}`)), [
    "review.requested",
    "review.withdrawn",
  ]);
  await assertSound(bundle);
});

test("on_timeout: fail fails the step, takes the review back, and asks anew when resumed", async () => {
  const { bundle, run, id } = await review({ within: "4h", onTimeout: "fail" });
  bundle.clock.advance(4 * hour);
  const paused = await ending(bundle, run.id);
  assert.deepEqual([paused.status, JSON.parse(paused.row.error ?? "").code], ["paused", "REVIEW_EXPIRED"]);
  assert.equal((await readReview(bundle.journal, id)).status, "withdrawn");
  await send(bundle, run.id, { kind: "resume", by: "ann" });
  assert.equal((await ending(bundle, run.id)).status, "waiting");
  const [again = ""] = openReviews(bundle, run.id);
  assert.ok(again && again !== id);
  const { status } = await answered({ bundle, run, id: again }, { decision: "approve" });
  assert.equal(status, "completed");
  await assertSound(bundle);
});

test("an answer that comes before the deadline is looked at counts, though the deadline has passed by then", async () => {
  const asked = await review({ within: "4h", onTimeout: "reject" });
  asked.bundle.kill();
  asked.bundle.clock.advance(4 * hour);
  const bundle = setup({ ...options, disk: asked.bundle, clock: asked.bundle.clock });
  await decide(bundle.journal, asked.id, { decision: "approve", reviewer: "ann" });
  await ticks();
  const { status } = await ending(bundle, asked.run.id);
  const { status: reviewStatus } = await readReview(bundle.journal, asked.id);
  // Whichever was first, run and review agree.
  assert.ok(
    (status === "completed" && reviewStatus === "decided") ||
      (status === "rejected" && reviewStatus === "withdrawn"),
    `${status}, ${reviewStatus}`,
  );
});

test("what a reviewer is shown is the same after what it came from has changed", async () => {
  const draft = { nested: ["a"] };
  const { bundle, id } = await review({}, { draft });
  draft.nested.push("b");
  assert.deepEqual((await readReview(bundle.journal, id)).request.draft, { nested: ["a"] });
});
