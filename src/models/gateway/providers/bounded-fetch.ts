import { nextTurn } from "../../../core/base/index.ts";
import { ModelAnswerMalformed } from "../errors.ts";
import { answerBytesMax, answerPieceBytes } from "../limits.ts";

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

/**
 * In pieces with a turn of the event loop between them, so that a flood of small events, each of which goes
 * through many hands, keeps nobody else waiting. By hand: a TransformStream costs three times as much.
 */
function bounded(body: ReadableStream<Uint8Array<ArrayBuffer>>, model: string): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  let rest: Uint8Array = new Uint8Array();
  return new ReadableStream(
    {
      async pull(controller) {
        if (rest.length > 0) await nextTurn();
        else {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          rest = value;
          bytes += value.length;
        }
        if (bytes > answerBytesMax) {
          reader.cancel().catch(() => {});
          throw new ModelAnswerMalformed(model, `it has more than ${answerBytesMax} bytes`);
        }
        controller.enqueue(rest.subarray(0, answerPieceBytes));
        rest = rest.subarray(answerPieceBytes);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
