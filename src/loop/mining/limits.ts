/** Events of one log: some 60 bytes of memory each. */
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
/** Bytes of a file once it is unpacked: a small one may hold far more than anybody meant to send. */
export const unpackedBytesMax = 68_719_476_736;
/** Edges, hand-overs and bottlenecks of a summary that are named; what is counted is all of them. */
export const handoversShownMax = 100;
