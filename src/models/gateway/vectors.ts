/** A vector as the journal keeps it and as OpenAI sends it: base64 of little-endian 32-bit floats. */
export function packVector(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}

export function unpackVector(packed: string): number[] {
  const bytes = Buffer.from(packed, "base64");
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
