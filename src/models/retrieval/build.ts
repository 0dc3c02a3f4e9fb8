import { resolve } from "node:path";
import type { Asset } from "../../core/workflow/index.ts";
import { readIndexContent, snapshotOf } from "./asset.ts";
import { IndexSourceChanged } from "./errors.ts";
import { sourceFiles } from "./files.ts";
import { passagesOf } from "./ingest.ts";
import type { Passage, SearchIndexes } from "./search.ts";

/**
 * Builds the index of a pinned asset unless it is there; returns the snapshot that names it.
 * The files are read once and judged by what was read, so a change meanwhile cannot slip in.
 * Throws `IndexSourceChanged` when they are no longer those of the asset.
 */
export function ensureIndex(asset: Asset, baseDir: string, indexes: SearchIndexes): string {
  const { folder, snapshot } = readIndexContent(asset);
  if (indexes.has(snapshot)) return snapshot;
  const location = resolve(baseDir, folder);
  const passages: Passage[] = [];
  const files = sourceFiles(location, (path, bytes) => {
    passages.push(...passagesOf(path, bytes.toString("utf8")));
  });
  if (snapshotOf(files) !== snapshot) throw new IndexSourceChanged(asset.name, location);
  indexes.build(snapshot, passages);
  return snapshot;
}
