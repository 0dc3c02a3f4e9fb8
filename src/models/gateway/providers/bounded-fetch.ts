import { ModelAnswerMalformed } from "../errors.ts";
import { answerBytesMax } from "../limits.ts";

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
    return new Response(bounded(response.body, model), { status, statusText, headers });
  };
}

/** A length is of what travels, so it says nothing about what is unpacked on arrival. */
function isKnownToFit(headers: Headers): boolean {
  return (
    !headers.has("content-encoding") && Number(headers.get("content-length") || Number.NaN) <= answerBytesMax
  );
}

/** By hand: for a stream of a dozen pieces that takes 4 µs, and a TransformStream between the two 12. */
function bounded(body: ReadableStream<Uint8Array<ArrayBuffer>>, model: string): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        bytes += value.length;
        if (bytes > answerBytesMax) {
          reader.cancel().catch(() => {});
          throw new ModelAnswerMalformed(model, `it has more than ${answerBytesMax} bytes`);
        }
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
