import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import type { StepKind } from "../workflow/index.ts";
import type { Command } from "./events.ts";
import {
  answer,
  assertSound,
  type Bundle,
  call,
  dataOf,
  ending,
  Outage,
  openReviews,
  restart,
  run,
  send,
  setup,
  start,
  step,
  ticks,
  typesOf,
  value,
  World,
} from "./testing.ts";

const hour = 3_600_000;
const waitFor = (id: string, config: { [key: string]: string }) => step(id, "wait", config);
const go = (data: number | string = 1): Command => ({ kind: "signal", event: "go", data });

/** The same bundle, or the one of a process that took over: what holds must hold for both. */
const both: readonly ((bundle: Bundle) => Bundle)[] = [(bundle) => bundle, (bundle) => restart(bundle)];

async function askedReview(bundle: Bundle, id: string): Promise<string> {
  await bundle.executor.settled(id);
  const [review] = openReviews(bundle, id);
  assert.ok(review, "a review is open");
  return review;
}

// Signals

test("a waiting run goes on with the data of the signal", async () => {
  for (const next of both) {
    const first = setup();
    const { id, row } = await run(first, [waitFor("gate", { event: "go" }), value("b", "{{ gate.value }}")]);
    assert.deepEqual([row.waitingFor, row.waitingKey, row.dueAt], ["event", "go", null]);
    const bundle = next(first);
    await send(bundle, id, go("green"));
    const { output } = await ending(bundle, id);
    assert.deepEqual([output, bundle.control.inbox(id)], ["green", []]);
    await assertSound(bundle);
  }
});

test("a signal that came before the wait counts, also across a restart", async () => {
  for (const next of both) {
    const first = setup();
    const id = await start(first, [
      waitFor("pause", { for: "1h" }),
      waitFor("gate", { event: "go" }),
      value("b", "{{ gate.value }}"),
    ]);
    await first.executor.settled(id);
    await send(first, id, go("early"));
    await first.executor.settled(id);
    const bundle = next(first);
    bundle.clock.advance(hour);
    const { status, output, events } = await ending(bundle, id);
    assert.deepEqual([status, output], ["completed", "early"]);
    assert.ok(typesOf(events).indexOf("run.signalled") < typesOf(events).lastIndexOf("step.waited"));
    await assertSound(bundle);
  }
});

test("signals are received in order, each once, and only by name", async () => {
  const bundle = setup();
  const gates = ["a", "b", "c"].map((id) => waitFor(id, { event: "go" }));
  const id = await start(bundle, [
    ...gates,
    value("end", ["{{ a.value }}", "{{ b.value }}", "{{ c.value }}"]),
  ]);
  await send(bundle, id, go(1), "s1");
  await send(bundle, id, { kind: "signal", event: "stop", data: 9 }, "s2");
  await send(bundle, id, go(2), "s3");
  assert.equal((await ending(bundle, id)).status, "waiting");
  await send(bundle, id, go(3), "s4");
  assert.deepEqual((await ending(bundle, id)).output, [1, 2, 3]);
});

test("a signal with the same id twice is one signal", async () => {
  const bundle = setup();
  const id = await start(bundle, [waitFor("a", { event: "go" }), waitFor("b", { event: "go" })]);
  await bundle.executor.settled(id);
  await Promise.all([send(bundle, id, go(), "same"), send(bundle, id, go(), "same")]);
  await send(bundle, id, go(), "same");
  const { status, events } = await ending(bundle, id);
  assert.equal(status, "waiting");
  assert.equal(typesOf(events).filter((type) => type === "run.signalled").length, 1);
  await send(bundle, id, go(), "other");
  assert.equal((await ending(bundle, id)).status, "completed");
});

