import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/core/base/index.ts";
import { Disk, digestOf, type Image } from "./disk.ts";
import { type Operation, readTrace } from "./trace.ts";

const create = (path: string): Operation => ({ type: "create", path, truncated: false });
const sync = (path: string): Operation => ({ type: "sync", path });
const write = (path: string, at: number, text: string): Operation => ({
  type: "write",
  path,
  at,
  bytes: Buffer.from(text),
});

/** Every state that a few hundred draws find after these operations. */
function statesAfter(...operations: readonly Operation[]): readonly Image[] {
  const disk = new Disk();
  for (const operation of operations) disk.apply(operation);
  const random = seededRandom(1);
  const images = Array.from({ length: 500 }, () => disk.afterPowerLoss(random));
  return [...new Map(images.map((image) => [digestOf(image), image])).values()];
}

const texts = (images: readonly Image[], path: string) =>
  images.map(({ files }) => files.get(path)?.toString("latin1")).sort();

test("what was synced, with its name, is in every state", () => {
  const states = statesAfter(create("a"), write("a", 0, "one"), sync("a"), sync(""));
  assert.deepEqual(texts(states, "a"), ["one"]);
});

test("a file without an fsync of its folder may be missing, and an fsync of the file does not help", () => {
  const states = statesAfter(create("a"), write("a", 0, "one"), sync("a"));
  assert.deepEqual(texts(states, "a"), ["one", undefined]);
});

test("later writes are there in any combination, over what was synced", () => {
  const states = statesAfter(
    create("a"),
    write("a", 0, "...."),
    sync("a"),
    sync(""),
    write("a", 0, "x"),
    write("a", 3, "y"),
  );
  assert.deepEqual(texts(states, "a"), ["....", "...y", "x...", "x..y"]);
});

test("a write is torn at sectors, and a file may grow before it has the bytes", () => {
  const states = statesAfter(create("a"), sync(""), write("a", 0, "1".repeat(512) + "2".repeat(512)));
  const shapes = texts(states, "a").map((text) => text?.replaceAll("\0", "_").replace(/(.)\1{511}/g, "$1"));
  for (const shape of ["", "1", "12", "_2", "1_", "__"]) assert.ok(shapes.includes(shape), shape);
  assert.equal(states.length, 6);
});

test("a rename that was not synced leaves the old name or the new one, never neither", () => {
  const states = statesAfter(create("a.part"), write("a.part", 0, "one"), sync("a.part"), sync(""), {
    type: "rename",
    path: "a.part",
    to: "a",
  });
  const names = states.map(({ files }) => [...files.keys()].join());
  assert.deepEqual(names.sort(), ["a", "a.part"]);
});

test("a trace is read as operations, interrupted calls where they end", () => {
  const hex = (text: string) =>
    `"${[...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
  const path = (name: string) => hex(`/srv/${name}`).slice(1, -1);
  const trace = [
    `7 openat(AT_FDCWD</tmp>, ${hex("/srv/a")}, O_RDWR|O_CREAT, 0644) = 5<${path("a")}>`,
    `7 pwrite64(5<${path("a")}>, ${hex("one")}, 3, 8) = 3`,
    `7 fsync(5<${path("a")}> <unfinished ...>`,
    `8 write(1<pipe:[1]>, ${hex("accepted\n")}, 9) = 9`,
    "7 <... fsync resumed>) = 0",
    `7 pwrite64(6<${hex("/elsewhere/b").slice(1, -1)}>, ${hex("two")}, 3, 0) = 3`,
    `7 unlink(${hex("/srv/none")}) = -1 ENOENT (No such file or directory)`,
  ];
  assert.deepEqual(readTrace(trace.join("\n"), "/srv"), [
    { type: "create", path: "a", truncated: false },
    { type: "write", path: "a", at: 8, bytes: Buffer.from("one") },
    { type: "told", text: "accepted\n" },
    { type: "sync", path: "a" },
  ]);
  const unknown = `7 fallocate(5<${path("a")}>, 0, 0, 4096) = 0`;
  assert.throws(() => readTrace(unknown, "/srv"), /does not know/);
});
