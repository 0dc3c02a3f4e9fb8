import { answerBytesMax } from "../limits.ts";
import { inPieces } from "./in-pieces.ts";

type Fetch = typeof globalThis.fetch;

/**
 * A fetch that stays with the configured server and within memory: redirects are not followed, because
 * they would lead a key elsewhere, and an answer above the limit ends in an error instead of the heap.
 */
export function boundedFetch(fetch: Fetch, model: string): Fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: "manual" });
    if (!response.body || isKnownToFit(response.headers)) return response;
    const { status, statusText, headers } = response;
    return new Response(inPieces(response.body, model), { status, statusText, headers });
  };
}

/** A length is of what travels, so it says nothing about what is unpacked on arrival. */
function isKnownToFit(headers: Headers): boolean {
  const length = Number(headers.get("content-length") || Number.NaN);
  return !headers.has("content-encoding") && length <= answerBytesMax;
}
