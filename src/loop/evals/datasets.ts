import { isJsonObject, type Json } from "../../core/base/index.ts";
import { assetOf, type BatchInput, viewRun } from "../../core/executor/index.ts";
import type { JournalEvent } from "../../core/journal/index.ts";
import type { Asset } from "../../core/workflow/index.ts";

/**
 * Why a row's answer is taken to be right: it came with the input, a person corrected or approved what the output
 * is made of, a model gave it and nobody has looked at it; or there is none.
 */
export type RowLabel = "expected" | "correction" | "approval" | "answer" | "none";

export interface RowSource {
  readonly run: string;
  /** Hash of the event with which the run ended: the row is what stands there. */
  readonly event: string;
  readonly label: RowLabel;
  readonly by: string | null;
}

export interface DatasetRow {
  readonly input: Json;
  readonly expected?: Json;
  readonly tags?: Readonly<Record<string, string>>;
  /** Absent for rows of a file. */
  readonly source?: RowSource;
}

/** A dataset as an asset: the same rows are the same version. */
export function datasetAsset(name: string, rows: readonly DatasetRow[], from: string): Asset {
  return assetOf("dataset", name, { from, rows: rows.map((row) => ({ ...row })) as unknown as Json });
}

/** The row of a completed run; undefined for any other, and where what it saw is not kept. */
export function rowOfRun(id: string, events: readonly JournalEvent[]): DatasetRow | undefined {
  const view = viewRun(id, events);
  const end = events.find(({ type }) => type === "run.completed");
  if (!view.started || !end?.data || view.started.shadowOf !== undefined) return undefined;
  const { input, tags } = view.started;
  const reviewed = view.steps.flatMap(({ result }) => {
    const { decision, reviewer } = result ?? {};
    return decision === "correct" || decision === "approve" ? [{ decision, by: String(reviewer ?? "") }] : [];
  });
  const decided = reviewed.find(({ decision }) => decision === "correct") ?? reviewed[0];
  const label = decided?.decision === "correct" ? "correction" : decided ? "approval" : "none";
  const known = view.started.expected;
  const answer = decided ? view.output : known;
  return {
    input,
    ...(answer === undefined ? {} : { expected: answer }),
    ...(tags ? { tags } : {}),
    source: {
      run: id,
      event: end.hash,
      label: label === "none" && known !== undefined ? "expected" : label,
      by: decided?.by ?? null,
    },
  };
}

/** The rows of a file, as they are kept; one that cannot be read is left out. */
export function rowsOfFile(rows: readonly BatchInput[]): readonly DatasetRow[] {
  return rows.flatMap((row) => {
    if ("problem" in row) return [];
    const { input, expected, tags } = row;
    return [{ input, ...(expected === undefined ? {} : { expected }), ...(tags ? { tags } : {}) }];
  });
}

/** The rows of a dataset, as a batch takes them. */
export function rowsOf(content: Json): readonly BatchInput[] {
  const rows = isJsonObject(content) && Array.isArray(content.rows) ? content.rows : [];
  return rows.flatMap((row: Json, index): BatchInput[] => {
    if (!isJsonObject(row)) return [];
    const { input = null, expected } = row;
    return [{ row: index + 1, input, ...(expected === undefined ? {} : { expected }) }];
  });
}
