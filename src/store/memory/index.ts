/**
 * store/memory: the same interfaces over maps.
 *
 * What: a journal storage and control tables that live as long as the process.
 * Owns: nothing durable. For tests, for simulation, and for `doctor`, which folds the journal into it
 * and compares.
 * Promises: behaves as `store/sqlite` does; one conformance suite holds both.
 */
export { MemoryControlStore } from "./control.ts";
export { MemoryJournalStorage } from "./journal.ts";
