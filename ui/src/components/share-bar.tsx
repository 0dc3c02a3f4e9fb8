import { formatShare } from "../format.ts";

/** A share as a number and a length. */
export function ShareBar({ share, look = "bg-busy" }: { share: number; look?: string }) {
  return (
    <span className="inline-flex w-36 items-center gap-2">
      <span aria-hidden className="h-2 flex-1 overflow-hidden rounded bg-raised">
        <span
          className={`block h-full rounded ${look}`}
          style={{ width: `${Math.min(100, Math.max(0, share * 100))}%` }}
        />
      </span>
      <span className="w-12 text-right tabular-nums">{formatShare(share)}</span>
    </span>
  );
}
