import type { KeyObject } from "node:crypto";
import { contentProblem } from "./content.ts";
import { zeroHash } from "./encoding.ts";
import type { EventRow, Seal, Verification } from "./journal.ts";
import { leafOf, type Subtree, treeOf } from "./merkle.ts";
import { sealProblem } from "./seal.ts";

type FirstBad = NonNullable<Verification["firstBad"]>;

/** The stream of the events that say what retention erased. */
export const retentionStream = "retention";

/**
 * Checks events in order of position: no gap, each stream's sequence and chain, each body against its
 * hash, and each seal against the range that it covers. Feed it every row, then every seal's `finish`.
 * One pass, so it serves the store and an exported file alike.
 */
export class Verifier {
  readonly #streams = new Map<string, { seq: number; hash: Uint8Array }>();
  readonly #seals: readonly Seal[];
  readonly #publicKey: KeyObject;
  readonly #blob: (digest: Uint8Array) => Uint8Array | undefined;
  #events = 0;
  #sealIndex = 0;
  /** What the seal at hand covers, as far as it has come by. */
  #sealParts: Subtree[] = [];
  readonly #pruned: readonly Subtree[];
  #prunedIndex = 0;
  #prunedEvents = 0;
  #prunedByPolicy = 0;
  #erased = 0;
  #erasedByPolicy = 0;
  #firstErased: EventRow | undefined;
  #firstBad: FirstBad | null = null;

  constructor(options: {
    seals: readonly Seal[];
    /** What stands in the place of pruned events, in order. */
    pruned: readonly Subtree[];
    publicKey: KeyObject;
    /** The body of a blob; undefined when it is missing. */
    blob: (digest: Uint8Array) => Uint8Array | undefined;
  }) {
    this.#seals = options.seals;
    this.#pruned = options.pruned;
    this.#publicKey = options.publicKey;
    this.#blob = options.blob;
    options.seals.forEach((seal, index) => {
      const problem = sealProblem(seal, options.seals[index - 1], options.publicKey);
      if (problem) this.#bad({ position: seal.from, stream: "seal", seq: seal.index }, problem);
    });
  }

  check(row: EventRow): void {
    this.#passPruned(row.position);
    this.#events += 1;
    const last = this.#streams.get(row.stream) ?? { seq: 0, hash: zeroHash };
    if (row.position !== this.#events)
      this.#bad(
        { ...row, position: Math.min(row.position, this.#events) },
        `event ${this.#events} is missing`,
      );
    else if (row.seq !== last.seq + 1)
      this.#bad(row, `it is number ${row.seq} of its stream, after number ${last.seq}`);
    else {
      const problem = contentProblem(row, last.hash, this.#blob);
      if (problem) this.#bad(row, problem);
    }
    this.#events = Math.max(this.#events, row.position);
    this.#streams.set(row.stream, { seq: row.seq, hash: row.hash });
    this.#countRemoved(row);
    this.#checkSeal(leafOf(row));
  }

  /** What retention has pruned before a position takes the place of the events that are not there. */
  #passPruned(before: number): void {
    for (let next = this.#nextPruned; next && next.from < before; next = this.#nextPruned) {
      this.#prunedIndex += 1;
      if (next.from !== this.#events + 1 || next.to >= before)
        this.#bad(
          { position: next.from, stream: retentionStream, seq: 0 },
          `events ${next.from} to ${next.to} are not all gone, as it is said of them`,
        );
      this.#events = Math.max(this.#events, next.to);
      this.#prunedEvents += next.to - next.from + 1;
      this.#checkSeal(next);
    }
  }

  get #nextPruned(): Subtree | undefined {
    return this.#pruned[this.#prunedIndex];
  }

  /** What was erased or pruned leaves a chain that fits, so the journal's own events must account for it. */
  #countRemoved(row: EventRow): void {
    if (row.salt === null) {
      this.#erased += 1;
      this.#firstErased ??= row;
    } else if (row.stream === retentionStream && row.body !== null) {
      const { erased, pruned } = removedBy(row.type, row.body);
      this.#erasedByPolicy += erased;
      this.#prunedByPolicy += pruned;
    }
  }

