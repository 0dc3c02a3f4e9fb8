import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ManualClock } from "../../core/base/index.ts";
import type { AlertRow, DeliveryRow } from "../../core/executor/index.ts";
import { Post } from "./deliver.ts";
import { attemptsMax } from "./limits.ts";
import { Receiver } from "./testing.ts";

const alert: AlertRow = {
  id: "a",
  kind: "paused",
  cause: "paused/w/X",
  workflow: "w",
  message: "m",
  facts: "{}",
  status: "open",
  raisedAt: 0,
  clearedAt: null,
};

async function setup(t: TestContext) {
  const [clock, receiver] = [new ManualClock(), new Receiver()];
  const host = await receiver.listen();
  const to = [{ name: "oncall", url: `http://${host}/`, secret: "KEY" }];
  const post = new Post({ clock, secrets: (name) => (name === "KEY" ? "value" : undefined) }, to, [host]);
  t.after(() => {
    post.close();
    receiver.close();
  });
  const send = async (attempts: number, more: Partial<DeliveryRow> = {}) => {
    const row = { id: "a/raised/oncall", alert: "a", moment: "raised", receiver: "oncall" } as const;
    const state = { status: "pending", attempts, dueAt: 0, updatedAt: 0, error: null } as const;
    const event = await post.send(alert, { ...row, ...state, ...more });
    const failure = event?.type === "alert.undelivered" ? event.data : undefined;
    const inMs = failure?.dueAt === undefined ? undefined : failure.dueAt - clock.now();
    return { type: event?.type, inMs, error: failure?.error };
  };
  return { clock, receiver, host, send };
}

test("each failure is followed by a longer pause, and the last one by none", async (t) => {
  const { receiver, send } = await setup(t);
  receiver.status = 500;
  const pauses: unknown[] = [];
  for (let attempts = 0; attempts < attemptsMax; attempts++) pauses.push((await send(attempts)).inMs);
  assert.deepEqual(pauses.slice(0, 6), [5_000, 20_000, 80_000, 320_000, 1_280_000, 3_600_000]);
  assert.deepEqual(pauses.at(-1), undefined);
});

test("a receiver that is gone, by its own word or from the settings, is given up at once", async (t) => {
  const { receiver, send } = await setup(t);
  receiver.status = 410;
  assert.deepEqual(await send(0), {
    type: "alert.undelivered",
    inMs: undefined,
    error: "oncall answered 410",
  });
  const { type, inMs, error } = await send(0, { receiver: "old" });
  assert.deepEqual([type, inMs], ["alert.undelivered", undefined]);
  assert.match(String(error), /no receiver of the settings/);
});

test("without its secret nothing is sent, and without an answer it is tried again", async (t) => {
  const { clock, receiver, host } = await setup(t);
  const to = [{ name: "oncall", url: `http://${host}/`, secret: "OTHER" }];
  const row = { id: "x", alert: "a", moment: "raised", receiver: "oncall", status: "pending" } as const;
  const delivery: DeliveryRow = { ...row, attempts: 0, dueAt: 0, updatedAt: 0, error: null };
  const blind = new Post({ clock, secrets: () => undefined }, to, [host]);
  const refused = await blind.send(alert, delivery);
  assert.match(JSON.stringify(refused), /SECRET_MISSING/);
  assert.equal(receiver.received.length, 0);
  const elsewhere = new Post({ clock, secrets: () => "value" }, to, []);
  assert.match(JSON.stringify(await elsewhere.send(alert, delivery)), /ADDRESS_REFUSED/);
  receiver.status = null;
  const waiting = new Post({ clock, secrets: () => "value" }, to, [host]);
  const sent = waiting.send(alert, delivery);
  await receiver.until(1);
  clock.advance(10_000);
  assert.match(JSON.stringify(await sent), /TOOL_TIMEOUT/);
  for (const post of [blind, elsewhere, waiting]) post.close();
});
