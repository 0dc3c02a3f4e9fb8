import { resolve } from "node:path";
import { z } from "zod";
import { assert, canonicalJson, sha256 } from "../../core/base/index.ts";
import type { Asset } from "../../core/workflow/index.ts";
import { type SourceFile, sourceFiles } from "./files.ts";

const indexContent = z.object({
  /** As the user wrote it, relative to the project. */
  folder: z.string(),
  /** SHA-256 over the paths and contents of the files: the name of the built index. */
  snapshot: z.string(),
  files: z.array(z.object({ path: z.string(), sha256: z.string(), bytes: z.number() })),
});
export type IndexContent = z.infer<typeof indexContent>;

export function readIndexContent(asset: Asset): IndexContent {
  const parsed = indexContent.safeParse(asset.content);
  assert(parsed.success, `the asset index ${asset.name} has no index content`);
  return parsed.data;
}

/** Where the files stand: `folder` is relative to `baseDir`, or absolute. May be one file. */
export interface IndexLocation {
  readonly name: string;
  readonly folder: string;
  readonly baseDir: string;
}

/**
 * An index asset: which files it is made of, by digest. Reads every file; builds nothing.
 * Throws `IndexSourceUnreadable`.
 */
export function indexAsset({ name, folder, baseDir }: IndexLocation): Asset {
  const files = sourceFiles(resolve(baseDir, folder));
  const content = { folder, snapshot: snapshotOf(files), files: files.map((file) => ({ ...file })) };
  return { kind: "index", name, digest: sha256(canonicalJson(content)), content };
}

export function snapshotOf(files: readonly SourceFile[]): string {
  return sha256(canonicalJson(files.map((file) => [file.path, file.sha256])));
}
