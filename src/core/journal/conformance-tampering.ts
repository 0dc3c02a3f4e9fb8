import assert from "node:assert/strict";
import { seededRandom } from "../base/index.ts";
import {
  assertSound,
  type Case,
  collect,
  notes,
  type Opened,
  opened,
  verifyOf,
} from "./conformance-subject.ts";
import type { EventRow, JournalStorage, Seal } from "./journal.ts";
import { sealEventsMax } from "./limits.ts";
import { newSealKey, type SealKey } from "./seal.ts";
import { Verifier } from "./verify.ts";

/** Seals, and everything that somebody may do to the rows. */
export const tamperCases: Case[] = [];
const suite = collect(tamperCases);

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

suite("sealing much gives appends their turn, and takes in what was there when it began", async (subject) => {
  const { journal } = subject;
  const count = sealEventsMax + 1;
  await journal.append([notes("a", 0, ...Array.from({ length: count }, (_, n) => ({ n })))]);
  const done: string[] = [];
  const sealing = [journal.seal(), journal.seal()].map((seal) => seal.finally(() => done.push("seal")));
  await journal.append([notes("b", 0, { n: 0 })]).then(() => done.push("append"));
  await Promise.all(sealing);
  assert.deepEqual(done, ["append", "seal", "seal"]);
  const ranges = (await journal.seals()).map(({ from, to }) => [from, to]);
  assert.deepEqual(ranges.slice(0, 2), [
    [1, sealEventsMax],
    [count, count],
  ]);
  assert.equal((await assertSound(journal)).seals, 3);
});

suite("a seal by another key is refused", async ({ journal, storage, blobs, key }) => {
  await journal.append([notes("a", 0, { n: 1 })]);
  await journal.seal();
  const check = (publicKey: SealKey["publicKey"]) => {
    const verifier = new Verifier({
      seals: storage.seals(),
      pruned: [],
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

async function twoStreams({ journal }: Opened<unknown>, isSealed: boolean): Promise<void> {
  for (let n = 0; n < 4; n++) await journal.append([notes("a", n, { n }), notes("b", n, { n: n * 10 })]);
  if (isSealed) await journal.seal();
}

function firstBadOf(subject: Opened<unknown>, rows: readonly EventRow[]): number | undefined {
  return verifyOf(subject, rows, subject.storage.seals()).finish().firstBad?.position;
}

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
        const swapped = rows.with(first, { ...b, ...places.first }).with(second, { ...a, ...places.second });
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
  const forged = opened({ ...subject, storage: recordingStorage() });
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

/** Rows in a list: enough of a storage to write a history of one's own. */
function recordingStorage(): JournalStorage<unknown> {
  const rows: EventRow[] = [];
  return {
    commit: (more) => void rows.push(...more),
    lastPosition: () => rows.length,
    head: (stream) => rows.findLast((row) => row.stream === stream),
    readStream: (stream, afterSeq) => rows.filter((row) => row.stream === stream && row.seq > afterSeq),
    readAll: (afterPosition, limit) => rows.slice(afterPosition, afterPosition + limit),
    streams: () => [],
    pruned: () => [],
    hashes: (afterPosition, limit) => rows.slice(afterPosition, afterPosition + limit),
    namesBlob: () => false,
    putSeal: () => {},
    seals: () => [],
    lastSeal: () => undefined,
    sealAt: () => undefined,
    tidy: () => false,
    problems: () => [],
    close: () => {},
  };
}
