import { hash, randomFillSync } from "node:crypto";

/** Chance as an argument: a simulation replays from a seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

export const systemRandom: Random = { next: () => Math.random() };

/** A seeded generator (mulberry32): the same seed, the same numbers, on every machine. */
export function seededRandom(seed: number | string): Random {
  let state = typeof seed === "number" ? seed >>> 0 : seedOf(seed);
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    },
  };
}

/** A 32-bit seed from a text, for example `run/path/attempt`. */
function seedOf(text: string): number {
  return sha256Bytes(text).readUInt32LE(0);
}

/** SHA-256 of a text or of bytes, as 64 hexadecimal digits. */
export function sha256(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** SHA-256 as a string of 32 characters, one a byte: half the time of asking for a buffer. */
export function sha256Latin1(data: string | Uint8Array): string {
  return hash("sha256", data, "latin1");
}

/** SHA-256 of a text or of bytes, as 32 bytes. */
export function sha256Bytes(data: string | Uint8Array): Buffer {
  return Buffer.from(sha256Latin1(data), "latin1");
}

const poolBytes = 16_384;
let pool = Buffer.alloc(0);
let poolUsed = poolBytes;

/** Bytes that cannot be guessed, drawn from a pool: a system call for each would cost more than a hash. */
export function randomBytes(length: number): Buffer {
  if (poolUsed + length > poolBytes) {
    pool = randomFillSync(Buffer.allocUnsafeSlow(Math.max(poolBytes, length)));
    poolUsed = 0;
  }
  poolUsed += length;
  return pool.subarray(poolUsed - length, poolUsed);
}
