import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolderDurably, syncFolder, writeDurably } from "./durable.ts";
import { DiskFull } from "./errors.ts";
import type { BlobStore } from "./journal.ts";

/** Blobs as files, `ab/cdef…`, each written beside, synced, renamed, and its folder synced. */
export function fileBlobs(folder: string): BlobStore {
  /** Folders that this process knows to be on disk: a process before it may have been killed while making one. */
  const synced = new Set<string>();
  const fileOf = (digest: Uint8Array) => {
    const name = Buffer.from(digest).toString("hex");
    return join(folder, name.slice(0, 2), name.slice(2));
  };
  return {
    put(digest, bytes) {
      const file = fileOf(digest);
      try {
        if (!synced.has(dirname(file))) {
          makeFolderDurably(dirname(file));
          for (const above of [folder, dirname(folder)]) syncFolder(above);
          synced.add(dirname(file));
        }
        writeDurably(file, bytes);
      } catch (error) {
        throw isFull(error) ? new DiskFull(folder) : error;
      }
    },
    get(digest) {
      try {
        return readFileSync(fileOf(digest));
      } catch {
        return undefined;
      }
    },
    remove: (digest) => rmSync(fileOf(digest), { force: true }),
    collect: (isNamed) => collectIn(folder, isNamed),
  };
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

function collectIn(folder: string, isNamed: (digest: Uint8Array) => boolean): number {
  let removed = 0;
  for (const prefix of readdirOrNone(folder))
    for (const name of readdirOrNone(join(folder, prefix))) {
      const hex = `${prefix}${name}`;
      if (/^[0-9a-f]{64}$/.test(hex) && isNamed(Buffer.from(hex, "hex"))) continue;
      rmSync(join(folder, prefix, name), { force: true });
      removed += 1;
    }
  return removed;
}

function readdirOrNone(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Blobs in memory, for tests and simulation. */
export function memoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  const key = (digest: Uint8Array) => Buffer.from(digest).toString("hex");
  return {
    put: (digest, bytes) => void blobs.set(key(digest), bytes),
    get: (digest) => blobs.get(key(digest)),
    remove: (digest) => void blobs.delete(key(digest)),
    collect(isNamed) {
      const orphans = [...blobs.keys()].filter((name) => !isNamed(Buffer.from(name, "hex")));
      for (const name of orphans) blobs.delete(name);
      return orphans.length;
    },
  };
}
