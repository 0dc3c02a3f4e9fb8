import assert from "node:assert/strict";
import { test } from "node:test";
import { EventReader } from "./event-reader.ts";

/** What is heard of a text that comes in pieces of so many bytes. */
function heard(text: string, pieceBytes: number): readonly string[] {
  const data: string[] = [];
  const reader = new EventReader((event) => data.push(event));
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.feed(bytes.slice(at, at + pieceBytes));
  return data;
}

const streams: readonly { what: string; text: string; data: readonly string[] }[] = [
  { what: "events", text: 'data: {"a":1}\n\ndata: [DONE]\n\n', data: ['{"a":1}', "[DONE]"] },
  { what: "returns with newlines", text: "data: a\r\n\r\ndata: b\r\n\r\n", data: ["a", "b"] },
  { what: "returns alone", text: "data: a\r\rdata: b\r\r", data: ["a", "b"] },
  { what: "data on several lines", text: "data: a\ndata\ndata:b\n\n", data: ["a\n\nb"] },
  { what: "one space, and no more, before the data", text: "data:  a\n\n", data: [" a"] },
  { what: "comments, names, ids", text: ": hello\nevent: x\nid: 7\nretry: 1\ndata: a\n\n", data: ["a"] },
  { what: "a name without data", text: "event: ping\n\ndata: a\n\n", data: ["a"] },
  { what: "a mark of byte order", text: "\ufeffdata: a\n\n", data: ["a"] },
  { what: "letters of several bytes", text: "data: Grüße 👋\n\n", data: ["Grüße 👋"] },
  { what: "an event that has no end", text: "data: a\n\ndata: b\n", data: ["a"] },
  { what: "another member", text: "datax: a\n\n", data: [] },
];

for (const { what, text, data } of streams)
  test(`server-sent events: ${what}, wherever they are cut`, () => {
    for (const pieceBytes of [1, 2, 3, 5, 7, 1_000]) assert.deepEqual(heard(text, pieceBytes), data);
  });

test("a line that comes in many pieces is told once", () => {
  const long = "x".repeat(100_000);
  assert.deepEqual(heard(`data: ${long}\n\n`, 1_000), [long]);
});
