import assert from "node:assert/strict";
import { type JsonObject, ManualClock } from "../base/index.ts";
import { createJournal } from "./create.ts";
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
import type { Subtree } from "./merkle.ts";
import { newSealKey, type SealKey } from "./seal.ts";
import { Verifier } from "./verify.ts";

// What the cases of the conformance suite share.

/** One store under test. It ends with the test. */
export interface JournalSubject<Change> {
  readonly storage: JournalStorage<Change>;
  readonly blobs: BlobStore;
  /** A change of the control tables that gives `name` the value; the suite itself knows no tables. */
  change(name: string, value: string): Change;
  /** A change that takes the name away. */
  unchange(name: string): Change;
  /** What the control tables hold under a name. */
  shown(name: string): string | undefined;
}

export type JournalSetup<Change> = () => JournalSubject<Change>;

export interface Opened<Change> extends JournalSubject<Change> {
  readonly journal: Journal;
  readonly clock: ManualClock;
  readonly key: SealKey;
}

/** One thing that every journal must do. */
export interface Case {
  readonly what: string;
  run(subject: Opened<unknown>): Promise<void>;
}

/** Collects cases as they are written down, for `journalConformance` to run. */
export function collect(cases: Case[]): (what: string, run: Case["run"]) => void {
  return (what, run) => void cases.push({ what, run });
}

export function opened<Change>(subject: JournalSubject<Change>): Opened<Change> {
  const clock = new ManualClock();
  const key = newSealKey();
  const derive = ({ type, data }: PendingEvent) => {
    assert.notEqual(type, "note.broken", "a bug of the fold");
    return type === "note.marked" ? [subject.change(String(data.name), String(data.value))] : [];
  };
  /** A stream `mark/NAME` takes along what was marked under that name. */
  const forget = (stream: string) =>
    stream.startsWith("mark/") ? [subject.unchange(stream.slice("mark/".length))] : [];
  const { storage, blobs } = subject;
  return { ...subject, clock, key, journal: createJournal({ storage, blobs, clock, key, derive, forget }) };
}

/** One append of events `note.made`, each with a body. */
export function notes(stream: string, expectedSeq: number | null, ...bodies: readonly JsonObject[]): Append {
  return { stream, expectedSeq, actor: "local", events: bodies.map((data) => ({ type: "note.made", data })) };
}

export function mark(stream: string, expectedSeq: number | null, name: string, value: string): Append {
  return { stream, expectedSeq, actor: "local", events: [{ type: "note.marked", data: { name, value } }] };
}

export const bodiesOf = (events: readonly JournalEvent[]) => events.map(({ data }) => data);
export const placesOf = (events: readonly JournalEvent[]) =>
  events.map(({ stream, seq }) => `${stream}:${seq}`);

export async function assertSound(journal: Journal): Promise<Verification> {
  const result = await journal.verify();
  assert.deepEqual(result.firstBad, null);
  assert.equal(result.ok, true);
  return result;
}

export function verifyOf(
  subject: Opened<unknown>,
  rows: readonly EventRow[],
  seals: readonly Seal[],
  pruned: readonly Subtree[] = [],
): Verifier {
  const { key, blobs } = subject;
  const verifier = new Verifier({
    seals,
    pruned,
    publicKey: key.publicKey,
    blob: (digest) => blobs.get(digest),
  });
  for (const row of rows) verifier.check(row);
  return verifier;
}
