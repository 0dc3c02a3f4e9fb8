import { diffArrays, parsePatch } from "diff";

/** A line of one side, or of both; of many that are the same, only how many. */
export type DiffRow =
  | { readonly type: "same"; readonly text: string; readonly left: number; readonly right: number }
  | { readonly type: "changed"; readonly left: Line | null; readonly right: Line | null }
  | { readonly type: "skipped"; readonly lines: number; readonly left: number };

interface Line {
  readonly number: number;
  readonly text: string;
}

/** Lines that are shown around a change. */
const contextLines = 3;

/** Two texts line by line beside each other; what was replaced stands beside what replaced it. Pure. */
export function lineDiff(before: string, after: string): readonly DiffRow[] {
  return folded(rowsOf(before.split("\n"), after.split("\n"), [1, 1]));
}

/** The same rows, of a unified diff. Pure. */
export function patchDiff(patch: string): readonly DiffRow[] {
  return parsePatch(patch).flatMap(({ hunks }) =>
    hunks.flatMap(({ oldStart, newStart, lines }, index): readonly DiffRow[] => {
      const before = hunks[index - 1];
      const left = before ? before.oldStart + before.oldLines : 1;
      const side = (mark: "-" | "+") =>
        lines.filter(([first]) => first === " " || first === mark).map((line) => line.slice(1));
      const skipped: DiffRow = { type: "skipped", lines: oldStart - left, left };
      return [...(skipped.lines > 0 ? [skipped] : []), ...rowsOf(side("-"), side("+"), [oldStart, newStart])];
    }),
  );
}

function rowsOf(
  from: readonly string[],
  to: readonly string[],
  [firstLeft, firstRight]: readonly [number, number],
): readonly DiffRow[] {
  const parts = diffArrays([...from], [...to], { timeout: 500 });
  // Too far apart to compare in the time that a person waits: one takes the other's place.
  const changes = parts ?? [
    { value: from, removed: true, added: false },
    { value: to, removed: false, added: true },
  ];
  const rows: DiffRow[] = [];
  let [left, right] = [firstLeft, firstRight];
  for (const [index, { value, added, removed }] of changes.entries()) {
    if (added && changes[index - 1]?.removed) continue;
    if (!added && !removed) {
      for (const text of value) rows.push({ type: "same", text, left: left++, right: right++ });
      continue;
    }
    const gone = removed ? value : [];
    const come = added ? value : changes[index + 1]?.added ? (changes[index + 1]?.value ?? []) : [];
    for (let line = 0; line < Math.max(gone.length, come.length); line++) {
      const [old, fresh] = [gone[line], come[line]];
      rows.push({
        type: "changed",
        left: old === undefined ? null : { number: left++, text: old },
        right: fresh === undefined ? null : { number: right++, text: fresh },
      });
    }
  }
  return rows;
}

/** Long stretches without a change become one row. */
function folded(rows: readonly DiffRow[]): readonly DiffRow[] {
  const near = new Set<number>();
  for (const [index, { type }] of rows.entries())
    if (type === "changed")
      for (let at = index - contextLines; at <= index + contextLines; at++) near.add(at);
  const result: DiffRow[] = [];
  for (const [index, row] of rows.entries()) {
    const last = result.at(-1);
    if (row.type !== "same" || near.has(index)) result.push(row);
    else if (last?.type === "skipped") result[result.length - 1] = { ...last, lines: last.lines + 1 };
    else result.push({ type: "skipped", lines: 1, left: row.left });
  }
  return result;
}
