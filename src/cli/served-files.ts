import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { FileUnreadable, isModule, readText } from "../project/index.ts";

/**
 * The files of a folder that hold a workflow: YAML files that say so, there or in `workflows/`, and every
 * module in `flows/`. Older versions of a flow (`NAME@VERSION.ts`) come with the module beside them.
 */
export function servedFiles(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false }))
    throw new FileUnreadable(path, "there is no such file or folder");
  if (statSync(path).isFile()) return [path];
  const documents = [path, join(path, "workflows")]
    .flatMap(filesIn)
    .filter((file) => /\.ya?ml$/.test(file) && /^workflow:/m.test(readText(file)));
  const flows = filesIn(join(path, "flows")).filter((file) => isModule(file) && !file.includes("@"));
  return [...documents, ...flows];
}

function filesIn(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}
