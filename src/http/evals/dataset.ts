import type { JsonObject } from "../../core/base/index.ts";
import type { BatchInput, Release } from "../../core/executor/index.ts";
import type { Engine } from "../../engine.ts";
import {
  DatasetEmpty,
  type DatasetRow,
  datasetAsset,
  datasetRowsMax,
  rowOfRun,
  rowsOf,
  rowsOfFile,
} from "../../loop/evals/index.ts";
import { readInputFile } from "../../project/index.ts";

export interface Dataset {
  /** A file, `journal`, or the dataset's name. */
  readonly from: string;
  /** Null for rows that are no asset. */
  readonly digest: string | null;
  readonly rows: readonly BatchInput[];
}

interface DataRequest {
  /** A .jsonl or .csv file, `journal` for the runs on record, or `dataset/NAME`, with `@VERSION`. */
  readonly data: string;
  /** Keeps the rows as a version of the dataset of this name. */
  readonly save?: string | undefined;
  /** Of the runs on record, the newest. */
  readonly last: number;
}

export async function datasetOf(engine: Engine, release: Release, request: DataRequest): Promise<Dataset> {
  const { data, save } = request;
  const named = /^dataset\/([^@]+)(?:@(.+))?$/.exec(data);
  if (named) return storedDataset(engine, String(named[1]), named[2] ?? "production");
  if (data === "journal") {
    const rows = await recordedRows(engine, release.workflow, request.last);
    return keep(engine, { from: data, rows }, save);
  }
  const { rows } = readInputFile(data, inputSchema(release));
  if (rows.length === 0) throw new DatasetEmpty(data, "it is empty");
  if (save === undefined) return { from: data, digest: null, rows };
  return keep(engine, { from: data, rows: rowsOfFile(rows) }, save);
}

function inputSchema({ definition }: Release): JsonObject | undefined {
  return definition.type === "document" ? definition.workflow.document.input : undefined;
}

async function storedDataset(engine: Engine, name: string, version: string): Promise<Dataset> {
  const digest = engine.registry.version(`dataset/${name}`, version);
  const rows = rowsOf(await engine.registry.contentOf(digest));
  return { from: name, digest, rows };
}

async function recordedRows(engine: Engine, workflow: string, last: number): Promise<readonly DatasetRow[]> {
  const limit = Math.min(last, datasetRowsMax);
  const rows: DatasetRow[] = [];
  for (const { id } of engine.control.runs({ workflow, status: "completed", limit })) {
    const row = rowOfRun(id, await engine.journal.read(`run/${id}`));
    if (row?.expected !== undefined) rows.push(row);
  }
  if (rows.length === 0)
    throw new DatasetEmpty(
      `The record of ${workflow}`,
      "no completed run has an answer that is known to be right, from its input or from a person",
    );
  return rows;
}

async function keep(
  engine: Engine,
  { from, rows }: { readonly from: string; readonly rows: readonly DatasetRow[] },
  name: string | undefined,
): Promise<Dataset> {
  const asset = datasetAsset(name ?? from, rows, from === "journal" ? from : "file");
  const batch = rowsOf(asset.content);
  if (name === undefined) return { from, digest: null, rows: batch };
  await engine.registry.take([{ asset }], { source: "api", by: "local" });
  return { from: name, digest: asset.digest, rows: batch };
}