test("an event that does not come in time fails the step, or lets the run go on", async () => {
  const bundle = setup();
  const failing = await start(bundle, [waitFor("gate", { event: "go", within: "2h" })]);
  const steps = [
    waitFor("gate", { event: "go", within: "2h", onTimeout: "continue" }),
    value("b", "{{ gate.expired }}"),
  ];
  const going = await start(bundle, steps);
  const before = await ending(bundle, failing);
  assert.deepEqual([before.row.waitingFor, before.row.deadline], ["event", bundle.clock.now() + 2 * hour]);
  await ending(bundle, going);
  bundle.clock.advance(2 * hour);
  const failed = await ending(bundle, failing);
  assert.deepEqual([failed.status, JSON.parse(failed.row.error ?? "").code], ["paused", "WAIT_EXPIRED"]);
  assert.equal((await ending(bundle, going)).output, true);

  // Resumed, the wait begins anew.
  await send(bundle, failing, { kind: "resume", by: "ann" }, "resume");
  const again = await ending(bundle, failing);
  assert.deepEqual([again.status, again.row.dueAt], ["waiting", bundle.clock.now() + 2 * hour]);
  await send(bundle, failing, go("late"), "late");
  assert.equal((await ending(bundle, failing)).output, "late");
  await assertSound(bundle);
});

test("a run sends a signal to another in the commit of its step", async () => {
  const bundle = setup();
  const waiting = await start(bundle, [waitFor("gate", { event: "go" }), value("b", "{{ gate.value }}")]);
  await bundle.executor.settled(waiting);
  const emit = step("tell", "emit", { event: "go", data: { n: 5 }, to: waiting });
  assert.equal((await run(bundle, [emit])).status, "completed");
  await ticks();
  assert.deepEqual((await ending(bundle, waiting)).output, { n: 5 });
  await assertSound(bundle);
});

test("a signal to a run that is not there does not stay in the inbox", async () => {
  const bundle = setup();
  assert.equal(
    (await run(bundle, [step("tell", "emit", { event: "go", to: "nobody" })])).status,
    "completed",
  );
  await ticks();
  assert.deepEqual(bundle.control.inbox("nobody"), []);
  await assert.rejects(send(bundle, "nobody", go()), { code: "RUN_NOT_FOUND" });
});

// People

test("a decision goes on with the run, once, whoever asks again", async () => {
  for (const next of both) {
    const first = setup();
    const { id, row } = await run(first, [
      step("ask", "ask", { draft: "d" }),
      value("b", "{{ ask.value }} {{ ask.decision }}"),
    ]);
    const bundle = next(first);
    const review = await askedReview(bundle, id);
    assert.deepEqual([row.status, row.waitingFor, row.waitingKey], ["waiting", "review", review]);
    await answer(bundle, review, { decision: "approve", value: "d", reviewer: "ann" });
    const { output, events } = await ending(bundle, id);
    assert.equal(output, "d approve");
    await assert.rejects(answer(bundle, review, { decision: "approve", value: "e", reviewer: "bob" }));
    await ticks();
    assert.deepEqual(typesOf((await ending(bundle, id)).events), typesOf(events));
    assert.equal(typeof dataOf(events, "step.completed", "ask").command, "string");
    assert.deepEqual([bundle.control.inbox(id), openReviews(bundle, id)], [[], []]);
    await assertSound(bundle);
  }
});

test("the same decision twice in the inbox counts once, and the second is dismissed", async () => {
  const bundle = setup();
  const id = await start(bundle, [step("ask", "ask", { draft: "d" }), waitFor("gate", { event: "go" })]);
  const review = await askedReview(bundle, id);
  const decision: Command = {
    kind: "decision",
    review,
    decision: { decision: "approve", value: 1, reviewer: "ann" },
  };
  await Promise.all([send(bundle, id, decision, "d1"), send(bundle, id, decision, "d2")]);
  assert.equal((await ending(bundle, id)).status, "waiting");
  assert.deepEqual(typesOf(await bundle.journal.read(`command/${id}/d2`)), [
    "command.received",
    "command.dismissed",
  ]);
  assert.deepEqual(bundle.control.inbox(id), []);
});

test("a rejection ends the run as rejected, and says by whom", async () => {
  const bundle = setup();
  const { id } = await run(bundle, [step("ask", "ask", { draft: "d" }), call("b", "never")]);
  await answer(bundle, await askedReview(bundle, id), { decision: "reject", reviewer: "ann" });
  const { status, events } = await ending(bundle, id);
  assert.equal(status, "rejected");
  const { path, by } = dataOf(events, "run.rejected");
  assert.deepEqual([path, by, bundle.world.count("never"), bundle.control.inbox(id)], ["ask", "ann", 0, []]);
  await assertSound(bundle);
});

