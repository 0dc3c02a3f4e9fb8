/**
 * journal: the append-only, hash-chained log. The only truth.
 *
 * What: append, read, follow, verify, seal, erase; over a storage that `store/` provides.
 * Owns: events, their chain, seals and blobs. It knows nothing of runs or workflows.
 * Promises: an append resolves after its fsync; a stale append is refused alone; no change, removal,
 * reorder or insertion passes `verify`, and no truncation behind an exported seal. Invariants J1 to J6
 * stand at the head of `writer.ts`.
 * Read first: `journal.ts` (the words), then `writer.ts` (group commit), `encoding.ts` (what is hashed).
 */
export { fileBlobs, memoryBlobs } from "./blobs.ts";
export { createJournal, type JournalOptions } from "./create.ts";
export { makeFolderDurably, writeDurably } from "./durable.ts";
export * from "./errors.ts";
export type * from "./journal.ts";
export type { Subtree } from "./merkle.ts";
export { eventsOf, pagesOf } from "./pages.ts";
export { newSealKey, publicKeyOf, type SealKey } from "./seal.ts";
export { sealKeyIn } from "./seal-key.ts";
export { retentionStream, Verifier } from "./verify.ts";
