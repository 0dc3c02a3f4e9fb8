import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Where the file of an asset is looked for, in this order, from the project's folder. */
export const placesOf: Readonly<Record<string, readonly string[]>> = {
  prompt: ["prompts/NAME.yaml", "prompts/NAME.jinja", "NAME"],
  tool: ["tools/NAME.yaml"],
  ruleset: ["rulesets/NAME.yaml", "rulesets/NAME.json", "NAME"],
  script: ["NAME"],
  workflow: ["workflows/NAME.yaml", "NAME.yaml"],
};

/** The names of the assets that have a file in the folder of their kind. */
export function assetNames(folder: string, kind: string): readonly string[] {
  const names = (placesOf[kind] ?? []).flatMap((place) => {
    const [, inFolder = "", ending = ""] = /^(\w+)\/NAME(\.\w+)$/.exec(place) ?? [];
    const path = join(folder, inFolder);
    if (inFolder === "" || !existsSync(path)) return [];
    return readdirSync(path)
      .filter((file) => file.endsWith(ending))
      .map((file) => file.slice(0, -ending.length));
  });
  return [...new Set(names)].sort();
}
