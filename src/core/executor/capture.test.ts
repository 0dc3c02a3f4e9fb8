import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../base/index.ts";
import { eventsOf } from "../journal/index.ts";
import { eraseUncaptured } from "./capture.ts";
import {
  answer,
  type Bundle,
  block,
  call,
  document,
  ending,
  openReviews,
  publish,
  restart,
  send,
  settle,
  setup,
  step,
  value,
} from "./testing.ts";
import type { RunView } from "./view.ts";
import { viewRun } from "./view.ts";

const secret = "canary-1";

async function started(bundle: Bundle, steps: Parameters<typeof document>[0], parts: object, input: Json) {
  const release = await publish(bundle, document(steps, parts));
  const id = await bundle.executor.start({ release, input });
  await bundle.executor.settled(id);
  return id;
}

async function shown({ journal }: Bundle, id: string): Promise<RunView> {
  return viewRun(id, await journal.read(`run/${id}`));
}

/** Everything that the journal and the tables still say. */
async function everything({ journal, control }: Bundle): Promise<string> {
  return JSON.stringify([await eventsOf(journal), control.dump()]);
}

async function remains({ journal }: Bundle, stream: string): Promise<string> {
  return (await journal.read(stream)).map(({ type, data }) => (data ? type : `[${type}]`)).join(" ");
}

const wide = [
  value("plain", "{{ input.amount }}"),
  value("draft", "Dear {{ input.customer }}"),
  step("ask", "ask", { draft: "{{ draft.value }}" }),
  step("gate", "wait", { event: "go" }),
];

async function ended(bundle: Bundle, capture: object | string) {
  const id = await started(
    bundle,
    wide,
    { capture, output: "{{ plain.value }}" },
    { customer: secret, amount: 7 },
  );
  const [review] = openReviews(bundle, id);
  assert.ok(review);
  await answer(bundle, review, { decision: "correct", value: secret, reviewer: "ann" });
  await send(bundle, id, { kind: "signal", event: "go", data: secret }, `signal-${id}`);
  assert.equal((await ending(bundle, id)).status, "completed");
  return { id, review };
}

test("with capture off nothing that was said remains, and what may be told does", async () => {
  const bundle = setup();
  const { id, review } = await ended(bundle, "off");
  assert.match(await everything(bundle), /canary-1/);
  assert.equal(bundle.control.run(id)?.erased, -1);
  assert.equal(await eraseUncaptured(bundle, 1), 0);
  assert.equal(await eraseUncaptured(bundle, 0), 1);
  assert.doesNotMatch(await everything(bundle), /canary-1/);
  assert.equal(await remains(bundle, `review/${review}`), "[review.requested] [review.decided]");
  assert.match(await remains(bundle, `run/${id}`), /^\[run\.started\] .*\[run\.completed\] run\.erased$/);
  const view = await shown(bundle, id);
  assert.deepEqual([view.status, view.output, view.started], ["completed", null, null]);
  assert.deepEqual(
    view.steps.map(({ path, kind, status, attempts, result, erased }) => [
      path,
      kind,
      status,
      attempts,
      result,
      erased?.length,
    ]),
    [
      ["plain", "transform", "completed", 1, {}, 64],
      ["draft", "transform", "completed", 1, {}, 64],
      ["ask", "ask", "completed", 1, {}, 64],
      ["gate", "wait", "completed", 1, {}, 64],
    ],
  );
  assert.equal(bundle.control.run(id)?.erased, 1);
  assert.equal((await bundle.journal.verify()).ok, true);
  assert.equal(await eraseUncaptured(bundle, 0), 0);
});

test("with fields off only what holds them goes", async () => {
  const bundle = setup();
  const { id, review } = await ended(bundle, { off: ["input.customer", "steps.gate"] });
  assert.equal(await eraseUncaptured(bundle, 0), 1);
  assert.doesNotMatch(await everything(bundle), /canary-1/);
  assert.equal(await remains(bundle, `review/${review}`), "[review.requested] [review.decided]");
  const view = await shown(bundle, id);
  assert.deepEqual([view.status, view.output], ["completed", 7]);
  assert.deepEqual(
    view.steps.map(({ path, result, erased }) => [path, result?.value, erased === null]),
    [
      ["plain", 7, true],
      ["draft", undefined, false],
      ["ask", undefined, false],
      ["gate", undefined, false],
    ],
  );
  assert.equal(bundle.control.run(id)?.erased, 0);
  assert.equal((await bundle.journal.verify()).ok, true);
});

