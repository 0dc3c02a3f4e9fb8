/** The longest answer of an HTTP call, in bytes. */
export const responseBytesMax = 1024 * 1024;
/** How long an HTTP call may take in all, redirects included, unless it says otherwise. */
export const httpTimeoutMs = 30_000;
export const redirectsMax = 5;
/** Connections kept open for the next call, for each host. */
export const idleSocketsPerHostMax = 32;
/** How much of an answer an error message quotes, in characters. */
export const quotedCharactersMax = 300;
/** A server may ask to be left alone for this long; longer is taken as this. */
export const retryAfterMsMax = 86_400_000;

/** QuickJS: how long one script may run, what it may hold, how deep it may call. */
export const sandboxTimeoutMs = 5_000;
export const sandboxMemoryBytesMax = 64 * 1024 * 1024;
export const sandboxStackBytesMax = 512 * 1024;
/** How long after its time limit a sandbox that does not answer is ended from outside. */
export const sandboxGraceMs = 1_000;
export const sandboxWorkersMax = 2;
/** The result of a script, in characters of JSON. */
export const sandboxResultCharactersMax = 4 * 1024 * 1024;

/** Script files: how long one may run, and how long it has to end once asked. */
export const childTimeoutMs = 60_000;
export const childGraceMs = 2_000;
export const childrenMax = 8;
/** The memory of a script file with all that it starts, unless its step says otherwise; in megabytes. */
export const childMemoryMb = 1_024;
export const childOutputBytesMax = 4 * 1024 * 1024;
/** How much of the end of standard error an error message quotes, in bytes. */
export const childErrorBytesMax = 4 * 1024;
/** The longest script file, in bytes of UTF-8. */
export const scriptBytesMax = 1024 * 1024;
