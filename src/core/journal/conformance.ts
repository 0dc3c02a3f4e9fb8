import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, type JsonObject, ManualClock, seededRandom } from "../base/index.ts";
import { createJournal } from "./create.ts";
import { EventDamaged, JournalClosed, StaleAppend } from "./errors.ts";
import type {
  Append,
  BlobStore,
  EventRow,
  Journal,
  JournalEvent,
  JournalStorage,
  PendingEvent,
  Seal,
  Verification,
} from "./journal.ts";
import { bodyInlineCharactersMax } from "./limits.ts";
import { newSealKey, type SealKey } from "./seal.ts";
import { Verifier } from "./verify.ts";

// What every journal must do, written once; each store's own test file runs it.

/** One store under test. It ends with the test. */
export interface JournalSubject<Change> {
  readonly storage: JournalStorage<Change>;
  readonly blobs: BlobStore;
  /** A change of the control tables that gives `name` the value; the suite itself knows no tables. */
  change(name: string, value: string): Change;
  /** What the control tables hold under a name. */
  shown(name: string): string | undefined;
}

export type JournalSetup<Change> = () => JournalSubject<Change>;

interface Opened<Change> extends JournalSubject<Change> {
  readonly journal: Journal;
  readonly clock: ManualClock;
  readonly key: SealKey;
}

/** Runs the suite on the stores that `setup` makes, a fresh one for each test. */
export function journalConformance<Change>(name: string, setup: JournalSetup<Change>): void {
  const open = () => opened(setup());
  const suite = (what: string, run: (subject: Opened<Change>) => Promise<void>) =>
    test(`${name}: ${what}`, () => run(open()));
  appending(suite);
  reading(suite);
  blobs(suite);
  erasing(suite);
  sealing(suite);
  tampering(suite);
}

type Suite<Change> = (what: string, run: (subject: Opened<Change>) => Promise<void>) => void;

function opened<Change>(subject: JournalSubject<Change>): Opened<Change> {
  const clock = new ManualClock();
  const key = newSealKey();
  const derive = ({ type, data }: PendingEvent) => {
    assert.notEqual(type, "note.broken", "a bug of the fold");
    return type === "note.marked" ? [subject.change(String(data.name), String(data.value))] : [];
  };
  const { storage, blobs } = subject;
  return { ...subject, clock, key, journal: createJournal({ storage, blobs, clock, key, derive }) };
}

/** One append of events `note.made`, each with a body. */
function notes(stream: string, expectedSeq: number | null, ...bodies: readonly JsonObject[]): Append {
  return { stream, expectedSeq, actor: "local", events: bodies.map((data) => ({ type: "note.made", data })) };
}

function mark(stream: string, expectedSeq: number | null, name: string, value: string): Append {
  return { stream, expectedSeq, actor: "local", events: [{ type: "note.marked", data: { name, value } }] };
}

const bodiesOf = (events: readonly JournalEvent[]) => events.map(({ data }) => data);
const placesOf = (events: readonly JournalEvent[]) => events.map(({ stream, seq }) => `${stream}:${seq}`);

async function assertSound(journal: Journal): Promise<Verification> {
  const result = await journal.verify();
  assert.deepEqual(result.firstBad, null);
  assert.equal(result.ok, true);
  return result;
}

function appending<Change>(suite: Suite<Change>): void {
  suite("an empty journal reads as empty and is sound", async ({ journal }) => {
    assert.equal(journal.lastPosition(), 0);
    assert.deepEqual(await journal.read("a"), []);
    assert.deepEqual(await journal.readAll(0, 10), []);
    const expected = { ok: true, events: 0, seals: 0, head: null, firstBad: null };
    assert.deepEqual(await journal.verify(), expected);
    assert.equal(await journal.seal(), undefined);
  });

  suite("an event comes back as it was appended, chained to the one before it", async ({
    journal,
    clock,
  }) => {
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
    await Promise.all(
      streams.map((stream, n) => journal.append([notes(stream, null, { n }, { n: n + 0.5 })])),
    );
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
}

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

function reading<Change>(suite: Suite<Change>): void {
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
      await journal.append([
        { stream: name, expectedSeq: 0, actor: name, events: [{ type: name, data: {} }] },
      ]);
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
}

function digestsOf(rows: readonly EventRow[]): Uint8Array[] {
  return rows.flatMap(({ digest, salt }) => (digest && salt ? [digest] : []));
}

function blobs<Change>(suite: Suite<Change>): void {
  const long = { text: "x".repeat(bodyInlineCharactersMax) };

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
}

function erasing<Change>(suite: Suite<Change>): void {
  const long = { text: "x".repeat(bodyInlineCharactersMax) };

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
    await storage.commit([], [], [{ position: second.position, digest }]);
    const { firstBad } = await journal.verify();
    assert.equal(firstBad?.position, 2);
    assert.match(firstBad?.reason ?? "", /1 bodies were erased, retention accounts for 0/);
  });
}

