import { diffWordsWithSpace } from "diff";
import { useMemo } from "react";
import { MarkedText, type Part } from "./marked-text.tsx";

/** What a correction changes: words taken out and words put in. */
export function Changes({
  before,
  after,
  label = "What changes",
}: {
  before: string;
  after: string;
  label?: string;
}) {
  const parts = useMemo(() => changed(before, after), [before, after]);
  if (before === after) return null;
  return (
    <section
      aria-label={label}
      className="whitespace-pre-wrap break-words rounded-md bg-raised px-3 py-2 font-mono text-[0.85rem]"
    >
      <MarkedText parts={parts} />
    </section>
  );
}

/** Where the texts are too far apart to compare in the time of a key press, one takes the other's place. */
function changed(before: string, after: string): readonly Part[] {
  const found = diffWordsWithSpace(before, after, { timeout: 200 });
  if (!found)
    return [
      { text: before, mark: "removed" },
      { text: after, mark: "added" },
    ];
  return found.map(({ value, added, removed }) => {
    if (added) return { text: value, mark: "added" };
    return removed ? { text: value, mark: "removed" } : { text: value };
  });
}
