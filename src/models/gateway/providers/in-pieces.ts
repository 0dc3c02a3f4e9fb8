import { nextTurn } from "../../../core/base/index.ts";
import { ModelAnswerMalformed } from "../errors.ts";
import { answerBytesMax, answerPieceBytes } from "../limits.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * An answer at its reader's pace: within memory, because one above the limit ends in an error instead of
 * the heap; and in pieces with a turn of the event loop between them, so that a flood of small events,
 * each of which goes through many hands, keeps nobody else waiting.
 */
export function inPieces(answer: AsyncIterable<Bytes>, model: string): ReadableStream<Bytes> {
  const chunks = answer[Symbol.asyncIterator]();
  let bytes = 0;
  let rest: Bytes = new Uint8Array();
  return new ReadableStream(
    {
      async pull(controller) {
        if (rest.length > 0) await nextTurn();
        else {
          const { done, value } = await chunks.next();
          if (done) return controller.close();
          rest = value;
          bytes += value.length;
        }
        if (bytes > answerBytesMax) {
          await chunks.return?.();
          throw tooLarge(model);
        }
        controller.enqueue(rest.subarray(0, answerPieceBytes));
        rest = rest.subarray(answerPieceBytes);
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

export function tooLarge(model: string): ModelAnswerMalformed {
  return new ModelAnswerMalformed(model, `it has more than ${answerBytesMax} bytes`);
}
