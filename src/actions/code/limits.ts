/** The heap of a host, in megabytes; one that needs more ends, and only what was under way in it is done again. */
const hostHeapMbMax = 512;
/** What a host may hold in all: heap, buffers, and all that it starts; in megabytes. */
const hostMemoryMbMax = 1_024;
/** All of the project's own modules that a kind imports, in bytes of UTF-8. */
export const sourcesBytesMax = 1024 * 1024;
/** Host processes that are kept ready after a crash: one to share, and one for each lane. */
export const readyMax = 3;
/** After a crash: the time to the next that is made ready. */
const readyEveryMs = 1_000;
/** Steps of own kinds that are remembered as suspects; the oldest is forgotten first. */
export const suspectsMax = 10_000;
/** How long a host may take to import its module. */
export const loadMsMax = 20_000;
/** A host with work under way is asked this often whether its event loop still turns. */
const pingMs = 500;
/** A host that has not answered for this long is given nothing new. */
const quietMs = 1_000;
/** A host that has not answered for this long, without a time limit of its step, is blocked. */
const blockedMs = 10_000;
/** How long an attempt has to end once its signal has aborted. */
const abortGraceMs = 1_000;
/** How long the neighbours of an attempt that does not end have, before the host is ended with it. */
const retireGraceMs = 2_000;
/** A host without runs is kept this long, for the next one. */
const idleMsMax = 300_000;
/** Suspects of one module that are tried at once, each in a host of its own. */
export const lanesMax = 2;
/** Hosts that the runs of one module share for a while after a crash, so that the next one meets few. */
export const sharedMax = 3;
/** How much of the end of standard error is kept, to tell why a host ended; in characters. */
export const tailCharactersMax = 4_096;

/** Those that a test makes shorter. */
export interface HostLimits {
  readonly pingMs: number;
  readonly quietMs: number;
  readonly blockedMs: number;
  readonly abortGraceMs: number;
  readonly retireGraceMs: number;
  readonly idleMsMax: number;
  readonly readyEveryMs: number;
  readonly heapMbMax: number;
  readonly memoryMbMax: number;
}

export const hostLimits: HostLimits = {
  pingMs,
  quietMs,
  blockedMs,
  abortGraceMs,
  retireGraceMs,
  idleMsMax,
  readyEveryMs,
  heapMbMax: hostHeapMbMax,
  memoryMbMax: hostMemoryMbMax,
};
