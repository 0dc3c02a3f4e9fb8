import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ClassifierFileInvalid, ClassifierFileNewer, ClassifierFileUnusable } from "./errors.ts";
import { classifierDigest, loadClassifier, saveClassifier } from "./file.ts";
import { madeUpExamples } from "./test-data.ts";
import { trainClassifier } from "./train.ts";

const folder = mkdtempSync(join(tmpdir(), "flyball-classifier-"));
after(() => rmSync(folder, { recursive: true }));
const model = await trainClassifier(madeUpExamples(40), { seed: 3, precision: 0.9 });
const file = join(folder, "intent.model");
const digest = saveClassifier(model, file);
const saved = readFileSync(file);

/** The saved file with some bytes changed. */
function damaged(change: (bytes: Buffer) => Buffer | undefined): string {
  const copy = Buffer.from(saved);
  const path = join(folder, "damaged.model");
  writeFileSync(path, change(copy) ?? copy);
  return path;
}

test("a loaded model answers to the last bit as the saved one", () => {
  const loaded = loadClassifier(file);
  assert.deepEqual(loaded.labels, model.labels);
  assert.deepEqual(loaded.measured, model.measured);
  assert.equal(loaded.threshold, model.threshold);
  assert.equal(loaded.precision, 0.9);
  assert.equal(loaded.examples, 120);
  assert.equal(loaded.seed, 3);
  for (const { text } of [...madeUpExamples(60, 9), { text: "" }, { text: "zebra ☃" }])
    assert.deepEqual(loaded.predict(text), model.predict(text));
  assert.equal(loaded.thresholdAt(0.8), model.thresholdAt(0.8));
});

test("the digest names the content, and saving again writes the same bytes", () => {
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.equal(classifierDigest(model), digest);
  assert.equal(classifierDigest(loadClassifier(file)), digest);
  const again = join(folder, "again.model");
  assert.equal(saveClassifier(loadClassifier(file), again), digest);
  assert.deepEqual(readFileSync(again), saved);
});

test("saving replaces the old file and leaves nothing beside it", () => {
  const path = join(folder, "replaced.model");
  writeFileSync(path, "something old");
  saveClassifier(model, path);
  assert.equal(classifierDigest(loadClassifier(path)), digest);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("a file cut short anywhere is refused", () => {
  for (let length = 0; length < saved.length; length += Math.ceil(saved.length / 97))
    assert.throws(() => loadClassifier(damaged((bytes) => bytes.subarray(0, length))), ClassifierFileInvalid);
  assert.throws(() => loadClassifier(damaged((bytes) => bytes.subarray(0, -1))), ClassifierFileInvalid);
});

test("a flipped bit anywhere is refused", () => {
  for (let at = 0; at < saved.length; at += Math.ceil(saved.length / 211)) {
    const path = damaged((bytes) => {
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
      return bytes;
    });
    const isRefused = (error: unknown) =>
      error instanceof ClassifierFileInvalid || error instanceof ClassifierFileNewer;
    assert.throws(() => loadClassifier(path), isRefused, `byte ${at}`);
  }
});

test("bytes after the end, and another kind of file, are refused", () => {
  assert.throws(
    () => loadClassifier(damaged((bytes) => Buffer.concat([bytes, Buffer.from("x")]))),
    ClassifierFileInvalid,
  );
  for (const content of ["", "text,label\nhello,a\n", "{}", "FLYBALLC"]) {
    const path = join(folder, "foreign.model");
    writeFileSync(path, content);
    assert.throws(() => loadClassifier(path), ClassifierFileInvalid);
  }
});

test("a newer format is told apart from a damaged file", () => {
  const path = damaged((bytes) => {
    bytes.writeUInt32LE(9, 8);
    return bytes;
  });
  assert.throws(
    () => loadClassifier(path),
    (error: unknown) => error instanceof ClassifierFileNewer && error.version === 9 && error.exitCode === 3,
  );
});

test("a file that is not there, and a place that cannot be written, are named", () => {
  const missing = join(folder, "none", "intent.model");
  const namesIt = (error: unknown) =>
    error instanceof ClassifierFileUnusable && error.message.includes(missing);
  assert.throws(() => loadClassifier(missing), namesIt);
  assert.throws(() => saveClassifier(model, missing), namesIt);
  assert.throws(() => loadClassifier(folder), ClassifierFileUnusable);
});