test("while a run goes on it keeps what it needs, and goes on after a restart", async () => {
  let bundle = setup();
  const steps = [
    value("draft", "{{ input.customer }}"),
    step("gate", "wait", { event: "go" }),
    value("after", "{{ draft.value }}!"),
  ];
  const id = await started(bundle, steps, { capture: "off" }, { customer: secret });
  assert.equal(await eraseUncaptured(bundle, 0), 0);
  bundle = restart(bundle);
  await send(bundle, id, { kind: "signal", event: "go", data: 1 });
  assert.equal((await ending(bundle, id)).output, `${secret}!`);
  bundle = restart(bundle);
  assert.equal(await eraseUncaptured(bundle, 0), 1);
  assert.doesNotMatch(await everything(bundle), /canary-1/);
});

test("the words of errors go with the rest, from the tables too; their codes stay", async () => {
  const bundle = setup();
  bundle.world.failing("bad", 9, () => new TypeError(secret));
  const id = await started(
    bundle,
    [call("a", "bad", "{{ input.customer }}", { onFailure: "fail" })],
    { capture: { off: ["input.customer"] } },
    { customer: 1 },
  );
  assert.match(bundle.control.run(id)?.error ?? "", /canary-1/);
  assert.equal(await eraseUncaptured(bundle, 0), 1);
  assert.doesNotMatch(await everything(bundle), /canary-1/);
  assert.match(bundle.control.run(id)?.error ?? "", /^\{"code":"UNEXPECTED"/);
  const view = await shown(bundle, id);
  assert.deepEqual(
    [view.status, view.error?.code, view.steps[0]?.status],
    ["failed", "UNEXPECTED", "failed"],
  );
  assert.equal(view.steps[0]?.failures.length, 1);
});

test("a child keeps nothing that its parent does not keep, and goes when its parent has ended", async () => {
  const bundle = setup();
  const child = await publish(bundle, document([value("x", "{{ input.name }}")], { workflow: "child" }));
  const steps = [
    step("sub", "workflow", { name: "child", input: { name: "{{ input.customer }}" } }),
    step("gate", "wait", { event: "go" }),
  ];
  const release = await publish(
    bundle,
    document(steps, { capture: { off: ["input.customer"] }, output: 1 }),
    [child],
  );
  const id = await bundle.executor.start({ release, input: { customer: secret } });
  await bundle.executor.settled(id);
  assert.equal(await eraseUncaptured(bundle, 0), 0);
  await send(bundle, id, { kind: "signal", event: "go", data: 1 });
  await settle(bundle, id);
  assert.equal(await eraseUncaptured(bundle, 0), 2);
  assert.doesNotMatch(await everything(bundle), /canary-1/);
});

test("steps inside blocks are erased by where the document has them", async () => {
  const bundle = setup();
  const steps = [
    block("items", "map", {
      over: "{{ [1, 2] }}",
      concurrency: 1,
      onItemError: "fail",
      steps: [value("plain", "kept {{ item }}"), value("named", "{{ input.customer }} {{ item }}")],
    }),
  ];
  const id = await started(
    bundle,
    steps,
    { capture: { off: ["input.customer"] }, output: 1 },
    { customer: secret },
  );
  await eraseUncaptured(bundle, 0);
  const all = await everything(bundle);
  assert.doesNotMatch(all, /canary-1/);
  assert.match(all, /kept 2/);
  assert.deepEqual(
    (await shown(bundle, id)).steps.map(({ path, erased }) => `${path} ${erased === null}`),
    ["items[0].plain true", "items[0].named false", "items[1].plain true", "items[1].named false"],
  );
});

test("more runs than are erased at once are all erased, and what is damaged goes whole", async () => {
  const bundle = setup();
  const release = await publish(
    bundle,
    document([value("a", "{{ input.customer }}")], { capture: { off: ["input.customer"] } }),
  );
  for (let n = 0; n < 45; n++)
    await bundle.executor.settled(await bundle.executor.start({ release, input: { customer: secret } }));
  const readStream = bundle.storage.readStream.bind(bundle.storage);
  bundle.storage.readStream = (stream, afterSeq) =>
    readStream(stream, afterSeq).map((row) =>
      row.seq === 2 && row.salt && row.stream === "run/run-7" ? { ...row, type: "damaged" } : row,
    );
  assert.equal(await eraseUncaptured(bundle, 0), 45);
  bundle.storage.readStream = readStream;
  assert.doesNotMatch(await everything(bundle), /canary-1/);
  assert.equal((await bundle.journal.read("retention")).length, 3);
});
