import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { assert } from "../base/index.ts";
import { sealHash, zeroHash } from "./encoding.ts";
import type { Seal } from "./journal.ts";
import { leafOf, treeOf } from "./merkle.ts";

/** Signs seals. Whoever has the public key can check a journal's head without the data folder. */
export interface SealKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function newSealKey(): SealKey {
  return generateKeyPairSync("ed25519");
}

/** A key from its PEM text (PKCS #8). */
export function sealKeyOf(privatePem: string): SealKey {
  const privateKey = createPrivateKey(privatePem);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

export function publicKeyOf(publicPem: string): KeyObject {
  return createPublicKey(publicPem);
}

export function makeSeal(
  key: SealKey,
  last: Seal | undefined,
  range: {
    readonly at: number;
    readonly from: number;
    readonly to: number;
    /** The events of the range, all of them, in order. */
    readonly events: readonly { readonly position: number; readonly hash: Uint8Array }[];
  },
): Seal {
  const tree = treeOf(range, range.events.map(leafOf));
  assert(tree, `the events from ${range.from} to ${range.to} have gaps and cannot be sealed`);
  const body = {
    index: (last?.index ?? 0) + 1,
    from: range.from,
    to: range.to,
    root: Buffer.from(tree.root).toString("hex"),
    prev: last?.hash ?? Buffer.from(zeroHash).toString("hex"),
    at: range.at,
  };
  const hash = sealHash(body);
  return {
    ...body,
    hash: hash.toString("hex"),
    signature: sign(null, hash, key.privateKey).toString("base64"),
  };
}

/** Why a seal does not follow from the one before it, or undefined when it does. */
export function sealProblem(seal: Seal, last: Seal | undefined, publicKey: KeyObject): string | undefined {
  if (seal.index !== (last?.index ?? 0) + 1) return `seal ${seal.index} is out of order`;
  if (seal.from !== (last?.to ?? 0) + 1)
    return `seal ${seal.index} does not start where the one before it ends`;
  if (seal.prev !== (last?.hash ?? Buffer.from(zeroHash).toString("hex")))
    return `seal ${seal.index} names another predecessor`;
  const hash = sealHash(seal);
  if (hash.toString("hex") !== seal.hash) return `seal ${seal.index} was changed`;
  if (!verify(null, hash, publicKey, Buffer.from(seal.signature, "base64")))
    return `the signature of seal ${seal.index} is wrong`;
  return undefined;
}
