import assert from "node:assert/strict";
import { test } from "node:test";
import { Hono } from "hono";
import { jsonSliceCharacters, nextTurn } from "../core/base/index.ts";
import { answerInParts } from "./answer.ts";

/** What is answered for a document, by an app of one route. */
async function answered(document: Readonly<Record<string, unknown>>): Promise<Response> {
  const app = new Hono();
  app.get("/", (context) => answerInParts(context, document, 202));
  return app.request("/");
}

test("a document in parts is the same text as in one go", async () => {
  const documents = [
    {},
    { none: null, left: undefined, zero: -0, list: [], empty: {}, date: new Date(0) },
    { list: [1, undefined, [null], { a: undefined, b: "é\u2028\ud800" }], 'na"me': "x", __proto: 1 },
    { steps: [{ path: "a", result: { value: [1, 2] } }], output: "y".repeat(jsonSliceCharacters) },
  ];
  for (const document of documents) {
    const response = await answered(document);
    assert.deepEqual([response.status, response.headers.get("content-type")], [202, "application/json"]);
    assert.equal(await response.text(), JSON.stringify(document));
  }
});

test("between the parts of a long document, others have a turn", async () => {
  const part = "x".repeat(jsonSliceCharacters);
  let [turns, isOver] = [0, false];
  const counting = (async () => {
    for (; !isOver; turns++) await nextTurn();
  })();
  await answered({ input: part, steps: [part, part], output: part });
  isOver = true;
  await counting;
  assert.ok(turns >= 3, `${turns} turns`);
});
