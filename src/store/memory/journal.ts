import type { ControlChange } from "../../core/executor/index.ts";
import type { Erasure, EventRow, JournalStorage, Seal, StreamHead } from "../../core/journal/index.ts";
import type { MemoryControlStore } from "./control.ts";

export class MemoryJournalStorage implements JournalStorage<ControlChange> {
  readonly #events: EventRow[] = [];
  readonly #streams = new Map<string, EventRow[]>();
  readonly #seals: Seal[] = [];
  readonly #control: MemoryControlStore;

  constructor(control: MemoryControlStore) {
    this.#control = control;
  }

  commit(rows: readonly EventRow[], changes: readonly ControlChange[], erased: readonly Erasure[]): void {
    for (const row of rows) {
      this.#events.push(row);
      const stream = this.#streams.get(row.stream);
      if (stream) stream.push(row);
      else this.#streams.set(row.stream, [row]);
    }
    for (const { position, digest } of erased) this.#erase(position, digest);
    for (const change of changes) this.#control.apply(change);
  }

  #erase(position: number, digest: Uint8Array): void {
    const row = this.#events[position - 1];
    if (!row) return;
    const bare = { ...row, salt: null, body: null, digest };
    this.#events[position - 1] = bare;
    this.#streams.get(row.stream)?.splice(row.seq - 1, 1, bare);
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
    return this.#events.slice(afterPosition, afterPosition + limit);
  }
  hashes(afterPosition: number, limit: number): readonly EventRow[] {
    return this.readAll(afterPosition, limit);
  }
  namesBlob(digest: Uint8Array): boolean {
    return this.#events.some((row) => row.salt && row.digest && Buffer.compare(row.digest, digest) === 0);
  }
  putSeal(seal: Seal): void {
    this.#seals.push(seal);
  }
  seals(): readonly Seal[] {
    return [...this.#seals];
  }
  problems(): readonly string[] {
    return [];
  }
  close(): void {}
}
