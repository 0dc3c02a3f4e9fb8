import assert from "node:assert/strict";
import type { Json } from "../base/index.ts";
import { assertSound, bodiesOf, type Case, collect, mark, notes, placesOf } from "./conformance-subject.ts";
import { JournalClosed, StaleAppend } from "./errors.ts";
import type { Seal } from "./journal.ts";

/** Appending, reading and following. */
export const appendCases: Case[] = [];
const suite = collect(appendCases);

suite("an empty journal reads as empty and is sound", async ({ journal }) => {
  assert.equal(journal.lastPosition(), 0);
  assert.deepEqual(await journal.read("a"), []);
  assert.deepEqual(await journal.readAll(0, 10), []);
  const expected = { ok: true, events: 0, seals: 0, head: null, firstBad: null };
  assert.deepEqual(await journal.verify(), expected);
  assert.equal(await journal.seal(), undefined);
});

suite("an event comes back as it was appended, chained to the one before it", async ({ journal, clock }) => {
  const at = clock.now();
  await journal.append([notes("a", 0, { n: 1 })]);
  clock.advance(5_000);
  await journal.append([notes("a", 1, { n: 2 })]);
  const [first, second] = await journal.read("a");
  assert.ok(first && second);
  assert.deepEqual(
    { ...first, hash: "", salt: "" },
    {
      position: 1,
      stream: "a",
      seq: 1,
      type: "note.made",
      at,
      actor: "local",
      data: { n: 1 },
      prev: "0".repeat(64),
      hash: "",
      salt: "",
      digest: null,
    },
  );
  assert.match(first.hash, /^[0-9a-f]{64}$/);
  assert.match(first.salt ?? "", /^[0-9a-f]{32}$/);
  assert.equal(second.prev, first.hash);
  assert.equal(second.at, at + 5_000);
  assert.notEqual(second.salt, first.salt);
});

suite("positions have no gaps and follow the order of the appends of a turn", async ({ journal }) => {
  const streams = Array.from({ length: 50 }, (_, index) => `s${index % 7}`);
  await Promise.all(streams.map((stream, n) => journal.append([notes(stream, null, { n }, { n: n + 0.5 })])));
  const events = await journal.readAll(0, 1_000);
  assert.deepEqual(
    events.map(({ position }) => position),
    Array.from({ length: 100 }, (_, index) => index + 1),
  );
  assert.deepEqual(
    bodiesOf(events),
    streams.flatMap((_, n) => [{ n }, { n: n + 0.5 }]),
  );
  assert.equal(journal.lastPosition(), 100);
  await assertSound(journal);
});

