import { type CostRow, costCounts } from "../../core/executor/index.ts";
import type { StoredChange } from "../../core/registry/index.ts";

/**
 * The changes of one commit in fewer statements. A run that is over when it is recorded, as a call to a
 * model is, gets its row once, as it is in the end: written and updated twice, with all its indexes, it took
 * as long as its events. What many calls have cost is added to the row of their sum once.
 */
export function mergedChanges(changes: readonly StoredChange[]): readonly StoredChange[] {
  const merged: StoredChange[] = [];
  const places = new Map<string, number>();
  for (const change of changes) {
    if ("forget" in change || ("remove" in change && change.table === "runs")) places.clear();
    const row = rowOf(change);
    const place = row === undefined ? undefined : places.get(row);
    const before = place === undefined ? undefined : merged[place];
    const both = before && joined(before, change);
    if (both && place !== undefined) merged[place] = both;
    else {
      if (row !== undefined && !("update" in change)) places.set(row, merged.length);
      merged.push(change);
    }
  }
  return merged;
}

/** Of the tables where changes meet. */
function rowOf(change: StoredChange): string | undefined {
  if (change.table === "runs" && "put" in change) return `runs/${change.put.id}`;
  if (change.table === "runs" && "update" in change) return `runs/${change.update}`;
  return change.table === "costs" && "add" in change ? `costs/${change.add.id}` : undefined;
}

function joined(before: StoredChange, change: StoredChange): StoredChange | undefined {
  if (before.table === "runs" && "put" in before && change.table === "runs" && "update" in change)
    return { table: "runs", put: { ...before.put, ...change.set, updatedAt: change.at } };
  if (before.table === "costs" && "add" in before && change.table === "costs" && "add" in change)
    return { table: "costs", add: sumOf(before.add, change.add) };
  return undefined;
}

function sumOf(one: CostRow, other: CostRow): CostRow {
  const sum: { -readonly [Name in keyof CostRow]: CostRow[Name] } = { ...one };
  for (const name of costCounts) sum[name] += other[name];
  return sum;
}
