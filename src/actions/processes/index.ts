/**
 * processes: children that can be ended from outside, and that end with us.
 *
 * What: a command in a process group of its own with a watcher beside it, a watch over the memory of such
 * groups, and a gate that lets so many through at once.
 * Owns: how a child of ours is started and killed; nothing of what it does.
 * Promises: a child, and whatever it started in its group, ends when this process ends, however that
 * ends: killed, out of memory or by itself, and even when the child's own event loop is blocked.
 * Read first: `supervisor.ts`.
 */
export * from "./gate.ts";
export { type MemoryWatch, memoryWatch } from "./memory.ts";
export * from "./supervisor.ts";
