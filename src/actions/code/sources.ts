import { readFileSync, realpathSync } from "node:fs";
import { registerHooks } from "node:module";
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CodeUnusable } from "./errors.ts";
import { sourcesBytesMax } from "./limits.ts";
import type { Source, Sources } from "./protocol.ts";

const flyballFolder = join(import.meta.dirname, "../..");
const isSource = import.meta.filename.endsWith(".ts");
const door = pathToFileURL(join(flyballFolder, isSource ? "index.ts" : "index.js")).href;
const textFormats = new Set(["module", "module-typescript", "commonjs", "commonjs-typescript", "json"]);

/** Has `flyball` mean the engine that runs the code, wherever the code stands. */
export function resolveFlyball(): void {
  registerHooks({
    resolve: (specifier, context, next) => next(specifier === "flyball" ? door : specifier, context),
  });
}

/**
 * Keeps the text of each of the project's own modules as it is imported, and imports what is kept in
 * place of the file: the same text at the same address, so that packages are found where they were.
 * Once sealed, a file of the project that is not kept is refused: nobody has pinned it.
 */
export class KeptSources {
  readonly #folder: string;
  readonly #kept: Map<string, Source>;
  #isSealed: boolean;

  constructor(folder: string, sources: Sources | undefined) {
    this.#folder = realFolder(folder);
    this.#kept = new Map(Object.entries(sources ?? {}));
    this.#isSealed = sources !== undefined;
    registerHooks({
      resolve: (specifier, context, next) => {
        const url = /^(\.{1,2}\/|file:)/.test(specifier) && new URL(specifier, context.parentURL).href;
        const kept = url ? this.#keptAt(url) : undefined;
        return url && kept ? { url, format: kept.format, shortCircuit: true } : next(specifier, context);
      },
      load: (url, context, next) => {
        const kept = this.#keptAt(url);
        if (kept) return { format: kept.format, source: kept.text, shortCircuit: true };
        const loaded = next(url, context);
        const name = this.#nameOf(url);
        if (name !== undefined && textFormats.has(loaded.format ?? ""))
          this.#keep(name, { format: loaded.format ?? "", text: textOf(loaded.source, url) });
        return loaded;
      },
    });
  }

  addressOf(file: string): string {
    return pathToFileURL(join(this.#folder, file)).href;
  }

  /** All that was imported; from now on nothing is added. */
  seal(): Sources {
    this.#isSealed = true;
    return Object.fromEntries([...this.#kept].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  #keep(name: string, source: Source): void {
    if (this.#isSealed)
      throw new CodeUnusable(
        name,
        "it is imported while a step runs, so no run has pinned it; import it at the top",
      );
    this.#kept.set(name, source);
    const bytes = [...this.#kept.values()].reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    if (bytes > sourcesBytesMax)
      throw new CodeUnusable(name, `the sources of a kind are longer than ${sourcesBytesMax} bytes`);
  }

  #keptAt(url: string): Source | undefined {
    const name = this.#nameOf(url);
    return name === undefined ? undefined : this.#kept.get(name);
  }

  /** Undefined for what is not the project's own: packages, and Flyball itself. */
  #nameOf(url: string): string | undefined {
    if (!url.startsWith("file:")) return undefined;
    const path = fileURLToPath(url);
    const name = relative(this.#folder, path).split(sep).join("/");
    const isOther = name.startsWith("../") || name.split("/").includes("node_modules");
    return isOther || path.startsWith(flyballFolder + sep) ? undefined : name;
  }
}

/** Modules have the addresses of their real files. A folder that is gone keeps the name it had. */
function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** For a CommonJS module that is imported, Node gives no text. */
function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | null | undefined, url: string): string {
  if (typeof source === "string") return source;
  if (!source) return readFileSync(fileURLToPath(url), "utf8");
  return new TextDecoder().decode(source);
}
