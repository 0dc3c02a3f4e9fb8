import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, sha256Bytes } from "../base/index.ts";
import { largestSubtrees, leafOf, type Subtree, treeOf } from "./merkle.ts";

const hashes = Array.from({ length: 200 }, (_, n) => sha256Bytes(`event ${n}`));
const leaves = (from: number, to: number) =>
  hashes.slice(from - 1, to).map((hash, n) => leafOf({ position: from + n, hash }));
const rootOf = (tree: Subtree | undefined) => Buffer.from(tree?.root ?? []).toString("hex");

/** The definition of RFC 6962, section 2.1, word by word. */
function definition(list: readonly Uint8Array[]): Buffer {
  const [only] = list;
  if (list.length === 1 && only) return sha256Bytes(Buffer.concat([Buffer.of(0), only]));
  let split = 1;
  while (split * 2 < list.length) split *= 2;
  const [left, right] = [definition(list.slice(0, split)), definition(list.slice(split))];
  return sha256Bytes(Buffer.concat([Buffer.of(1), left, right]));
}

test("the tree over any number of events is that of RFC 6962", () => {
  for (let length = 1; length <= 130; length++)
    assert.equal(
      rootOf(treeOf({ from: 7, to: 6 + length }, leaves(7, 6 + length))),
      definition(hashes.slice(6, 6 + length)).toString("hex"),
      `${length} events`,
    );
});

test("with any of its parts joined, a tree has the same root, and the parts are as few as can be", () => {
  const random = seededRandom("merkle");
  for (let round = 0; round < 500; round++) {
    const range = { from: 1, to: 1 + Math.floor(random.next() * 150) };
    const all = leaves(range.from, range.to);
    const share = random.next();
    const chosen = all.filter(() => random.next() < share);
    // In two steps, as pruning goes on from what was pruned before.
    const early = largestSubtrees(
      range,
      chosen.filter((_, n) => n % 3 === 0),
    );
    const late = chosen.filter((_, n) => n % 3 !== 0);
    const joined = largestSubtrees(
      range,
      [...early, ...late].sort((a, b) => a.from - b.from),
    );
    assert.deepEqual(joined, largestSubtrees(range, chosen));
    const positions = joined.flatMap(({ from, to }) =>
      Array.from({ length: to - from + 1 }, (_, n) => from + n),
    );
    assert.deepEqual(
      positions,
      chosen.map(({ from }) => from),
    );
    const rest = all.filter((leaf) => !positions.includes(leaf.from));
    const whole = treeOf(
      range,
      [...joined, ...rest].sort((a, b) => a.from - b.from),
    );
    assert.equal(rootOf(whole), rootOf(treeOf(range, all)));
  }
});

test("parts that are not all of a range make no tree", () => {
  const range = { from: 1, to: 10 };
  assert.equal(treeOf(range, []), undefined);
  assert.equal(treeOf(range, leaves(1, 9)), undefined);
  assert.equal(treeOf(range, leaves(2, 10)), undefined);
  const [pair] = largestSubtrees({ from: 1, to: 2 }, leaves(1, 2));
  assert.ok(pair && treeOf(range, [pair, ...leaves(3, 10)]));
  // A subtree of another tree is none of this one: 2 and 3 have no parent of their own here.
  const [crossed] = largestSubtrees({ from: 2, to: 3 }, leaves(2, 3));
  assert.ok(crossed);
  assert.equal(treeOf(range, [...leaves(1, 1), crossed, ...leaves(4, 10)]), undefined);
});
