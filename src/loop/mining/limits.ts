/** Events of one log: 16 bytes of memory each, and 8 for its start, its cost and each wait. */
export const eventsMax = 50_000_000;
/** Different activities of one log. More show that the wrong column was named. */
export const activitiesMax = 10_000;
/** Different resources of one log. */
export const resourcesMax = 1_000_000;
/** What stands inside one trace of XES, all its events' attributes counted: a trace is held as a whole. */
export const elementsOfTraceMax = 2_000_000;
/** How deep attributes of XES may stand in each other. */
export const xmlDepthMax = 100;
/** Characters of one tag, comment or instruction of XML. */
export const markupCharsMax = 1_048_576;
/** Bytes of one line of CSV. */
export const recordBytesMax = 1_048_576;
/** Characters of a log in JSON, which is read as a whole. */
export const jsonCharsMax = 268_435_456;
/** Bytes of a file once it is unpacked: a small one may hold far more than anybody meant to send. */
export const unpackedBytesMax = 68_719_476_736;
/** Hand-overs that a summary names, the most frequent first. */
export const handoversShownMax = 100;