  #checkSeal(part: Subtree): void {
    const seal = this.#seals[this.#sealIndex];
    if (!seal || part.to < seal.from) return;
    this.#sealParts.push(part);
    if (part.to < seal.to) return;
    // An event of the range that does not fit is what is named; the seal, when each of them seems to fit.
    const isExplained = this.#firstBad !== null && this.#firstBad.position <= seal.to;
    if (!isExplained && hexRoot(treeOf(seal, this.#sealParts)) !== seal.root)
      this.#bad(
        { position: seal.from, stream: "seal", seq: seal.index },
        `the events of seal ${seal.index} are not those that were signed`,
      );
    this.#sealParts = [];
    this.#sealIndex += 1;
  }

  #bad(where: { position: number; stream: string; seq: number }, reason: string): void {
    if (this.#firstBad && this.#firstBad.position <= where.position) return;
    this.#firstBad = { position: where.position, stream: where.stream, seq: where.seq, reason };
  }

  /** The result. `head`: an exported seal that the journal must still contain (finds truncation). */
  finish(options: { problems?: readonly string[]; head?: Seal } = {}): Verification {
    this.#passPruned(Number.POSITIVE_INFINITY);
    const unfinished = this.#seals[this.#sealIndex];
    if (unfinished)
      this.#bad(
        { position: this.#events + 1, stream: "seal", seq: unfinished.index },
        `events up to ${unfinished.to} were sealed, the last one found is ${this.#events}`,
      );
    if (options.head) this.#checkHead(options.head);
    if (this.#firstErased && this.#erased !== this.#erasedByPolicy)
      this.#bad(
        this.#firstErased,
        `${this.#erased} bodies were erased, retention accounts for ${this.#erasedByPolicy}`,
      );
    if (this.#prunedEvents !== this.#prunedByPolicy)
      this.#bad(
        { position: this.#pruned[0]?.from ?? this.#events, stream: retentionStream, seq: 0 },
        `${this.#prunedEvents} events were pruned, retention accounts for ${this.#prunedByPolicy}`,
      );
    const problem = options.problems?.[0];
    if (problem && !this.#firstBad) this.#bad({ position: 0, stream: "", seq: 0 }, problem);
    return {
      ok: this.#firstBad === null,
      events: this.#events,
      ...(this.#prunedEvents > 0 ? { pruned: this.#prunedEvents } : {}),
      seals: this.#seals.length,
      head: this.#seals.at(-1) ?? null,
      firstBad: this.#firstBad,
    };
  }

  /** Only the seals: whether they follow from each other and still contain an exported head. */
  checkSeals(head: Seal): { readonly firstBad: FirstBad | null } {
    this.#checkHead(head);
    return { firstBad: this.#firstBad };
  }

  #checkHead(head: Seal): void {
    const own = this.#seals[head.index - 1];
    const where = { position: Math.min(head.from, this.#events + 1), stream: "seal", seq: head.index };
    if (!own) this.#bad(where, `seal ${head.index} was exported, but the journal ends before it`);
    else if (own.hash !== head.hash) this.#bad(where, `seal ${head.index} is not the one that was exported`);
    else if (sealProblem(head, this.#seals[head.index - 2], this.#publicKey))
      this.#bad(where, "the exported seal itself is not valid");
  }
}

/** How much an event of retention says it removed; nothing when it was changed, which its hash tells. */
function removedBy(type: string, body: string): { readonly erased: number; readonly pruned: number } {
  try {
    const { count, erased } = JSON.parse(body);
    // Bodies that had been erased before went with the events that were pruned.
    if (type === "retention.pruned") return { erased: -Number(erased), pruned: Number(count) };
    return { erased: Number(count), pruned: 0 };
  } catch {
    return { erased: 0, pruned: 0 };
  }
}

function hexRoot(tree: Subtree | undefined): string {
  return tree ? Buffer.from(tree.root).toString("hex") : "";
}