/** Digests of inline bodies, from what `read` tells: SHA-256 of salt and body. */
async function erasedDigest(journal: Journal): Promise<Map<string, Uint8Array>> {
  const { sha256Bytes } = await import("../base/index.ts");
  const events = await journal.readAll(0, 1_000);
  return new Map(
    events.map(({ stream, seq, salt, data }) => [
      `${stream}:${seq}`,
      sha256Bytes(Buffer.concat([Buffer.from(salt ?? "", "hex"), Buffer.from(JSON.stringify(data))])),
    ]),
  );
}

function sealing<Change>(suite: Suite<Change>): void {
  suite("seals follow each other and cover everything", async ({ journal, clock }) => {
    await journal.append([notes("a", 0, { n: 1 }, { n: 2 })]);
    const first = await journal.seal();
    assert.equal(await journal.seal(), undefined);
    clock.advance(1_000);
    await journal.append([notes("b", 0, { n: 3 })]);
    const second = await journal.seal();
    assert.ok(first && second);
    assert.deepEqual([first.from, first.to, second.from, second.to], [1, 2, 3, 3]);
    assert.equal(second.prev, first.hash);
    assert.equal(second.at, clock.now());
    assert.deepEqual(await journal.seals(), [first, second]);
    const result = await assertSound(journal);
    assert.deepEqual([result.seals, result.head], [2, second]);
  });

  suite("a seal by another key is refused", async ({ journal, storage, blobs, key }) => {
    await journal.append([notes("a", 0, { n: 1 })]);
    await journal.seal();
    const check = (publicKey: SealKey["publicKey"]) => {
      const verifier = new Verifier({
        seals: storage.seals(),
        publicKey,
        blob: (digest) => blobs.get(digest),
      });
      for (const row of storage.readAll(0, 100)) verifier.check(row);
      return verifier.finish().firstBad?.reason ?? "sound";
    };
    assert.equal(check(key.publicKey), "sound");
    assert.match(check(newSealKey().publicKey), /signature of seal 1 is wrong/);
  });

  suite("an exported head finds the truncation that the journal itself cannot know of", async (subject) => {
    const { journal, storage } = subject;
    await journal.append([notes("a", 0, { n: 1 }, { n: 2 })]);
    await journal.seal();
    await journal.append([notes("a", 2, { n: 3 })]);
    const head = await journal.seal();
    assert.ok(head);
    assert.equal((await journal.verify(undefined, head)).ok, true);
    const check = verifyOf(subject, storage.readAll(0, 2), storage.seals().slice(0, 1));
    assert.equal(check.finish().ok, true);
    const found = verifyOf(subject, storage.readAll(0, 2), storage.seals().slice(0, 1)).finish({ head });
    assert.deepEqual([found.ok, found.firstBad?.position], [false, 3]);
    assert.match(found.firstBad?.reason ?? "", /seal 2 was exported, but the journal ends before it/);
    const other = { ...head, hash: "0".repeat(64) };
    const { firstBad } = verifyOf(subject, storage.readAll(0, 10), storage.seals()).finish({ head: other });
    assert.match(firstBad?.reason ?? "", /seal 2 is not the one that was exported/);
  });

  suite("a seal that was changed, or taken away from the middle, is found", async (subject) => {
    const { journal, storage } = subject;
    for (let n = 0; n < 3; n++) {
      await journal.append([notes("a", n, { n })]);
      await journal.seal();
    }
    const rows = storage.readAll(0, 10);
    const seals = storage.seals();
    const edited = (index: number, edit: Partial<Seal>) =>
      seals.map((seal, at) => (at === index ? { ...seal, ...edit } : seal));
    const forged = Buffer.alloc(64, 1).toString("base64");
    const edits: (readonly Seal[])[] = [
      edited(1, { at: 0 }),
      edited(1, { root: "0".repeat(64) }),
      edited(1, { prev: "0".repeat(64) }),
      edited(1, { hash: "0".repeat(64) }),
      edited(1, { to: 3 }),
      edited(1, { from: 1 }),
      edited(1, { index: 7 }),
      edited(1, { signature: forged }),
      [seals[0], seals[2]].flatMap((seal) => (seal ? [seal] : [])),
      seals.slice(1),
    ];
    for (const [index, list] of edits.entries())
      assert.equal(verifyOf(subject, rows, list).finish().ok, false, `edit ${index} of a seal was not found`);
    assert.equal(verifyOf(subject, rows, seals).finish().ok, true);
  });
}

