import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname, resolve } from "node:path";

// A name is on disk only after an fsync of the folder that it stands in; the file's own fsync is not enough.

/** Writes a file so that after a power loss it is whole or absent, and there once this has returned. */
export function writeDurably(file: string, bytes: Uint8Array, mode = 0o600): void {
  const beside = `${file}.part`;
  const descriptor = openSync(beside, "w", mode);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(beside, file);
  syncFolder(dirname(file));
}

/** Makes a folder, and those above it that are missing; they are there once this has returned. */
export function makeFolderDurably(folder: string, mode = 0o700): void {
  const last = resolve(folder);
  const first = mkdirSync(last, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = last; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
}

export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
