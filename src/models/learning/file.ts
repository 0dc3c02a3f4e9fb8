// File
// ====
// One file a classifier, all numbers little-endian:
//   8 bytes   "FLYBALLC"
//   3 uint32  format version, bytes of the header, bytes of the body when unpacked
//   header    JSON: everything that is not an array of numbers, and how long each array is
//   body      the arrays one after the other, packed with raw deflate
//   32 bytes  SHA-256 of the header and the unpacked body: the model's digest
// The digest is of the content, not of its packing: it stays when the packing changes.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";
import { messageOf, sha256, sha256Bytes } from "../../core/base/index.ts";
import { ClassifierModel, type ClassifierParts } from "./classifier.ts";
import { ClassifierFileInvalid, ClassifierFileNewer, ClassifierFileUnusable } from "./errors.ts";
import { limits } from "./limits.ts";

const magic = "FLYBALLC";
const formatVersion = 1;
const prefixBytes = 20;
const digestBytes = 32;

const share = z.number().min(0).max(1);
const count = z.int().min(0);
const headerSchema = z.strictObject({
  labels: z.array(z.string()).min(2).max(limits.labelsMax),
  precision: z.number().gt(0).lt(1),
  examples: count,
  seed: z.number(),
  measured: z.strictObject({
    accuracy: share,
    expectedCalibrationError: share,
    coverage: share,
    precisionOfDecided: share.nullable(),
    precisionLowerBound: share.nullable(),
    folds: count,
    suspects: z.array(
      z.strictObject({ example: count, label: z.string(), predicted: z.string(), confidence: share }),
    ),
  }),
  calibration: z.strictObject({
    temperature: z.number().positive(),
    noneScore: z.number(),
    intercept: z.number(),
    slope: z.number(),
    ceiling: z.number(),
    knownMin: z.number(),
  }),
  rarityUnseen: z.number(),
  features: count,
  heldOut: count,
});
type Header = z.infer<typeof headerSchema>;

/** SHA-256 of what the model is made of, as 64 hexadecimal digits: equal models have equal digests. */
export function classifierDigest(model: ClassifierModel): string {
  const { header, body } = contentOf(model.parts);
  return sha256(Buffer.concat([header, body]));
}

/**
 * Writes the model beside its place, to disk, and then moves it there: a reader sees the old file or the
 * new one, never half of one. Returns the digest. Throws `ClassifierFileUnusable`.
 */
export function saveClassifier(model: ClassifierModel, file: string): string {
  const content = classifierBytes(model);
  const digest = content.subarray(-digestBytes).toString("hex");
  try {
    writeDurably(file, content, digest);
  } catch (error) {
    throw new ClassifierFileUnusable(file, messageOf(error));
  }
  return digest;
}

/** What stands in the file of a model. */
export function classifierBytes(model: ClassifierModel): Buffer {
  const { header, body } = contentOf(model.parts);
  const prefix = Buffer.alloc(prefixBytes);
  prefix.write(magic, "latin1");
  prefix.writeUInt32LE(formatVersion, 8);
  prefix.writeUInt32LE(header.length, 12);
  prefix.writeUInt32LE(body.length, 16);
  const digest = sha256Bytes(Buffer.concat([header, body]));
  return Buffer.concat([prefix, header, deflateRawSync(body), digest]);
}

function writeDurably(file: string, content: Buffer, digest: string): void {
  const beside = `${file}.${process.pid}.${digest.slice(0, 8)}.tmp`;
  try {
    withDescriptor(beside, "w", (descriptor) => {
      for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at);
      fsyncSync(descriptor);
    });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  // Windows cannot sync a folder; its renames are journaled.
  if (process.platform !== "win32") withDescriptor(dirname(file), "r", fsyncSync);
}

function withDescriptor(path: string, flags: string, use: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags);
  try {
    use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads a model. Throws `ClassifierFileUnusable` (not there, not readable), `ClassifierFileInvalid`
 * (another kind of file, cut short, damaged) and `ClassifierFileNewer`.
 */
export function loadClassifier(file: string): ClassifierModel {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new ClassifierFileUnusable(file, messageOf(error));
  }
  const { header, body } = unpack(bytes, file);
  return new ClassifierModel(partsOf(header, body, file));
}

