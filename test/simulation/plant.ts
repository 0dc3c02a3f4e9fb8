import { registerHooks } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { mutantNamed, planted } from "./mutants.ts";

// Loaded before the simulator (`node --import`): puts the mistake that FLYBALL_MUTANT names into the
// files of the engine as they are read.

const root = fileURLToPath(new URL("../..", import.meta.url));
const { edits } = mutantNamed(process.env.FLYBALL_MUTANT ?? "");

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const file = url.startsWith("file:") ? relative(root, fileURLToPath(url)) : "";
    const own = edits.filter((edit) => edit.file === file);
    if (own.length === 0) return loaded;
    return { ...loaded, source: own.reduce(planted, String(loaded.source)) };
  },
});
