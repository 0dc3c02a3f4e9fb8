import { bodyDigest, eventHash, saltBytes, zeroHash } from "./encoding.ts";
import type { EventRow } from "./journal.ts";

/** The body of a blob; undefined when it is missing. */
type ReadBlob = (digest: Uint8Array) => Uint8Array | undefined;

/** Why an event is not what was written behind the event of this hash; undefined when it is. */
export function contentProblem(row: EventRow, prev: Uint8Array, blob: ReadBlob): string | undefined {
  const digest = digestOf(row, blob);
  if (typeof digest === "string") return digest;
  if (!Number.isSafeInteger(row.at) || row.at < 0) return "its time was changed";
  return eventHash(prev, row, digest).equals(row.hash) ? undefined : "its content does not fit its hash";
}

/** The digest of the body, or why there is none. */
function digestOf(row: EventRow, blob: ReadBlob): Uint8Array | string {
  if (row.salt && row.salt.length !== saltBytes) return "its salt was changed";
  if (row.digest && row.digest.length !== zeroHash.length) return "its digest was changed";
  if (row.body !== null && row.digest) return "it has both a body and a digest";
  if (row.body !== null) return row.salt ? bodyDigest(row.salt, row.body) : "its salt is missing";
  if (!row.digest) return "its body is missing";
  if (!row.salt) return row.digest;
  const bytes = blob(row.digest);
  const name = Buffer.from(row.digest).toString("hex");
  if (!bytes) return `its blob ${name} is missing`;
  const digest = bodyDigest(row.salt, Buffer.from(bytes).toString("utf8"));
  return digest.equals(row.digest) ? digest : `its blob ${name} was changed`;
}
