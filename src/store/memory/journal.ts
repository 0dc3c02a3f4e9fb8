import type {
  EventRow,
  JournalStorage,
  Removal,
  Seal,
  StreamHead,
  Subtree,
} from "../../core/journal/index.ts";
import type { StoredChange } from "../../core/registry/index.ts";
import type { MemoryControlStore } from "./control.ts";

export class MemoryJournalStorage implements JournalStorage<StoredChange> {
  /** By position, from 1; pruned events leave holes. */
  readonly #events: (EventRow | undefined)[] = [];
  readonly #streams = new Map<string, EventRow[]>();
  readonly #seals: Seal[] = [];
  #pruned: Subtree[] = [];
  readonly #control: MemoryControlStore;

  constructor(control: MemoryControlStore) {
    this.#control = control;
  }

  commit(rows: readonly EventRow[], changes: readonly StoredChange[], removal: Removal): void {
    for (const { position, digest } of removal.erased) this.#erase(position, digest);
    for (const stream of removal.streams) this.#prune(stream);
    for (const { from, to, subtrees } of removal.pruned) {
      const others = this.#pruned.filter((subtree) => subtree.to < from || subtree.from > to);
      this.#pruned = [...others, ...subtrees].sort((a, b) => a.from - b.from);
    }
    for (const row of rows) {
      this.#events.push(row);
      const stream = this.#streams.get(row.stream);
      if (stream) stream.push(row);
      else this.#streams.set(row.stream, [row]);
    }
    for (const change of changes) this.#control.apply(change);
  }

  #erase(position: number, digest: Uint8Array): void {
    const row = this.#events[position - 1];
    if (!row) return;
    const bare = { ...row, salt: null, body: null, digest };
    this.#events[position - 1] = bare;
    this.#streams.get(row.stream)?.splice(row.seq - 1, 1, bare);
  }

  #prune(stream: string): void {
    for (const { position } of this.readStream(stream, 0)) this.#events[position - 1] = undefined;
    this.#streams.delete(stream);
  }

  lastPosition(): number {
    return this.#events.length;
  }
  head(stream: string): StreamHead | undefined {
    return this.#streams.get(stream)?.at(-1);
  }
  readStream(stream: string, afterSeq: number): readonly EventRow[] {
    return this.#streams.get(stream)?.slice(afterSeq) ?? [];
  }
  readAll(afterPosition: number, limit: number): readonly EventRow[] {
    const rows: EventRow[] = [];
    for (let index = afterPosition; index < this.#events.length && rows.length < limit; index++) {
      const row = this.#events[index];
      if (row) rows.push(row);
    }
    return rows;
  }
  streams(prefix: string): readonly string[] {
    return [...this.#streams.keys()].filter((stream) => stream.startsWith(prefix)).sort();
  }
  pruned(from: number, to: number): readonly Subtree[] {
    return this.#pruned.filter((subtree) => subtree.from >= from && subtree.to <= to);
  }
  hashes(afterPosition: number, limit: number): readonly EventRow[] {
    return this.readAll(afterPosition, limit);
  }
  namesBlob(digest: Uint8Array): boolean {
    return this.#events.some((row) => row?.salt && row.digest && Buffer.compare(row.digest, digest) === 0);
  }
  putSeal(seal: Seal): void {
    this.#seals.push(seal);
  }
  seals(): readonly Seal[] {
    return [...this.#seals];
  }
  lastSeal(): Seal | undefined {
    return this.#seals.at(-1);
  }
  sealAt(index: number): Seal | undefined {
    return this.#seals[index - 1];
  }
  tidy(): boolean {
    return false;
  }
  problems(): readonly string[] {
    return [];
  }
  close(): void {}
}
