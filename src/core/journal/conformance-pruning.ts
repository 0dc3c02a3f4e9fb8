import assert from "node:assert/strict";
import { seededRandom } from "../base/index.ts";
import {
  assertSound,
  bodiesOf,
  type Case,
  collect,
  mark,
  notes,
  type Opened,
  placesOf,
  verifyOf,
} from "./conformance-subject.ts";
import { StaleAppend } from "./errors.ts";
import type { Journal, PruneRequest } from "./journal.ts";
import { bodyInlineCharactersMax } from "./limits.ts";
import { largestSubtrees, leafOf, type Subtree } from "./merkle.ts";

/** Streams that go whole. */
export const pruneCases: Case[] = [];
const suite = collect(pruneCases);

function request(...streams: readonly string[]): PruneRequest {
  return { streams, policy: "decisions after 1d", data: { runs: streams.length } };
}

/** So many streams of two events each, `a0`, `a1` …, all under one seal. */
async function pairs(journal: Journal, count: number): Promise<readonly string[]> {
  const streams = Array.from({ length: count }, (_, n) => `a${n}`);
  await journal.append(streams.map((stream) => notes(stream, 0, { stream }, { n: 2 })));
  await journal.seal();
  return streams;
}

suite("a pruned stream is gone, one event says so, and the rest verifies", async ({ journal }) => {
  await pairs(journal, 3);
  assert.equal(await journal.prune(request("a1", "a1", "nothing")), 2);
  assert.deepEqual(placesOf(await journal.readAll(0, 10)), ["a0:1", "a0:2", "a2:1", "a2:2", "retention:1"]);
  assert.deepEqual(await journal.read("a1"), []);
  const [said] = await journal.read("retention");
  const data = { from: 3, to: 4, count: 2, erased: 0, policy: "decisions after 1d", runs: 3 };
  assert.deepEqual([said?.type, said?.data], ["retention.pruned", data]);
  const { events, pruned } = await assertSound(journal);
  assert.deepEqual([events, pruned, journal.lastPosition()], [7, 2, 7]);
});

suite("what is not sealed yet is sealed before it goes", async ({ journal }) => {
  await journal.append([notes("a", 0, { n: 1 }), notes("b", 0, { n: 2 })]);
  await journal.prune(request("a"));
  assert.deepEqual(
    (await journal.seals()).map(({ from, to }) => [from, to]),
    [[1, 2]],
  );
  await journal.append([notes("b", 1, { n: 3 })]);
  await journal.seal();
  await assertSound(journal);
});

suite("a range that is gone whole leaves one hash", async ({ journal }) => {
  const streams = await pairs(journal, 37);
  await journal.append([notes("z", 0, { n: 1 })]);
  await journal.seal();
  for (const stream of streams) await journal.prune(request(stream));
  const [whole, ...others] = await journal.pruned();
  assert.deepEqual([whole?.from, whole?.to, others], [1, 74, []]);
  assert.equal((await journal.seals())[0]?.root, Buffer.from(whole?.root ?? []).toString("hex"));
  await assertSound(journal);
});

suite("in whatever order streams go, under seals of whatever size, the rest verifies", async ({
  journal,
}) => {
  const random = seededRandom("prune");
  const streams: string[] = [];
  for (let n = 0; n < 60; n++) {
    streams.push(`a${n}`, `b${n}`);
    await journal.append([notes(`a${n}`, 0, { n }), notes(`b${n}`, 0, { n }, { n })]);
    if (random.next() < 0.3) await journal.append([notes("stays", null, { n })]);
    if (random.next() < 0.2) await journal.seal();
  }
  while (streams.length > 0) {
    const some = Array.from({ length: 1 + Math.floor(random.next() * 9) }, () =>
      streams.splice(Math.floor(random.next() * streams.length), 1),
    ).flat();
    await journal.prune(request(...some));
    await assertSound(journal);
  }
  const left = new Set((await journal.readAll(0, 1_000)).map(({ stream }) => stream));
  assert.deepEqual([...left], ["stays", "retention"]);
});

