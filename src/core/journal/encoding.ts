import { sha256Bytes, sha256Latin1 } from "../base/index.ts";

// What stands under a hash
// ========================
// Every field is preceded by its length, numbers have a fixed width, and each message starts with its
// own name, so no two different events (or an event and a seal) share an encoding.
//
//   digest = SHA-256( salt ‖ body )                                  body: the stored JSON text, UTF-8
//   hash   = SHA-256( "flyball.event.1" ‖ prev ‖ position ‖ seq ‖ at ‖ digest ‖ len·stream ‖ len·type ‖ len·actor )
//
// The body is hashed as the bytes that are stored, never encoded again for the check. Erasing body and
// salt leaves the digest: the chain still verifies and there is nothing to guess from.

const eventTag = Buffer.from("flyball.event.1", "ascii");
const sealTag = Buffer.from("flyball.seal.1", "ascii");

export const zeroHash: Uint8Array = new Uint8Array(32);
export const saltBytes = 16;

const headerFixedBytes = eventTag.length + 32 + 3 * 8 + 32 + 3 * 4;
let scratch = Buffer.allocUnsafe(4_096);

function scratchOf(bytes: number): Buffer {
  if (scratch.length < bytes) scratch = Buffer.allocUnsafe(bytes * 2);
  return scratch;
}

/** Digest of a body under its salt: 32 bytes. */
export function bodyDigest(salt: Uint8Array, body: string): Buffer {
  return Buffer.from(bodyDigestLatin1(salt, body), "latin1");
}

/** The same as a string of 32 characters, which the writer puts under the event's hash without a buffer between. */
export function bodyDigestLatin1(salt: Uint8Array, body: string): string {
  const buffer = scratchOf(saltBytes + body.length * 3);
  buffer.set(salt, 0);
  return sha256Latin1(buffer.subarray(0, saltBytes + buffer.write(body, saltBytes, "utf8")));
}

export interface HashedHeader {
  /** Under the hash, so that events of different streams cannot change places before a seal covers them. */
  readonly position: number;
  readonly stream: string;
  readonly seq: number;
  readonly type: string;
  readonly at: number;
  readonly actor: string;
}

/** Hash of an event: 32 bytes. `prev` is the hash of the event before it in its stream; the digest may be latin1. */
export function eventHash(prev: Uint8Array, header: HashedHeader, digest: Uint8Array | string): Buffer {
  const { stream, type, actor } = header;
  const buffer = scratchOf(headerFixedBytes + 3 * (stream.length + type.length + actor.length));
  let end = eventTag.copy(buffer, 0);
  buffer.set(prev, end);
  end = writeInteger(buffer, header.position, end + 32);
  end = writeInteger(buffer, header.seq, end);
  end = writeInteger(buffer, header.at, end);
  if (typeof digest === "string") buffer.write(digest, end, "latin1");
  else buffer.set(digest, end);
  end = writeText(buffer, stream, end + 32);
  end = writeText(buffer, type, end);
  end = writeText(buffer, actor, end);
  return sha256Bytes(buffer.subarray(0, end));
}

function writeText(buffer: Buffer, text: string, at: number): number {
  const bytes = buffer.write(text, at + 4, "utf8");
  buffer.writeUInt32BE(bytes, at);
  return at + 4 + bytes;
}

/** A whole number below 2^53 in 8 bytes, without a detour over bigint. */
function writeInteger(buffer: Buffer, value: number, at: number): number {
  buffer.writeUInt32BE(Math.floor(value / 0x100000000), at);
  return buffer.writeUInt32BE(value >>> 0, at + 4);
}

/** Hash of a seal: 32 bytes over its range, root and the seal before it. */
export function sealHash(seal: {
  index: number;
  from: number;
  to: number;
  root: string;
  prev: string;
  at: number;
}): Buffer {
  const numbers = Buffer.alloc(32);
  [seal.index, seal.from, seal.to, seal.at].reduce((at, value) => writeInteger(numbers, value, at), 0);
  return sha256Bytes(
    Buffer.concat([sealTag, Buffer.from(seal.prev, "hex"), numbers, Buffer.from(seal.root, "hex")]),
  );
}
