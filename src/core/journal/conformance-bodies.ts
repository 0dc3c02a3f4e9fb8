import assert from "node:assert/strict";
import { jsonSliceCharacters, nextTurn, sha256Bytes } from "../base/index.ts";
import { assertSound, bodiesOf, type Case, collect, mark, notes, placesOf } from "./conformance-subject.ts";
import { EventDamaged, StaleAppend } from "./errors.ts";
import type { EventRow, Journal } from "./journal.ts";
import { bodyInlineCharactersMax } from "./limits.ts";
import { eventsOf } from "./pages.ts";

/** Bodies: those that are blobs, and those that were erased. */
export const bodyCases: Case[] = [];
const suite = collect(bodyCases);

const long = { text: "x".repeat(bodyInlineCharactersMax) };

function digestsOf(rows: readonly EventRow[]): Uint8Array[] {
  return rows.flatMap(({ digest, salt }) => (digest && salt ? [digest] : []));
}

suite("a body above the limit is a blob, one at the limit stays in its row", async ({
  journal,
  storage,
  blobs,
}) => {
  const exact = { text: "y".repeat(bodyInlineCharactersMax - JSON.stringify({ text: "" }).length) };
  await journal.append([notes("a", 0, exact, long, { text: "€".repeat(bodyInlineCharactersMax) })]);
  const rows = storage.readStream("a", 0);
  assert.deepEqual(
    rows.map(({ body }) => body === null),
    [false, true, true],
  );
  for (const digest of digestsOf(rows)) assert.ok(storage.namesBlob(digest) && blobs.get(digest));
  assert.deepEqual(bodiesOf(await journal.read("a")).slice(0, 2), [exact, long]);
  await assertSound(journal);
});

const slice = { text: "x".repeat(jsonSliceCharacters) };

suite("large bodies of one turn are committed a slice at a time, in order", async ({ journal }) => {
  const names = ["a", "b", "a", "c"];
  const committed = names.map(async (name) => {
    await journal.append([notes(name, null, slice)]);
    return journal.lastPosition();
  });
  const stale = assert.rejects(journal.append([notes("a", 9, slice)]), StaleAppend);
  assert.deepEqual(await Promise.all(committed), [1, 2, 3, 4]);
  await stale;
  const places = await Promise.all(
    [0, 1, 2, 3].map(async (after) => placesOf(await journal.readAll(after, 1))),
  );
  assert.deepEqual(places.flat(), ["a:1", "b:1", "a:2", "c:1"]);
  await assertSound(journal);
});

suite("between large bodies that are read, others have a turn", async ({ journal }) => {
  await journal.append([notes("a", 0, slice, slice, slice, slice)]);
  let [turns, isOver] = [0, false];
  const counting = (async () => {
    for (; !isOver; turns++) await nextTurn();
  })();
  assert.equal((await journal.read("a")).length, 4);
  isOver = true;
  await counting;
  assert.ok(turns >= 3, `${turns} turns`);
});

suite("a page of all events ends early where their bodies are large, and goes on there", async ({
  journal,
}) => {
  const half = { text: "x".repeat(bodyInlineCharactersMax / 2) };
  await journal.append([
    notes("a", 0, ...Array.from({ length: 20 }, () => half)),
    notes("b", 0, slice, slice),
  ]);
  const pages: number[] = [];
  for (let position = 0; position < 22; ) {
    const page = await journal.readAll(position, 100);
    assert.equal(page[0]?.position, position + 1);
    pages.push(page.length);
    position += page.length;
  }
  assert.deepEqual(pages, [8, 8, 5, 1]);
  assert.deepEqual(await journal.readAll(22, 100), []);
  assert.equal((await eventsOf(journal)).length, 22);
  await assertSound(journal);
});

suite("a blob that is missing is found, and reading its event says so", async ({
  journal,
  storage,
  blobs,
}) => {
  await journal.append([notes("a", 0, { n: 1 }, long)]);
  for (const digest of digestsOf(storage.readStream("a", 0))) blobs.remove(digest);
  const { firstBad } = await journal.verify();
  assert.deepEqual([firstBad?.position, firstBad?.stream, firstBad?.seq], [2, "a", 2]);
  assert.match(firstBad?.reason ?? "", /blob .* is missing/);
  await assert.rejects(journal.read("a"), EventDamaged);
});

suite("a blob that was changed is found", async ({ journal, storage, blobs }) => {
  await journal.append([notes("a", 0, long)]);
  for (const digest of digestsOf(storage.readStream("a", 0)))
    blobs.put(digest, Buffer.from(JSON.stringify({ text: `z${long.text.slice(1)}` })));
  const { firstBad } = await journal.verify();
  assert.equal(firstBad?.position, 1);
  assert.match(firstBad?.reason ?? "", /blob .* was changed/);
});

