import type { AssetEvent } from "flyball/client";

interface LabelMove {
  readonly at: string;
  readonly by: string;
  /** Null when the label was nowhere before. */
  readonly from: string | null;
  readonly reason: string | null;
}

/** How the version in production came to be there: the last move of the label onto it. Pure. */
export function lastMove(events: readonly AssetEvent[], production: string | null): LabelMove | undefined {
  const move = events.findLast(
    ({ type, label, to }) => type === "label.moved" && label === "production" && to === production,
  );
  if (!move) return undefined;
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  return { at: move.at, by: text(move.by) ?? move.actor, from: text(move.from), reason: text(move.reason) };
}