test("a passed deadline escalates once, and the question stays open", async () => {
  for (const next of both) {
    const first = setup();
    const { id, row } = await run(first, [step("ask", "ask", { draft: "d", within: 4 * hour })]);
    assert.deepEqual([row.deadline, row.dueAt], [first.clock.now() + 4 * hour, first.clock.now() + 4 * hour]);
    const bundle = next(first);
    bundle.clock.advance(4 * hour);
    const waiting = await ending(bundle, id);
    assert.deepEqual(
      [waiting.status, waiting.row.waitingFor, waiting.row.dueAt],
      ["waiting", "review", null],
    );
    const review = await askedReview(bundle, id);
    assert.equal(bundle.control.review(review)?.escalated, true);
    bundle.clock.advance(6 * hour);
    await ticks();
    assert.deepEqual(typesOf(await bundle.journal.read(`review/${review}`)), [
      "review.requested",
      "review.escalated",
    ]);
    await answer(bundle, review, { decision: "correct", value: "c", reviewer: "ann" });
    assert.equal((await ending(bundle, id)).output, "c");
    await assertSound(bundle);
  }
});

test("a decision after the run was cancelled finds the question withdrawn; one in the same turn is dismissed", async () => {
  const bundle = setup();
  const { id } = await run(bundle, [step("ask", "ask", { draft: "d" })]);
  const review = await askedReview(bundle, id);
  await Promise.all([
    send(bundle, id, { kind: "cancel", by: "ann", reason: null }, "c"),
    answer(bundle, review, { decision: "approve", value: "d", reviewer: "bob" }),
  ]);
  await ticks();
  assert.equal((await ending(bundle, id)).status, "cancelled");
  // What came behind the cancel is met by the next look at the inbox.
  bundle.clock.advance(1_000);
  await ticks();
  assert.deepEqual(bundle.control.inbox(id), []);

  const other = await run(bundle, [step("ask", "ask", { draft: "d" })]);
  const question = await askedReview(bundle, other.id);
  await send(bundle, other.id, { kind: "cancel", by: "ann", reason: null }, "c2");
  assert.equal((await ending(bundle, other.id)).status, "cancelled");
  assert.equal(bundle.control.review(question)?.status, "withdrawn");
  await assertSound(bundle);
});

// A kind that does work when it is woken
// ======================================

/** Waits for the answer to a question, or for events of a name, so many times; then asks the world what it means. */
const oracle = (world: World): StepKind => ({
  name: "oracle",
  summary: "For tests.",
  config: z.object({ do: z.string(), event: z.string().optional(), times: z.number().optional() }),
  fields: [],
  callsOut: true,
  effect: () => "none",
  execute: ({ event }, { runId }) => ({
    wait: event ? { for: "event", key: String(event) } : { for: "review", key: `question-${runId}` },
  }),
  resume(config, woken, context) {
    const data =
      woken.by === "event" ? woken.data : woken.by === "review" ? (woken.decision.value ?? null) : null;
    if (data === "again") return { wait: { for: "event", key: String(config.event) } };
    return world.answerLater({ do: config.do ?? "", with: data }, context);
  },
});

function setupOracle(world = new World()): { bundle: Bundle; next: (bundle: Bundle) => Bundle } {
  const kinds = [oracle(world)];
  return { bundle: setup({ world, kinds }), next: (bundle) => restart(bundle, { kinds }) };
}

function told(run: string, value: string): Command {
  return {
    kind: "decision",
    review: `question-${run}`,
    decision: { decision: "approve", value, reviewer: "ann" },
  };
}

test("an answer that is being taken in is not taken twice, however often the bell rings", async () => {
  const { bundle } = setupOracle();
  const held = bundle.world.holding("mean");
  const { id } = await run(bundle, [step("a", "oracle", { do: "mean" })]);
  await send(bundle, id, told(id, "yes"));
  await bundle.world.called("mean");
  for (let ring = 0; ring < 3; ring++) {
    bundle.executor.wake(id);
    await ticks();
  }
  assert.deepEqual(typesOf(await bundle.journal.read(`command/${id}/command-1`)), ["command.received"]);
  held.get("a")?.resolve({ result: { value: "meant" } });
  const { output } = await ending(bundle, id);
  assert.deepEqual([output, bundle.world.count("mean"), bundle.control.inbox(id)], ["meant", 1, []]);
});

