import { assert } from "../base/index.ts";
import { bodyDigest, zeroHash } from "./encoding.ts";
import type {
  Append,
  EraseRequest,
  EventRow,
  JournalStorage,
  PruneRequest,
  Removal,
  Seal,
} from "./journal.ts";
import { largestSubtrees, leafOf } from "./merkle.ts";
import { retentionStream } from "./verify.ts";

/** One commit that takes something away, and the events that say so. */
export interface RemovalPlan {
  readonly appends: readonly Append[];
  readonly removal: Removal;
  /** Events whose bodies go; those that are blobs go after the commit. */
  readonly rows: readonly EventRow[];
}

type Storage = Pick<JournalStorage<unknown>, "readStream" | "pruned" | "lastSeal" | "sealAt">;

/** Bodies and salts go, headers and digests stay. */
export function planErasure(request: EraseRequest, storage: Storage): RemovalPlan {
  const rows = rowsOf(request.streams, storage).filter(
    ({ salt, type, position }) =>
      salt !== null && !request.keepTypes.has(type) && !request.keep?.has(position),
  );
  const said = statement("retention.applied", { ...rangeOf(rows), policy: request.policy });
  const erased = rows.map((row) => ({ position: row.position, digest: digestOf(row) }));
  return { appends: [said, ...request.marks], removal: { erased, streams: [], pruned: [] }, rows };
}

/** Streams go whole. Everything in them is sealed by now: what remains of them hangs under a signature. */
export function planPruning(
  { policy, data }: PruneRequest,
  found: readonly EventRow[],
  storage: Storage,
): RemovalPlan {
  const rows = found.toSorted((a, b) => a.position - b.position);
  const ends = new Map(rows.map((row) => [row.stream, row.seq]));
  // An empty append that is stale refuses all of it: nothing goes of a stream that has grown meanwhile.
  const guards = [...ends].map(([stream, expectedSeq]) => append(stream, expectedSeq, []));
  // Bodies that were erased before go with their events, and are no longer there to be counted.
  const erased = rows.filter((row) => row.salt === null).length;
  const said = statement("retention.pruned", { ...rangeOf(rows), erased, policy, ...data });
  const removal = { erased: [], streams: [...ends.keys()], pruned: subtreesWithout(rows, storage) };
  return { appends: [...guards, said], removal, rows };
}

export function rowsOf(streams: readonly string[], storage: Storage): EventRow[] {
  return [...new Set(streams)].flatMap((stream) => storage.readStream(stream, 0));
}

function statement(type: string, data: Append["events"][number]["data"]): Append {
  return append(retentionStream, null, [{ type, data }]);
}

function append(stream: string, expectedSeq: number | null, events: Append["events"]): Append {
  return { stream, expectedSeq, actor: "engine", events };
}

function rangeOf(rows: readonly EventRow[]): { from: number; to: number; count: number } {
  const [first] = rows;
  let [from, to] = [first?.position ?? 0, 0];
  for (const { position } of rows) [from, to] = [Math.min(from, position), Math.max(to, position)];
  return { from, to, count: rows.length };
}

function digestOf(row: EventRow): Uint8Array {
  if (row.body !== null && row.salt) return bodyDigest(row.salt, row.body);
  return row.digest ?? zeroHash;
}

/** For each seal that covers one of the rows: its pruned subtrees, once these rows are pruned too. */
function subtreesWithout(rows: readonly EventRow[], storage: Storage): Removal["pruned"] {
  const pruned: Removal["pruned"][number][] = [];
  for (let start = 0; start < rows.length; ) {
    const { from, to } = sealOver(rows[start]?.position ?? 0, storage);
    let end = start;
    while ((rows[end]?.position ?? Number.POSITIVE_INFINITY) <= to) end += 1;
    const parts = [...storage.pruned(from, to), ...rows.slice(start, end).map(leafOf)];
    parts.sort((a, b) => a.from - b.from);
    pruned.push({ from, to, subtrees: largestSubtrees({ from, to }, parts) });
    start = end;
  }
  return pruned;
}

/** Seals follow each other without gaps, so the one over a position is found by halving. */
function sealOver(position: number, storage: Storage): Seal {
  let [low, high] = [1, storage.lastSeal()?.index ?? 0];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((storage.sealAt(middle)?.to ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  const seal = storage.sealAt(low);
  assert(seal && seal.from <= position && position <= seal.to, `no seal covers event ${position}`);
  return seal;
}
