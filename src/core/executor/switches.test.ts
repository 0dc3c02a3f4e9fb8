import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import type { StepKind } from "../workflow/index.ts";
import type { SwitchMode } from "./switches.ts";
import {
  assertSound,
  type Bundle,
  call,
  ending,
  restart,
  send,
  setup,
  start,
  step,
  ticks,
  typesOf,
  value,
  World,
} from "./testing.ts";

const by = { by: "ann", reason: "because" };
const off = ({ executor }: Bundle, id: string, mode: SwitchMode = "drain") =>
  executor.turn(id, { off: mode, ...by });
const on = ({ executor }: Bundle, id: string) => executor.turn(id, { off: null, ...by });
const status = ({ control }: Bundle, id: string) => control.run(id)?.status;

/** Waits for an answer that the test gives, and says which tool it is about to use. */
const toolKind = (world: World): StepKind => ({
  name: "use",
  summary: "For tests.",
  config: z.strictObject({ tool: z.string() }),
  fields: [],
  callsOut: true,
  effect: () => "write",
  async execute(config, context) {
    context.use("tool", String(config.tool));
    return world.answerLater({ do: "hold", with: config.tool ?? null }, context);
  },
});

test("a paused run starts nothing, lets end what is under way, and goes on when it is resumed", async () => {
  const world = new World();
  const held = world.holding("hold");
  const bundle = setup({ world });
  const id = await start(bundle, [call("a", "hold"), value("b", "{{ a.value }}")]);
  await world.called("hold");
  await send(bundle, id, { kind: "pause", by: "ann", reason: "lunch" }, "c1");
  await ticks();
  assert.equal(status(bundle, id), "running");
  held.get("a")?.resolve({ result: { value: 7 } });
  const paused = await ending(bundle, id);
  assert.equal(paused.status, "paused");
  assert.deepEqual(paused.events.at(-1)?.data, {
    path: "",
    reason: "asked",
    error: null,
    by: "ann",
    comment: "lunch",
    command: `${id}/c1`,
  });
  const next = restart(bundle);
  await send(next, id, { kind: "resume", by: "ann" }, "c2");
  assert.equal((await ending(next, id)).output, 7);
  await assertSound(next);
});

test("a paused run minds neither time nor signals until it is resumed; then they count", async () => {
  const bundle = setup();
  const id = await start(bundle, [step("gate", "wait", { event: "go" }), step("nap", "wait", { for: "1h" })]);
  await bundle.executor.settled(id);
  await send(bundle, id, { kind: "pause", by: "ann", reason: null }, "c1");
  await ticks();
  await send(bundle, id, { kind: "signal", event: "go", data: 1 }, "c2");
  bundle.clock.advance(10_000_000);
  await ticks(12);
  assert.deepEqual([status(bundle, id), bundle.control.inbox(id)], ["paused", []]);
  await send(bundle, id, { kind: "resume", by: "ann" }, "c3");
  await ticks(12);
  assert.deepEqual([status(bundle, id), bundle.control.run(id)?.waitingFor], ["waiting", "time"]);
});

test("a pause that is taken back at once never was", async () => {
  const world = new World();
  const held = world.holding("hold");
  const bundle = setup({ world });
  const id = await start(bundle, [call("a", "hold")]);
  await world.called("hold");
  await send(bundle, id, { kind: "pause", by: "ann", reason: null }, "c1");
  await ticks();
  await send(bundle, id, { kind: "resume", by: "ann" }, "c2");
  await ticks();
  held.get("a")?.resolve({ result: { value: 1 } });
  const { status: ended, events } = await ending(bundle, id);
  assert.equal(ended, "completed");
  assert.ok(!typesOf(events).includes("run.paused"));
  assert.deepEqual(bundle.control.inbox(id), []);
});

test("a workflow that is switched off accepts runs, starts none, and goes on where it stopped", async () => {
  for (const what of ["workflow/test", "all"]) {
    const world = new World();
    const held = world.holding("hold");
    const first = setup({ world });
    const under = await start(first, [call("a", "hold"), value("b", 1)]);
    await world.called("hold");
    await off(first, what);
    held.get("a")?.resolve({ result: { value: null } });
    await ticks(12);
    const row = first.control.run(under);
    assert.deepEqual([row?.status, row?.waitingFor, row?.waitingKey], ["waiting", "switch", what]);
    const later = await start(first, [value("b", 2)]);
    assert.equal(await first.executor.settled(later), "queued");
    const bundle = restart(first);
    await ticks(12);
    assert.deepEqual([status(bundle, under), status(bundle, later)], ["waiting", "queued"]);
    await on(bundle, what);
    for (const id of [under, later]) assert.equal((await ending(bundle, id)).status, "completed");
    await assertSound(bundle);
  }
});