suite("control rows, blobs and names of a stream go with it", async ({ journal, storage, blobs, shown }) => {
  const long = { text: "x".repeat(bodyInlineCharactersMax) };
  await journal.append([mark("mark/k", 0, "k", "1"), mark("mark/l", 0, "l", "1"), notes("mark/k", 1, long)]);
  const [digest] = storage.readStream("mark/k", 1).flatMap((row) => row.digest ?? []);
  assert.ok(digest && blobs.get(digest));
  assert.deepEqual(await journal.streams("mark/"), ["mark/k", "mark/l"]);
  await journal.prune(request("mark/k"));
  assert.deepEqual([shown("k"), shown("l"), blobs.get(digest)], [undefined, "1", undefined]);
  assert.deepEqual(await journal.streams("mark/"), ["mark/l"]);
  assert.deepEqual(await journal.streams("marl"), []);
});

suite("bodies that were erased before are no longer accounted for once their events go", async ({
  journal,
}) => {
  await pairs(journal, 2);
  await journal.erase({ streams: ["a0", "a1"], keepTypes: new Set(), policy: "p", marks: [] });
  await journal.prune(request("a0"));
  await assertSound(journal);
  assert.deepEqual(bodiesOf(await journal.read("a1")), [null, null]);
});

suite("a pruned stream may begin anew", async ({ journal }) => {
  await pairs(journal, 1);
  await journal.prune(request("a0"));
  await journal.append([notes("a0", 0, { again: true })]);
  assert.deepEqual(placesOf(await journal.read("a0")), ["a0:1"]);
  await journal.prune(request("a0"));
  await assertSound(journal);
});

suite("a stream that has grown meanwhile stays, and so do the others of the request", async ({ journal }) => {
  await pairs(journal, 2);
  const pruning = journal.prune(request("a0", "a1"));
  const refused = assert.rejects(pruning, StaleAppend);
  await journal.append([notes("a1", 2, { n: 3 })]);
  await refused;
  assert.equal((await journal.readAll(0, 10)).length, 5);
  await assertSound(journal);
});

suite("nothing goes while somebody reads all of it", async ({ journal }) => {
  await pairs(journal, 2);
  const release = await journal.hold();
  const pruning = journal.prune(request("a0"));
  await journal.append([notes("b", 0, { n: 1 })]);
  assert.equal((await journal.read("a0")).length, 2);
  release();
  assert.equal(await pruning, 2);
  assert.deepEqual(await journal.read("a0"), []);
});

async function pruned(subject: Opened<unknown>): Promise<void> {
  await pairs(subject.journal, 5);
  await subject.journal.prune(request("a1", "a3"));
}

suite("subtrees that were changed, moved or taken away are found", async (subject) => {
  await pruned(subject);
  const { storage } = subject;
  const [first, second] = storage.pruned(1, 100);
  assert.ok(first && second);
  const other = Uint8Array.from(first.root);
  other[0] = (other[0] ?? 0) ^ 1;
  const edits: (readonly Subtree[])[] = [
    [{ ...first, root: other }, second],
    [
      { ...first, root: second.root },
      { ...second, root: first.root },
    ],
    [{ ...first, from: first.from - 1 }, second],
    [{ ...first, to: first.to + 1 }, second],
    [{ ...first, to: first.to - 1 }, second],
    [first],
    [second],
    [],
    [first, second, { ...second, from: 100, to: 101 }],
  ];
  const rows = storage.readAll(0, 100);
  const check = (subtrees: readonly Subtree[]) => verifyOf(subject, rows, storage.seals(), subtrees);
  assert.equal(check([first, second]).finish().ok, true);
  for (const [index, edit] of edits.entries())
    assert.equal(check(edit).finish().ok, false, `edit ${index} was not found`);
});

suite("events that somebody removes as if they were pruned are found", async (subject) => {
  await pruned(subject);
  const { storage, journal } = subject;
  const range = await forged(journal);
  await storage.commit([], [], { erased: [], streams: ["a4"], pruned: [range] });
  const { firstBad } = await journal.verify();
  assert.match(firstBad?.reason ?? "", /6 events were pruned, retention accounts for 4/);
});

/** The subtrees as they would be had `a4`, events 9 and 10, been pruned too. */
async function forged(journal: Journal) {
  const leaves = (await journal.read("a4")).map(({ position, hash }) =>
    leafOf({ position, hash: Buffer.from(hash, "hex") }),
  );
  const range = { from: 1, to: 10 };
  return { ...range, subtrees: largestSubtrees(range, [...(await journal.pruned()), ...leaves]) };
}
