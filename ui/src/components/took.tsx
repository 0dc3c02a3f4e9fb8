import type { RunRow } from "flyball/client";
import { formatDuration } from "../format.ts";
import { useNow } from "./now.ts";

/** How long a run took, or has taken until now. */
export function Took({ row }: { row: Pick<RunRow, "startedAt" | "endedAt"> }) {
  const now = useNow();
  const endMs = row.endedAt ? Date.parse(row.endedAt) : now;
  return <>{formatDuration(Math.max(0, endMs - Date.parse(row.startedAt)))}</>;
}
