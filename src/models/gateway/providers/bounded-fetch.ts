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
    if (!response.body) return response;
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(bounded(model)), { status, statusText, headers });
  };
}

function bounded(model: string): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > answerBytesMax)
        controller.error(new ModelAnswerMalformed(model, `it has more than ${answerBytesMax} bytes`));
      else controller.enqueue(chunk);
    },
  });
}
