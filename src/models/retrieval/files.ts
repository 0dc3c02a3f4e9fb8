import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { messageOf, sha256 } from "../../core/base/index.ts";
import { IndexSourceUnreadable } from "./errors.ts";
import { fileBytesMax, indexFilesMax } from "./limits.ts";

export interface SourceFile {
  /** Relative to the folder, with `/` between its parts. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

const textFile = /\.(md|markdown|txt|text)$/i;

/**
 * The text files of a folder in the order of their paths, with their digests; or the one file named.
 * Hidden files, links and other formats are left out: what an index reads stays within its folder.
 */
export function sourceFiles(
  location: string,
  read: (path: string, bytes: Buffer) => void = () => {},
): readonly SourceFile[] {
  try {
    const single = statSync(location).isFile();
    const paths = single ? [""] : textPaths(location);
    if (paths.length === 0) throw new IndexSourceUnreadable(location, "it has no .md or .txt file");
    return paths.map((path) => {
      const bytes = readFileSync(join(location, path));
      if (bytes.length > fileBytesMax)
        throw new IndexSourceUnreadable(join(location, path), `it is larger than ${fileBytesMax} bytes`);
      const name = path === "" ? basename(location) : path;
      read(name, bytes);
      return { path: name, sha256: sha256(bytes), bytes: bytes.length };
    });
  } catch (error) {
    if (error instanceof IndexSourceUnreadable) throw error;
    throw new IndexSourceUnreadable(location, messageOf(error));
  }
}

function textPaths(folder: string): readonly string[] {
  const paths: string[] = [];
  const visit = (within: string) => {
    for (const entry of readdirSync(join(folder, within), { withFileTypes: true })) {
      const path = within === "" ? entry.name : `${within}/${entry.name}`;
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && textFile.test(entry.name)) paths.push(path);
    }
    if (paths.length > indexFilesMax)
      throw new IndexSourceUnreadable(folder, `it has more than ${indexFilesMax} files`);
  };
  visit("");
  // By code unit, not by locale: the same order on every machine.
  return paths.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
