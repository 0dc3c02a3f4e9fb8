import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Random, sha256 } from "../../src/core/base/index.ts";
import type { Operation } from "./trace.ts";

// Disk
// ====
// What a power loss may leave of a sequence of operations.
//
//   D1. What a file held at its last fsync is there.
//   D2. Of what came later, any part may be there and any part not: any set of the writes, each torn at
//       any sector. Bytes that no write touched stay as they were.
//   D3. A file that grew may have its new length before it has the bytes, which are zeros then.
//   D4. A name that was made, moved or removed is so for certain only after an fsync of its folder.
//
// D4 is harder than what the usual file systems do; what holds here holds there.

const sectorBytes = 512;

type Change = Extract<Operation, { type: "write" | "truncate" }>;
type Naming = Extract<Operation, { type: "create" | "folder" | "rename" | "remove" }>;

interface File {
  durable: Buffer;
  pending: Change[];
}

type Entry = File | "folder";

/** Everything that is there after a crash: folders, and files with what they hold. */
export interface Image {
  readonly folders: readonly string[];
  readonly files: ReadonlyMap<string, Buffer>;
}

export class Disk {
  /** What a reader would see now. */
  readonly #entries = new Map<string, Entry>([["", "folder"]]);
  /** Names that are certain, and the later changes to the names of each folder. */
  readonly #durable = new Map<string, Entry>([["", "folder"]]);
  readonly #namings = new Map<string, { readonly naming: Naming; readonly entry: Entry }[]>();

  apply(operation: Operation): void {
    switch (operation.type) {
      case "told":
        return;
      case "write":
      case "truncate":
        return void this.#file(operation.path)?.pending.push(operation);
      case "sync":
        return this.#sync(operation.path);
      default:
        return this.#name(operation);
    }
  }

  #file(path: string): File | undefined {
    const entry = this.#entries.get(path);
    return entry === "folder" ? undefined : entry;
  }

  #sync(path: string): void {
    const entry = this.#entries.get(path);
    if (entry === "folder") {
      for (const { naming, entry: named } of this.#namings.get(path) ?? [])
        rename(this.#durable, naming, named);
      this.#namings.delete(path);
    } else if (entry) {
      entry.durable = changed(entry.durable, entry.pending);
      entry.pending = [];
    }
  }

  #name(naming: Naming): void {
    const known = this.#entries.get(naming.path);
    if (naming.type === "create" && known) {
      if (naming.truncated) this.apply({ type: "truncate", path: naming.path, length: 0 });
      return;
    }
    if (naming.type === "remove" && !known) return;
    const entry = naming.type === "folder" ? "folder" : (known ?? { durable: Buffer.alloc(0), pending: [] });
    rename(this.#entries, naming, entry);
    const folder = parentOf(naming.path);
    this.#namings.set(folder, [...(this.#namings.get(folder) ?? []), { naming, entry }]);
  }

  /** One of the states that a power loss at this moment may leave. */
  afterPowerLoss(random: Random): Image {
    const names = new Map(this.#durable);
    for (const namings of this.#namings.values())
      for (const { naming, entry } of someOf(namings, random)) rename(names, naming, entry);
    const isThere = (path: string): boolean =>
      path === "" || (names.get(parentOf(path)) === "folder" && isThere(parentOf(path)));
    const there = [...names].filter(([path]) => isThere(path));
    return {
      folders: there.flatMap(([path, entry]) => (entry === "folder" ? [path] : [])),
      files: new Map(
        there.flatMap(([path, entry]) => (entry === "folder" ? [] : [[path, contentOf(entry, random)]])),
      ),
    };
  }
}

function parentOf(path: string): string {
  const parent = dirname(path);
  return parent === "." ? "" : parent;
}

function rename(names: Map<string, Entry>, naming: Naming, entry: Entry): void {
  if (naming.type === "remove") return void names.delete(naming.path);
  if (naming.type === "rename") names.delete(naming.path);
  names.set(naming.type === "rename" ? naming.to : naming.path, entry);
}

/** None, all, the first few, all but one, or any: the shapes in which real disks lose things. */
function someOf<T>(list: readonly T[], random: Random): readonly T[] {
  if (list.length === 0) return list;
  const index = Math.floor(random.next() * list.length);
  const shape = Math.floor(random.next() * 5);
  if (shape === 0) return [];
  if (shape === 1) return list;
  if (shape === 2) return list.slice(0, index + 1);
  if (shape === 3) return list.filter((_, other) => other !== index);
  return list.filter(() => random.next() < 0.5);
}

function contentOf(file: File, random: Random): Buffer {
  const tears = random.next() < 0.5;
  const chosen = someOf(file.pending, random).flatMap((change) => (tears ? torn(change, random) : [change]));
  const content = changed(file.durable, chosen);
  const last = file.pending.reduce((length, change) => lengthAfter(length, change), file.durable.length);
  const isLengthened = last > content.length && random.next() < 0.5;
  return isLengthened ? Buffer.concat([content, Buffer.alloc(last - content.length)]) : content;
}

/** Some sectors of a write. */
function torn(change: Change, random: Random): readonly Change[] {
  if (change.type === "truncate") return [change];
  const sectors: Change[] = [];
  for (let from = 0; from < change.bytes.length; ) {
    const to = Math.min(change.bytes.length, from + sectorBytes - ((change.at + from) % sectorBytes));
    sectors.push({ ...change, at: change.at + from, bytes: change.bytes.subarray(from, to) });
    from = to;
  }
  return someOf(sectors, random);
}

function lengthAfter(length: number, change: Change): number {
  return change.type === "truncate" ? change.length : Math.max(length, change.at + change.bytes.length);
}

function changed(content: Buffer, changes: readonly Change[]): Buffer {
  let length = content.length;
  const room = changes.reduce((most, change) => Math.max(most, lengthAfter(0, change)), length);
  const after = Buffer.alloc(room);
  content.copy(after);
  for (const change of changes) {
    length = lengthAfter(length, change);
    if (change.type === "write") after.set(change.bytes, change.at);
    else after.fill(0, length);
  }
  return after.subarray(0, length);
}

/** Names what an image holds: two with the same digest are the same image. */
export function digestOf({ folders, files }: Image): string {
  const parts = [...files].map(([path, content]) => `${path} ${sha256(content)}`);
  return sha256([...folders, ...parts].sort().join("\n"));
}

export function writeImage({ folders, files }: Image, folder: string): void {
  for (const path of [...folders].sort()) mkdirSync(join(folder, path), { recursive: true });
  for (const [path, content] of files) writeFileSync(join(folder, path), content);
}
