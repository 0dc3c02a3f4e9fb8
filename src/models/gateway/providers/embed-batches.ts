import { embedBytesPerRequestMax, embedTextsPerRequestMax } from "../limits.ts";

/**
 * Texts in the portions of one request each: as many as the provider takes, and so few that neither the
 * request nor the answer with its vectors becomes too large. A text above the limit goes alone.
 */
export function batchesOf(texts: readonly string[], textsMax: number | undefined): string[][] {
  const most = Math.min(textsMax ?? embedTextsPerRequestMax, embedTextsPerRequestMax);
  const batches: string[][] = [];
  let bytes = 0;
  for (const text of texts) {
    const size = Buffer.byteLength(text);
    const batch = batches.at(-1);
    if (batch && batch.length < most && bytes + size <= embedBytesPerRequestMax) {
      batch.push(text);
      bytes += size;
    } else {
      batches.push([text]);
      bytes = size;
    }
  }
  return batches;
}