function unpack(bytes: Buffer, file: string): { header: Header; body: Buffer } {
  if (bytes.length < prefixBytes || bytes.toString("latin1", 0, magic.length) !== magic)
    throw new ClassifierFileInvalid(file, "it is another kind of file");
  const version = bytes.readUInt32LE(8);
  if (version > formatVersion) throw new ClassifierFileNewer(file, version, formatVersion);
  const headerEnd = prefixBytes + bytes.readUInt32LE(12);
  const bodyBytes = bytes.readUInt32LE(16);
  const bodyEnd = bytes.length - digestBytes;
  if (headerEnd > bodyEnd) throw new ClassifierFileInvalid(file, "it is cut short");
  if (bodyBytes > limits.fileBytesMax) throw new ClassifierFileInvalid(file, "it is too large");
  const header = bytes.subarray(prefixBytes, headerEnd);
  const body = inflate(bytes.subarray(headerEnd, bodyEnd), bodyBytes, file);
  if (!sha256Bytes(Buffer.concat([header, body])).equals(bytes.subarray(bodyEnd)))
    throw new ClassifierFileInvalid(file, "its checksum does not fit, so it is damaged");
  return { header: headerOf(header, file), body };
}

function inflate(packed: Buffer, bytes: number, file: string): Buffer {
  try {
    const body = inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) });
    if (body.length === bytes) return body;
  } catch {
    // Whatever zlib has to say about it, the file does not hold what was written.
  }
  throw new ClassifierFileInvalid(file, "it is cut short or damaged");
}

function headerOf(bytes: Buffer, file: string): Header {
  try {
    return headerSchema.parse(JSON.parse(bytes.toString("utf8")));
  } catch {
    throw new ClassifierFileInvalid(file, "its header is not as this version writes it");
  }
}

function contentOf(parts: ClassifierParts): { header: Buffer; body: Buffer } {
  const { vocabulary, linear, heldOut, ...plain } = parts;
  const header: Header = {
    ...plain,
    labels: [...plain.labels],
    measured: { ...plain.measured, suspects: [...plain.measured.suspects] },
    rarityUnseen: vocabulary.rarityUnseen,
    features: vocabulary.hashes.length,
    heldOut: heldOut.correct.length,
  };
  const body = Buffer.concat([
    words(vocabulary.hashes),
    words(bitsOf(vocabulary.rarity)),
    words(bitsOf(linear.scales)),
    new Uint8Array(linear.values.buffer, linear.values.byteOffset, linear.values.length),
    words(bitsOf(heldOut.confidences)),
    heldOut.correct,
  ]);
  return { header: Buffer.from(JSON.stringify(header)), body };
}

/** 32-bit words as little-endian bytes, whatever the machine. */
function words(values: Uint32Array): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

function partsOf(header: Header, body: Buffer, file: string): ClassifierParts {
  const { rarityUnseen, features, heldOut, ...plain } = header;
  const weights = features * plain.labels.length;
  if (body.length !== 12 * features + 5 * heldOut + weights)
    throw new ClassifierFileInvalid(file, "its arrays are not as long as its header says");
  const take = takerOf(body);
  return {
    ...plain,
    vocabulary: {
      hashes: readWords(take(4 * features)),
      rarity: floats(readWords(take(4 * features))),
      rarityUnseen,
    },
    linear: {
      labels: plain.labels.length,
      scales: floats(readWords(take(4 * features))),
      values: Int8Array.from(take(weights)),
    },
    heldOut: { confidences: floats(readWords(take(4 * heldOut))), correct: Uint8Array.from(take(heldOut)) },
  };
}

/** Cuts one piece after the other off a body. */
function takerOf(body: Buffer): (length: number) => Buffer {
  let at = 0;
  return (length) => {
    at += length;
    return body.subarray(at - length, at);
  };
}

function readWords(bytes: Buffer): Uint32Array<ArrayBuffer> {
  const values = new Uint32Array(bytes.length / 4);
  for (let index = 0; index < values.length; index++) values[index] = bytes.readUInt32LE(index * 4);
  return values;
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function floats(bits: Uint32Array<ArrayBuffer>): Float32Array {
  return new Float32Array(bits.buffer);
}