suite("J3: a stale append is refused alone, its neighbours of the turn commit", async ({
  journal,
  shown,
}) => {
  await journal.append([notes("a", 0, { n: 1 })]);
  const outcomes = await Promise.allSettled([
    journal.append([notes("b", 0, { n: 2 })]),
    journal.append([notes("a", 0, { stale: true }), mark("c", 0, "c", "stale")]),
    journal.append([notes("a", 1, { n: 3 })]),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  const [, refused] = outcomes;
  assert.ok(refused?.status === "rejected" && refused.reason instanceof StaleAppend);
  const { stream, expectedSeq, actualSeq, code } = refused.reason;
  assert.deepEqual([stream, expectedSeq, actualSeq, code], ["a", 0, 1, "STALE_APPEND"]);
  assert.deepEqual(placesOf(await journal.readAll(0, 10)), ["a:1", "b:1", "a:2"]);
  assert.equal(shown("c"), undefined);
  await assertSound(journal);
});

suite("an append to several streams is all or nothing, whichever of them is stale", async ({ journal }) => {
  await journal.append([notes("z", 0, { n: 0 })]);
  const stale = [notes("x", 0, { n: 1 }), notes("y", null, { n: 1 }), notes("z", 0, { n: 1 })];
  await assert.rejects(journal.append(stale), StaleAppend);
  assert.deepEqual(await journal.read("x"), []);
  assert.deepEqual(await journal.read("y"), []);
  await journal.append([notes("x", 0, { n: 1 }), notes("y", null, { n: 1 }), notes("z", 1, { n: 1 })]);
  assert.deepEqual(placesOf(await journal.readAll(0, 10)), ["z:1", "x:1", "y:1", "z:2"]);
  await assertSound(journal);
});

suite("two appends to one stream within a turn see each other", async ({ journal }) => {
  const outcomes = await Promise.allSettled([
    journal.append([notes("a", 0, { n: 1 }, { n: 2 })]),
    journal.append([notes("a", 2, { n: 3 })]),
    journal.append([notes("a", 2, { lost: true })]),
    journal.append([notes("a", null, { n: 4 })]),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status === "fulfilled"),
    [true, true, false, true],
  );
  assert.deepEqual(bodiesOf(await journal.read("a")), [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
  await assertSound(journal);
});

suite("a stream named twice in one append is checked as it grows", async ({ journal }) => {
  await journal.append([notes("a", 0, { n: 1 }), notes("a", 1, { n: 2 })]);
  await assert.rejects(journal.append([notes("b", 0, { n: 1 }), notes("b", 0, { n: 2 })]), StaleAppend);
  assert.deepEqual(placesOf(await journal.readAll(0, 10)), ["a:1", "a:2"]);
});

suite("control changes share the commit of their event", async ({ journal, shown }) => {
  const first = journal.append([mark("a", 0, "k", "1")]);
  assert.equal(shown("k"), undefined);
  await first;
  assert.equal(shown("k"), "1");
});

suite("an event whose fold throws is refused alone, with its changes", async ({ journal, shown }) => {
  const broken = {
    stream: "a",
    expectedSeq: null,
    actor: "local",
    events: [{ type: "note.broken", data: {} }],
  };
  const outcomes = await Promise.allSettled([
    journal.append([mark("a", 0, "lost", "1"), broken]),
    journal.append([mark("a", 0, "kept", "1")]),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["rejected", "fulfilled"],
  );
  assert.equal(shown("lost"), undefined);
  assert.equal(shown("kept"), "1");
  assert.deepEqual(placesOf(await journal.readAll(0, 10)), ["a:1"]);
  await assertSound(journal);
});

suite("an append without events resolves, and a stale one is refused", async ({ journal }) => {
  await journal.append([]);
  await journal.append([notes("a", 0)]);
  await assert.rejects(journal.append([notes("a", 3)]), StaleAppend);
  assert.equal(journal.lastPosition(), 0);
});

suite("a closed journal has committed what was queued, sealed it, and takes no more", async (subject) => {
  const { journal, storage } = subject;
  const sealed: Seal[] = [];
  const putSeal = storage.putSeal.bind(storage);
  storage.putSeal = (seal) => {
    sealed.push(seal);
    putSeal(seal);
  };
  const queued = journal.append([notes("a", 0, { n: 1 })]);
  await journal.close();
  await queued;
  assert.deepEqual(
    sealed.map(({ from, to }) => [from, to]),
    [[1, 1]],
  );
  await assert.rejects(journal.append([notes("a", 1, { n: 2 })]), JournalClosed);
});

/** Texts, keys and numbers that codecs like to lose. */
const oddValues: readonly Json[] = [
  "\ud800 lone \udc00",
  "nul \u0000 in the middle",
  "👩‍👩‍👧 e\u0301 ﷽ \u202e",
  "\ufeffbom",
  "\u2028\u2029",
  "",
  [5e-324, 1.7976931348623157e308, -1.5, 9007199254740991, 0.1 + 0.2, 1e21],
  [[], {}, [[]], null, true],
  { "": 1, "a b": 2, "10": 3, "2": 4, constructor: 5, toString: 6 },
  JSON.parse('{"__proto__": {"polluted": true}, "inner": {"__proto__": 1}}'),
];

suite("odd texts, keys and numbers come back equal", async ({ journal }) => {
  for (const value of oddValues) await journal.append([notes("odd", null, { value })]);
  const events = await journal.read("odd");
  const plain = oddValues.map((value) => JSON.parse(JSON.stringify({ value })));
  assert.deepEqual(bodiesOf(events), plain);
  assert.deepEqual(
    events.map(({ data }) => JSON.stringify(data)),
    oddValues.map((value) => JSON.stringify({ value })),
  );
  await assertSound(journal);
});

suite("odd names of streams, types and actors come back equal and keep apart", async ({ journal }) => {
  const names = ["a\u0000b", "a", "A", "á", "a\u0301", "emoji 👍", "' OR 1=1 --", "%", "a/b/c"];
  for (const name of names)
    await journal.append([{ stream: name, expectedSeq: 0, actor: name, events: [{ type: name, data: {} }] }]);
  for (const name of names) {
    const events = await journal.read(name);
    assert.deepEqual(
      events.map(({ stream, type, actor }) => [stream, type, actor]),
      [[name, name, name]],
    );
  }
  await assertSound(journal);
});

suite("a part of a stream keeps its chain", async ({ journal }) => {
  await journal.append([notes("a", 0, { n: 1 }, { n: 2 }, { n: 3 }), notes("b", 0, { n: 4 })]);
  const all = await journal.read("a");
  assert.deepEqual(await journal.read("a", 1), all.slice(1));
  assert.deepEqual(await journal.read("a", 3), []);
  const page = await journal.readAll(1, 2);
  assert.deepEqual(page, all.slice(1));
  assert.deepEqual(placesOf(await journal.readAll(3, 10)), ["b:1"]);
});

suite("follow tells what is there, then each new event, until it is stopped", async ({ journal }) => {
  await journal.append([notes("a", 0, { n: 1 }, { n: 2 })]);
  const stop = new AbortController();
  const seen: number[] = [];
  const done = (async () => {
    for await (const { position } of journal.follow(1, stop.signal)) {
      seen.push(position);
      if (position === 2) void journal.append([notes("a", 2, { n: 3 }, { n: 4 })]);
      if (position === 4) stop.abort();
    }
  })();
  await done;
  assert.deepEqual(seen, [2, 3, 4]);
});

suite("two followers each see everything, and one that is stopped while waiting ends", async ({
  journal,
}) => {
  const stop = new AbortController();
  const first = journal.follow(0, stop.signal);
  const second = journal.follow(0, stop.signal);
  const waiting = [first.next(), second.next()];
  await journal.append([notes("a", 0, { n: 1 })]);
  const told = await Promise.all(waiting);
  assert.deepEqual(
    told.map(({ value }) => value?.position),
    [1, 1],
  );
  const last = [first.next(), second.next()];
  stop.abort();
  assert.deepEqual(await Promise.all(last), [
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});
