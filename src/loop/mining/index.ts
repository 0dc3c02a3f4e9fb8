/**
 * mining: how work really flows, from the journal or from an imported event log.
 *
 * What: cases, variants, the directly-follows graph with frequencies, times and cost, rework, hand-overs and
 * bottlenecks; reads and writes XES (IEEE 1849) and CSV, and reads OCEL.
 * Owns: nothing. A log is made anew from the journal or a file each time, and none is kept.
 * Promises: every event of a log counts once, or a note says why not; the same log gives the same figures in
 * whatever format it comes; a file is read piece by piece, and what it can make us do is bounded (`limits.ts`).
 * Read first: `log.ts` (the columns that everything works on), `summary.ts`, then `from-journal.ts`.
 */
export type { LogColumns } from "./columns.ts";
export { type NamedColumns, writeCsv } from "./csv.ts";
export * from "./errors.ts";
export { type ReadLog, readLog } from "./file.ts";
export { JournalLog, type JournalLogOptions } from "./from-journal.ts";
export type { EventLog } from "./log.ts";
export { type ShownEdge, type Summary, summarize, variantsShownDefault } from "./summary.ts";
export { writeXes, XesWriter, xesPartsOf } from "./xes-write.ts";
export type { XmlElement } from "./xml.ts";
