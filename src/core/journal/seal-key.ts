import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolderDurably, writeDurably } from "./durable.ts";
import { newSealKey, type SealKey, sealKeyOf } from "./seal.ts";

/** The key that signs a data folder's seals; made once, readable by its owner alone. */
export function sealKeyIn(home: string): SealKey {
  const file = join(home, "keys", "seal.pem");
  if (existsSync(file)) return sealKeyOf(readFileSync(file, "utf8"));
  makeFolderDurably(join(home, "keys"));
  const key = newSealKey();
  writeDurably(
    join(home, "keys", "seal.pub.pem"),
    Buffer.from(key.publicKey.export({ type: "spki", format: "pem" })),
    0o644,
  );
  // Last: whoever finds it takes the other one to be there.
  writeDurably(file, Buffer.from(key.privateKey.export({ type: "pkcs8", format: "pem" })));
  return key;
}
