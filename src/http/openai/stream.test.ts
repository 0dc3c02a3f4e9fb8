import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, nextTurn } from "../../core/base/index.ts";
import { heartbeatMs } from "./limits.ts";
import { ChunkStream } from "./stream.ts";

/** A stream that has been opened, and each piece that it has written. */
function opened() {
  const pieces: string[] = [];
  const clock = new ManualClock();
  const outlet = {
    hungUp: new AbortController(),
    begin: () => void pieces.push("begin"),
    write: (text: string) => void pieces.push(text),
    end: (text: string) => void pieces.push(text, "end"),
    response: new Response(),
  };
  const stream = new ChunkStream({ clock, model: "small", includesUsage: false, outlet });
  stream.opened("r1");
  return { stream, pieces, clock };
}

const deltasIn = (piece = "") =>
  piece
    .split("\n\n")
    .filter((event) => event.startsWith("data: {"))
    .map((event) => JSON.parse(event.slice(6)).choices?.[0].delta);
const say = (stream: ChunkStream, ...texts: string[]) => {
  for (const text of texts) stream.delta({ type: "text", text });
};

test("words of one turn are one chunk, in their order with what else is said", async () => {
  const { stream, pieces } = opened();
  say(stream, "Your ", "parcel ");
  stream.delta({ type: "tool_call", index: 0, id: "c", name: "track", arguments: "{}" });
  say(stream, "is ", "here.");
  await nextTurn();
  say(stream, " Bye.");
  await nextTurn();
  assert.deepEqual(pieces.length, 3);
  const call = { index: 0, id: "c", type: "function", function: { name: "track", arguments: "{}" } };
  assert.deepEqual(deltasIn(pieces[1]), [
    { role: "assistant", content: "", refusal: null },
    { content: "Your parcel " },
    { tool_calls: [call] },
    { content: "is here." },
  ]);
  assert.deepEqual(deltasIn(pieces[2]), [{ content: " Bye." }]);
});

test("what was said before a failure is told before it; nothing is told of one before the first words", async () => {
  const { stream, pieces } = opened();
  say(stream, "Your ", "parcel");
  stream.fail(new Error("it broke"));
  await nextTurn();
  const [begin, piece = "", end] = pieces;
  assert.deepEqual([begin, end], ["begin", "end"]);
  assert.match(piece, /"Your parcel".*\n\ndata: \{"error".*it broke.*\n\ndata: \[DONE\]\n\n$/s);
  const silent = opened();
  silent.stream.fail(new Error("it broke"));
  silent.clock.advance(heartbeatMs);
  await nextTurn();
  assert.deepEqual(silent.pieces, []);
});

test("while a model thinks, a comment keeps the connection alive, and the answer has begun", async () => {
  const { stream, pieces, clock } = opened();
  clock.advance(heartbeatMs);
  await stream.begun;
  await nextTurn();
  assert.deepEqual(pieces, ["begin", ": the model is at work\n\n"]);
});
