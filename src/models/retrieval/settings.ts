import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import type { Asset, AssetSource } from "../../core/workflow/index.ts";
import { indexAsset } from "./asset.ts";

/** The `indexes` section of flyball.yaml: `help-center: { folder: help }`, or the folder alone. */
export const indexSettings = z.record(
  z.string(),
  z.union([
    z.strictObject({ folder: z.string().min(1) }),
    z
      .string()
      .min(1)
      .transform((folder) => ({ folder })),
  ]),
);
export type IndexSettings = z.infer<typeof indexSettings>;

/**
 * Finds index assets: those of the settings; a folder `indexes/NAME` of the project; and a path, as
 * `retrieval: { source: PATH }` names it. Reads the files each time, because they may have changed: keep
 * the asset, not the source, for as long as a version holds.
 */
export function retrievalSource({
  settings,
  baseDir,
}: {
  settings: IndexSettings;
  baseDir: string;
}): AssetSource {
  const folderOf = (name: string): string | undefined => {
    if (Object.hasOwn(settings, name)) return settings[name]?.folder;
    return [`indexes/${name}`, name].find((folder) => existsSync(resolve(baseDir, folder)));
  };
  return {
    find(kind: string, name: string): Asset | undefined {
      const folder = kind === "index" ? folderOf(name) : undefined;
      return folder === undefined ? undefined : indexAsset({ name, folder, baseDir });
    },
    names: (kind) => (kind === "index" ? Object.keys(settings) : []),
  };
}
