import { sha256Bytes } from "../base/index.ts";

// The tree under a seal
// =====================
// RFC 6962, section 2.1: leaves and nodes are hashed with different prefixes, so that no node can pass for
// a leaf, and a range splits at the largest power of two below its length. A whole subtree of pruned events
// is known by its root alone, so what remains of the range can still be held against the seal.

const leafTag = Buffer.from([0]);
const nodeTag = Buffer.from([1]);

/** A whole subtree: one event, or all events of a range. */
export interface Subtree {
  readonly from: number;
  readonly to: number;
  readonly root: Uint8Array;
}

export function leafOf({
  position,
  hash,
}: {
  readonly position: number;
  readonly hash: Uint8Array;
}): Subtree {
  return { from: position, to: position, root: sha256Bytes(Buffer.concat([leafTag, hash])) };
}

/** The tree over a range, of disjoint subtrees of it in order; undefined when they are not all of it. */
export function treeOf(range: Range, subtrees: readonly Subtree[]): Subtree | undefined {
  const [only, ...others] = largestSubtrees(range, subtrees);
  const isAll = only?.from === range.from && only.to === range.to && others.length === 0;
  return isAll ? only : undefined;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The fewest subtrees of a range's tree that hold just what disjoint subtrees of it hold, in order. */
export function largestSubtrees(range: Range, subtrees: readonly Subtree[]): readonly Subtree[] {
  const largest: Subtree[] = [];
  const whole = join(range, { subtrees, start: 0, end: subtrees.length }, largest);
  if (whole) largest.push(whole);
  return largest.sort((a, b) => a.from - b.from);
}

interface Slice {
  readonly subtrees: readonly Subtree[];
  readonly start: number;
  readonly end: number;
}

/** The subtree over the whole range; where something is missing, its largest parts go to `parts` instead. */
function join({ from, to }: Range, slice: Slice, parts: Subtree[]): Subtree | undefined {
  const { subtrees, start, end } = slice;
  const first = subtrees[start];
  if (start === end || !first) return undefined;
  if (first.from === from && first.to === to) return first;
  if (from === to) return undefined;
  const middle = from + largestPowerBelow(to - from + 1);
  const split = firstFrom(slice, middle);
  const left = join({ from, to: middle - 1 }, { subtrees, start, end: split }, parts);
  const right = join({ from: middle, to }, { subtrees, start: split, end }, parts);
  if (left && right) return { from, to, root: sha256Bytes(Buffer.concat([nodeTag, left.root, right.root])) };
  for (const part of [left, right]) if (part) parts.push(part);
  return undefined;
}

function largestPowerBelow(length: number): number {
  return 2 ** Math.floor(Math.log2(length - 1));
}

/** The first place in the slice of a subtree that begins at the position or after it. */
function firstFrom({ subtrees, start, end }: Slice, position: number): number {
  let [low, high] = [start, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((subtrees[middle]?.from ?? position) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
