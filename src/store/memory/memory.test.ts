import type { ControlChange } from "../../core/executor/index.ts";
import { journalConformance } from "../../core/journal/conformance.ts";
import { type JournalStorage, memoryBlobs } from "../../core/journal/index.ts";
import { reviewShown, reviewTable } from "../testing.ts";
import { MemoryControlStore, MemoryJournalStorage } from "./index.ts";

journalConformance("memory", () => {
  const control = new MemoryControlStore();
  const storage = new MemoryJournalStorage(control);
  return { storage, blobs: memoryBlobs(), ...reviewTable, shown: (name) => reviewShown(control, name) };
});

/** A database that answers later, as one behind a network does: the journal itself must not depend on the difference. */
journalConformance("memory, answering later", () => {
  const control = new MemoryControlStore();
  const storage = new MemoryJournalStorage(control);
  const commit = storage.commit.bind(storage);
  const later: JournalStorage<ControlChange> = storage;
  later.commit = async (rows, changes, erased) => {
    await new Promise((resolve) => setImmediate(resolve));
    commit(rows, changes, erased);
  };
  return {
    storage: later,
    blobs: memoryBlobs(),
    ...reviewTable,
    shown: (name) => reviewShown(control, name),
  };
});
