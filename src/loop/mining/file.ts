import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { FlyballError, messageOf } from "../../core/base/index.ts";
import { xesColumns } from "./columns.ts";
import { type NamedColumns, readCsv } from "./csv.ts";
import { LogFileUnreadable, LogTooLarge, LogUnreadable } from "./errors.ts";
import { jsonCharsMax, unpackedBytesMax } from "./limits.ts";
import { type EventLog, LogBuilder } from "./log.ts";
import { addObjects, isOfObjects, objectLogOfJson, objectLogOfXml } from "./ocel.ts";
import { XesCases } from "./xes-events.ts";
import { readXes } from "./xes-read.ts";
import type { XmlElement } from "./xml.ts";

/** A log that was read, and what of the file is not in it. */
export interface ReadLog {
  readonly log: EventLog;
  readonly notes: readonly string[];
  readonly format: "xes" | "csv" | "ocel";
}

export interface ReadOptions {
  readonly columns: NamedColumns;
  /** Told the parts of an XES log as they are read, with all that they hold. */
  readonly onParts?: (parts: readonly XmlElement[]) => Promise<void>;
}

/** Reads an event log from XES, CSV or OCEL, packed with gzip or not: what it is, its first bytes say. */
export async function readLog(file: string, { columns, onParts }: ReadOptions): Promise<ReadLog> {
  const builder = new LogBuilder();
  const { pieces, firstSign } = await opened(file);
  if (firstSign === "<") return readXml(file, pieces, { builder, columns, onParts });
  if (firstSign === "{") {
    const log = objectLogOfJson(file, await whole(pieces));
    addObjects(file, log, { builder, type: columns.case });
    return { log: builder.build(), notes: [], format: "ocel" };
  }
  const leftOut = await readCsv(file, pieces, { builder, columns });
  const notes = leftOut > 0 ? [`${leftOut} rows name no case or no activity and are left out.`] : [];
  return { log: builder.build(), notes, format: "csv" };
}

interface XmlOptions {
  readonly builder: LogBuilder;
  readonly columns: NamedColumns;
  readonly onParts: ReadOptions["onParts"];
}

async function readXml(
  file: string,
  pieces: AsyncIterable<string>,
  { builder, columns, onParts }: XmlOptions,
): Promise<ReadLog> {
  const cases = new XesCases(file, builder, { ...xesColumns, ...columns });
  const ofObjects: XmlElement[] = [];
  for await (const parts of readXes(file, pieces)) {
    for (const part of parts) {
      if (isOfObjects(part)) ofObjects.push(part);
      else cases.add(part);
    }
    await onParts?.(parts);
  }
  if (ofObjects.length > 0) {
    addObjects(file, objectLogOfXml(ofObjects), { builder, type: columns.case });
    return { log: builder.build(), notes: [], format: "ocel" };
  }
  const { leftOut } = cases;
  const notes =
    leftOut > 0 ? [`${leftOut} events name no activity or stand in no trace and are left out.`] : [];
  return { log: builder.build(), notes, format: "xes" };
}

async function whole(pieces: AsyncIterable<string>): Promise<string> {
  const all: string[] = [];
  let chars = 0;
  for await (const piece of pieces) {
    chars += piece.length;
    if (chars > jsonCharsMax) throw new LogTooLarge("characters of JSON", jsonCharsMax);
    all.push(piece);
  }
  return all.join("").replace(/^\uFEFF/, "");
}

/** The text of a file, and its first sign that is no space. */
async function opened(file: string): Promise<{ pieces: AsyncIterable<string>; firstSign: string }> {
  const pieces = textOf(file, bytesOf(file));
  let first = "";
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
    first += next.value;
    if (first.trimStart() !== "") break;
  }
  const all = async function* () {
    yield first;
    yield* pieces;
  };
  return { pieces: all(), firstSign: first.trimStart().charAt(0) };
}

const gzipMagic = Buffer.from([0x1f, 0x8b]);
const pieceBytes = 65_536;

/** The bytes of a file, unpacked if it is packed. */
async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    const handle = await open(file);
    const { buffer } = await handle.read(Buffer.alloc(gzipMagic.length), 0, gzipMagic.length, 0);
    const raw = handle.createReadStream({ start: 0, highWaterMark: pieceBytes });
    const isPacked = buffer.equals(gzipMagic);
    const stream = isPacked ? pipeline(raw, createGunzip({ chunkSize: pieceBytes }), () => {}) : raw;
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > unpackedBytesMax) throw new LogTooLarge("bytes", unpackedBytesMax);
      yield piece;
    }
  } catch (error) {
    if (error instanceof FlyballError) throw error;
    throw new LogFileUnreadable(file, reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  return code === "EISDIR" ? "it is a folder" : messageOf(error);
}

/** The text of the bytes, in the encoding that they say they have; UTF-8 if they say nothing. */
async function* textOf(file: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let lines = 1;
  for await (const piece of bytes) {
    decoder ??= decoderOf(file, piece);
    const text = decoded(decoder, piece, { file, line: lines });
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines += 1;
    yield text;
  }
  if (decoder) yield decoded(decoder, new Uint8Array(), { file, line: lines, isLast: true });
}

function decoded(
  decoder: TextDecoder,
  piece: Uint8Array,
  { file, line, isLast = false }: { file: string; line: number; isLast?: boolean },
): string {
  try {
    return decoder.decode(piece, { stream: !isLast });
  } catch {
    throw new LogUnreadable(file, { line }, `from here on, a byte is no ${decoder.encoding.toUpperCase()}`);
  }
}

const headBytes = 256;

function decoderOf(file: string, first: Uint8Array): TextDecoder {
  const head = Buffer.from(first.subarray(0, headBytes)).toString("latin1");
  const marked = head.startsWith("\xff\xfe")
    ? "utf-16le"
    : head.startsWith("\xfe\xff")
      ? "utf-16be"
      : undefined;
  const label = marked ?? /^[^<]{0,3}<\?xml[^>]*\sencoding=["']([\w.:-]+)["']/.exec(head)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(label, { fatal: true });
  } catch {
    throw new LogUnreadable(file, { line: 1 }, `the encoding ${label} is not known; save the file as UTF-8`);
  }
}