suite("orphan blobs are collected, others stay", async ({ journal, storage, blobs }) => {
  await journal.append([notes("a", 0, long)]);
  await assert.rejects(journal.append([notes("a", 1, long), notes("a", 0, {})]), StaleAppend);
  blobs.put(Buffer.alloc(32, 7), Buffer.from("an orphan"));
  assert.equal(
    blobs.collect((digest) => storage.namesBlob(digest)),
    1,
  );
  assert.equal(blobs.get(Buffer.alloc(32, 7)), undefined);
  assert.equal(
    blobs.collect((digest) => storage.namesBlob(digest)),
    0,
  );
  assert.deepEqual(bodiesOf(await journal.read("a")), [long]);
});

suite("a blob without room is refused alone", async (subject) => {
  const { journal, blobs } = subject;
  const put = blobs.put.bind(blobs);
  const full = new StaleAppend("stands for a full disk", 0, 0);
  blobs.put = () => {
    throw full;
  };
  const outcomes = await Promise.allSettled([
    journal.append([notes("a", 0, long)]),
    journal.append([notes("a", 0, { n: 1 })]),
  ]);
  assert.ok(outcomes[0]?.status === "rejected" && outcomes[0].reason === full);
  blobs.put = put;
  await journal.append([notes("a", 1, long)]);
  assert.deepEqual(bodiesOf(await journal.read("a")), [{ n: 1 }, long]);
  await assertSound(journal);
});

suite("erase takes bodies and salts, keeps what a policy keeps, and leaves a chain that verifies", async (subject) => {
  const { journal, storage, blobs, shown } = subject;
  await journal.append([notes("a", 0, { n: 1 }, long), mark("a", 2, "k", "1"), notes("b", 0, { n: 4 })]);
  const digests = digestsOf(storage.readStream("a", 0));
  const hashes = (await journal.read("a")).map(({ hash }) => hash);
  const count = await journal.erase({
    streams: ["a", "a", "nothing"],
    keepTypes: new Set(["note.marked"]),
    policy: "bodies after 90d",
    marks: [mark("a", null, "erased", "yes")],
  });
  assert.equal(count, 2);
  const events = await journal.read("a");
  assert.deepEqual(bodiesOf(events), [
    null,
    null,
    { name: "k", value: "1" },
    { name: "erased", value: "yes" },
  ]);
  assert.deepEqual(
    events.slice(0, 3).map(({ hash }) => hash),
    hashes,
  );
  for (const { salt, digest } of events.slice(0, 2)) assert.ok(salt === null && digest?.length === 64);
  assert.deepEqual(
    digests.map((digest) => blobs.get(digest)),
    [undefined],
  );
  assert.equal(shown("erased"), "yes");
  const [said] = await journal.read("retention");
  assert.deepEqual(said?.data, { from: 1, to: 2, count: 2, policy: "bodies after 90d" });
  await assertSound(journal);
});

suite("two erasures at once count each body once", async ({ journal }) => {
  await journal.append([notes("a", 0, { n: 1 }, { n: 2 })]);
  const request = { streams: ["a"], keepTypes: new Set<string>(), policy: "p", marks: [] };
  assert.deepEqual(await Promise.all([journal.erase(request), journal.erase(request)]), [2, 0]);
  await assertSound(journal);
});

suite("a seal made before an erasure still fits", async ({ journal }) => {
  await journal.append([notes("a", 0, { n: 1 }, { n: 2 })]);
  await journal.seal();
  await journal.erase({ streams: ["a"], keepTypes: new Set(), policy: "p", marks: [] });
  await journal.append([notes("a", 2, { n: 3 })]);
  await journal.seal();
  assert.equal((await assertSound(journal)).seals, 2);
});

suite("an erasure that retention does not account for is found", async ({ journal, storage }) => {
  await journal.append([notes("a", 0, { n: 1 }, { n: 2 }, { n: 3 })]);
  await journal.erase({
    streams: ["b"],
    keepTypes: new Set(),
    policy: "p",
    marks: [mark("b", null, "x", "y")],
  });
  const [, second] = await journal.read("a");
  const digest = (await erasedDigest(journal)).get("a:2");
  assert.ok(second && digest);
  await storage.commit([], [], { erased: [{ position: second.position, digest }], streams: [], pruned: [] });
  const { firstBad } = await journal.verify();
  assert.equal(firstBad?.position, 2);
  assert.match(firstBad?.reason ?? "", /1 bodies were erased, retention accounts for 0/);
});

/** Digests of inline bodies, from what `read` tells: SHA-256 of salt and body. */
async function erasedDigest(journal: Journal): Promise<Map<string, Uint8Array>> {
  const events = await journal.readAll(0, 1_000);
  return new Map(
    events.map(({ stream, seq, salt, data }) => [
      `${stream}:${seq}`,
      sha256Bytes(Buffer.concat([Buffer.from(salt ?? "", "hex"), Buffer.from(JSON.stringify(data))])),
    ]),
  );
}