test("stop breaks off what is under way; its late result is refused, and it is done again", async () => {
  const world = new World();
  const held = world.holding("hold");
  const bundle = setup({ world });
  const id = await start(bundle, [call("a", "hold")]);
  await world.called("hold");
  await off(bundle, "workflow/test", "stop");
  await ticks(12);
  assert.equal(status(bundle, id), "waiting");
  held.get("a")?.resolve({ result: { value: "late" } });
  await ticks();
  await on(bundle, "workflow/test");
  await world.called("hold", 2);
  held.get("a")?.resolve({ result: { value: "second" } });
  assert.equal((await ending(bundle, id)).output, "second");
  await assertSound(bundle);
});

test("stop leaves a once step that was under way in doubt", async () => {
  const world = new World();
  world.holding("hold");
  const bundle = setup({ world });
  const id = await start(bundle, [call("a", "hold", null, { once: true })]);
  await world.called("hold");
  await off(bundle, "all", "stop");
  await ticks(12);
  await on(bundle, "all");
  const { status: ended, row } = await ending(bundle, id);
  assert.deepEqual([ended, JSON.parse(row.error ?? "").code], ["paused", "OUTCOME_UNKNOWN"]);
  assert.equal(world.count("hold"), 1);
});

test("a once step that is broken off beside another is in doubt at once, and is not done again", async () => {
  const world = new World();
  const held = world.holding("hold");
  const bundle = setup({ world, kinds: [toolKind(world)] });
  const id = await start(bundle, [
    step("a", "use", { tool: "pay" }, { once: true, onUnknown: "fail" }),
    step("b", "use", { tool: "search" }, { needs: [] }),
  ]);
  await world.called("hold", 2);
  await off(bundle, "tool/pay", "stop");
  await ticks(12);
  await on(bundle, "tool/pay");
  held.get("b")?.resolve({ result: { value: null } });
  const { status: ended, row } = await ending(bundle, id);
  assert.deepEqual([ended, JSON.parse(row.error ?? "").code], ["failed", "OUTCOME_UNKNOWN"]);
  assert.equal(world.count("hold"), 2);
});

test("what is off can still be cancelled", async () => {
  const bundle = setup();
  const id = await start(bundle, [step("gate", "wait", { event: "go" })]);
  await bundle.executor.settled(id);
  await off(bundle, "all");
  await send(bundle, id, { kind: "cancel", by: "ann", reason: null });
  assert.equal((await ending(bundle, id)).status, "cancelled");
});

test("steps that use a tool which is off wait for it; the others go on", async () => {
  for (const mode of ["drain", "stop"] as const) {
    const world = new World();
    const held = world.holding("hold");
    const bundle = setup({ world, kinds: [toolKind(world)] });
    const under = await start(bundle, [step("a", "use", { tool: "reply" })]);
    const other = await start(bundle, [step("b", "use", { tool: "search" })]);
    await world.called("hold", 2);
    await off(bundle, "tool/reply", mode);
    const later = await start(bundle, [step("c", "use", { tool: "reply" })]);
    await ticks(12);
    held.get("a")?.resolve({ result: { value: mode } });
    held.get("b")?.resolve({ result: { value: null } });
    await ticks(12);
    assert.deepEqual(
      [status(bundle, under), status(bundle, other), status(bundle, later)],
      [mode === "stop" ? "waiting" : "completed", "completed", "waiting"],
    );
    assert.deepEqual(
      [bundle.control.run(later)?.waitingFor, bundle.control.run(later)?.waitingKey],
      ["switch", "tool/reply"],
    );
    world.on("hold", () => ({ result: { value: "again" } }));
    await on(bundle, "tool/reply");
    for (const id of [under, later]) assert.equal((await ending(bundle, id)).status, "completed");
    await assertSound(bundle);
  }
});
