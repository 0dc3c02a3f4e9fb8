import { journalConformance } from "../../core/journal/conformance.ts";
import { memoryBlobs } from "../../core/journal/index.ts";
import { assetChange, assetShown } from "../testing.ts";
import { MemoryControlStore, MemoryJournalStorage } from "./index.ts";

journalConformance("memory", () => {
  const control = new MemoryControlStore();
  const storage = new MemoryJournalStorage(control);
  return { storage, blobs: memoryBlobs(), change: assetChange, shown: (name) => assetShown(control, name) };
});