test("an answer outlives a failure of what is made of it, and a restart in between", async () => {
  for (const isRestarted of [false, true]) {
    const { bundle: first, next } = setupOracle();
    first.world.failing("mean", 1, () => new Outage("server", 5_000));
    const { id } = await run(first, [step("a", "oracle", { do: "mean" })]);
    await send(first, id, told(id, "yes"));
    assert.equal((await ending(first, id)).status, "waiting");
    const bundle = isRestarted ? next(first) : first;
    bundle.clock.advance(5_000);
    await ticks();
    const { status, output } = await ending(bundle, id);
    assert.deepEqual([status, output, bundle.control.inbox(id)], ["completed", "yes", []]);
    await assertSound(bundle);
  }
});

test("an event that led to a further wait is not received again after a restart", async () => {
  const { bundle: first, next } = setupOracle();
  const { id } = await run(first, [step("a", "oracle", { do: "mean", event: "go" })]);
  await send(first, id, go("again"), "s1");
  assert.equal((await ending(first, id)).status, "waiting");
  const bundle = next(first);
  await send(bundle, id, { kind: "signal", event: "other", data: 1 }, "s2");
  assert.equal((await ending(bundle, id)).status, "waiting");
  assert.equal((await ending(bundle, id)).events.filter(({ type }) => type === "step.waited").length, 2);
  await send(bundle, id, go("done"), "s3");
  assert.equal((await ending(bundle, id)).output, "done");
  await assertSound(bundle);
});

// Races and exactness
// ===================

test("a command that comes while the run is being parked is taken, and nobody is told of the stop between", async () => {
  const bundle = setup();
  const commit = bundle.storage.commit.bind(bundle.storage);
  const sent: Promise<void>[] = [];
  bundle.storage.commit = (rows, changes, erased) => {
    commit(rows, changes, erased);
    // Committed together with the parking itself, which is what follows on the wait.
    const waited = rows.find(({ type }) => type === "step.waited");
    if (waited && sent.length === 0)
      sent.push(send(bundle, waited.stream.slice("run/".length), go("meanwhile")));
  };
  const id = await start(bundle, [waitFor("gate", { event: "go" })]);
  const { status, output, events } = await ending(bundle, id);
  assert.deepEqual([status, output], ["completed", "meanwhile"]);
  assert.ok(typesOf(events).includes("run.suspended"), "the run was parked when the signal came");
  await Promise.all(sent);
});

// Commands that come too late or at the wrong moment

test("a command to a run that has ended is dismissed, and nothing changes", async () => {
  const bundle = setup();
  const { id, events } = await run(bundle, [value("a", 1)]);
  const commands: Command[] = [
    { kind: "cancel", by: "ann", reason: null },
    { kind: "resume", by: "ann" },
    go(),
  ];
  for (const [index, command] of commands.entries()) {
    await send(bundle, id, command, `late-${index}`);
    await ticks();
    assert.deepEqual(typesOf(await bundle.journal.read(`command/${id}/late-${index}`)), [
      "command.received",
      "command.dismissed",
    ]);
  }
  assert.deepEqual(await bundle.journal.read(`run/${id}`), events);
  assert.equal(bundle.executor.isIdle, true);
  await assertSound(bundle);
});

test("a resume of a run that is not paused is dismissed", async () => {
  const bundle = setup();
  const { id } = await run(bundle, [waitFor("gate", { event: "go" })]);
  await send(bundle, id, { kind: "resume", by: "ann" });
  assert.equal((await ending(bundle, id)).status, "waiting");
  assert.deepEqual(bundle.control.inbox(id), []);
});

test("commands are taken in the order in which they came", async () => {
  const bundle = setup();
  const { id } = await run(bundle, [waitFor("gate", { event: "go" })]);
  await Promise.all([
    send(bundle, id, go(), "first"),
    send(bundle, id, { kind: "cancel", by: "ann", reason: null }, "second"),
  ]);
  const { status, events } = await ending(bundle, id);
  assert.equal(status, "cancelled");
  assert.deepEqual(typesOf(events).slice(-2), ["run.signalled", "run.cancelled"]);
});

test("a command that came while no process lived is taken at the next start", async () => {
  const first = setup();
  const { id } = await run(first, [waitFor("gate", { event: "go" })]);
  await first.executor.drain(0);
  await send(first, id, go("kept"));
  const bundle = restart(first);
  await ticks();
  assert.equal((await ending(bundle, id)).output, "kept");
});