function verifyOf<Change>(
  subject: Opened<Change>,
  rows: readonly EventRow[],
  seals: readonly Seal[],
): Verifier {
  const { key, blobs } = subject;
  const verifier = new Verifier({ seals, publicKey: key.publicKey, blob: (digest) => blobs.get(digest) });
  for (const row of rows) verifier.check(row);
  return verifier;
}

type RowEdit = readonly [column: string, edit: (row: EventRow) => Partial<EventRow>];

function flipped(bytes: Uint8Array | null): Uint8Array {
  const copy = Uint8Array.from(bytes ?? [0]);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}

function longer(bytes: Uint8Array | null): Uint8Array {
  return Uint8Array.from([...(bytes ?? []), 0]);
}

const rowEdits: readonly RowEdit[] = [
  ["type", (row) => ({ type: `${row.type}x` })],
  ["type to nothing", () => ({ type: "" })],
  ["stream", () => ({ stream: "b" })],
  ["stream to a new one", () => ({ stream: "new" })],
  ["seq up", (row) => ({ seq: row.seq + 1 })],
  ["seq down", (row) => ({ seq: row.seq - 1 })],
  ["at", (row) => ({ at: row.at + 1 })],
  ["at before 1970", () => ({ at: -1 })],
  ["at out of range", () => ({ at: Number.MAX_SAFE_INTEGER })],
  ["actor", () => ({ actor: "somebody" })],
  ["body", (row) => ({ body: (row.body ?? "").replace("{", "{ ") })],
  ["body to nothing", () => ({ body: null })],
  ["salt", (row) => ({ salt: flipped(row.salt) })],
  ["salt, longer", (row) => ({ salt: longer(row.salt) })],
  ["salt, shorter", (row) => ({ salt: (row.salt ?? new Uint8Array()).slice(1) })],
  ["salt to nothing", () => ({ salt: null })],
  ["digest", () => ({ digest: new Uint8Array(32) })],
  ["hash", (row) => ({ hash: flipped(row.hash) })],
  ["hash, longer", (row) => ({ hash: longer(row.hash) })],
  ["position", (row) => ({ position: row.position + 1 })],
];

async function twoStreams<Change>({ journal }: Opened<Change>, isSealed: boolean): Promise<void> {
  for (let n = 0; n < 4; n++) await journal.append([notes("a", n, { n }), notes("b", n, { n: n * 10 })]);
  if (isSealed) await journal.seal();
}

function firstBadOf<Change>(subject: Opened<Change>, rows: readonly EventRow[]): number | undefined {
  return verifyOf(subject, rows, subject.storage.seals()).finish().firstBad?.position;
}

function tampering<Change>(suite: Suite<Change>): void {
  for (const isSealed of [false, true]) {
    const when = isSealed ? "behind a seal" : "before any seal";

    suite(`any column of any event that was changed ${when} is found at its position`, async (subject) => {
      await twoStreams(subject, isSealed);
      const rows = subject.storage.readAll(0, 100);
      for (const [column, edit] of rowEdits)
        for (const [index, row] of rows.entries()) {
          if (column === "position" && index < rows.length - 1) continue;
          const edited = rows.with(index, { ...row, ...edit(row) });
          if (column === "stream" && row.stream === "b") continue;
          assert.equal(firstBadOf(subject, edited), row.position, `${column} of event ${row.position}`);
        }
      assert.equal(firstBadOf(subject, rows), undefined);
    });

    suite(`an event that was taken away ${when} is found, and so is one put in`, async (subject) => {
      await twoStreams(subject, isSealed);
      const rows = subject.storage.readAll(0, 100);
      const renumbered = (list: readonly EventRow[]) =>
        list.map((row, index) => ({ ...row, position: index + 1 }));
      for (const [index, row] of rows.entries()) {
        const isLast = index === rows.length - 1;
        const without = rows.toSpliced(index, 1);
        // The end of an unsealed journal is the one thing that nobody can know of.
        if (!isLast || isSealed) {
          assert.equal(firstBadOf(subject, without), row.position, `without event ${row.position}`);
          const found = firstBadOf(subject, renumbered(without));
          assert.equal(found, row.position, `without event ${row.position}, the others renumbered`);
        }
        const doubled = renumbered(rows.toSpliced(index, 0, row));
        assert.equal(firstBadOf(subject, doubled), row.position + 1, `event ${row.position} twice`);
      }
    });

    suite(`two events that changed places ${when} are found, also of different streams`, async (subject) => {
      await twoStreams(subject, isSealed);
      const rows = subject.storage.readAll(0, 100);
      for (let first = 0; first < rows.length; first++)
        for (let second = first + 1; second < rows.length; second++) {
          const [a, b] = [rows[first], rows[second]];
          assert.ok(a && b);
          const places = { first: { position: a.position }, second: { position: b.position } };
          const swapped = rows
            .with(first, { ...b, ...places.first })
            .with(second, { ...a, ...places.second });
          assert.equal(firstBadOf(subject, swapped), a.position, `${a.position} and ${b.position}`);
        }
    });
  }

  suite("a sealed journal that was cut is found at the cut", async (subject) => {
    await twoStreams(subject, true);
    const rows = subject.storage.readAll(0, 100);
    for (let kept = 0; kept < rows.length; kept++)
      assert.equal(firstBadOf(subject, rows.slice(0, kept)), kept + 1, `cut after ${kept}`);
  });

  suite("a history written anew with right hashes does not fit the seal", async (subject) => {
    await twoStreams(subject, true);
    const forged = opened({ ...subject, storage: recordingStorage<Change>() });
    await twoStreams(forged, false);
    const rows = forged.storage.readAll(0, 100);
    const { firstBad } = verifyOf(subject, rows, subject.storage.seals()).finish();
    assert.match(firstBad?.reason ?? "", /the events of seal 1 are not those that were signed/);
  });

  suite("random edits of rows are found, whatever they are", async (subject) => {
    await twoStreams(subject, true);
    const rows = subject.storage.readAll(0, 100);
    const random = seededRandom("journal");
    for (let round = 0; round < 300; round++) {
      const [column, edit] = rowEdits[Math.floor(random.next() * rowEdits.length)] ?? ["none", () => ({})];
      const index = Math.floor(random.next() * rows.length);
      const row = rows[index];
      assert.ok(row);
      const edited = { ...row, ...edit(row) };
      const isSame = JSON.stringify(edited) === JSON.stringify(row);
      const found = firstBadOf(subject, rows.with(index, edited));
      if (!isSame) assert.notEqual(found, undefined, `round ${round}: ${column} of event ${row.position}`);
    }
  });
}

/** Rows in a list: enough of a storage to write a history of one's own. */
function recordingStorage<Change>(): JournalStorage<Change> {
  const rows: EventRow[] = [];
  return {
    commit: (more) => void rows.push(...more),
    lastPosition: () => rows.length,
    head: (stream) => rows.findLast((row) => row.stream === stream),
    readStream: (stream, afterSeq) => rows.filter((row) => row.stream === stream && row.seq > afterSeq),
    readAll: (afterPosition, limit) => rows.slice(afterPosition, afterPosition + limit),
    namesBlob: () => false,
    putSeal: () => {},
    seals: () => [],
    problems: () => [],
    close: () => {},
  };
}
