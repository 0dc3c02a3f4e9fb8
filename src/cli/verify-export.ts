import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import {
  type EventRow,
  type JournalEvent,
  publicKeyOf,
  type Seal,
  type Subtree,
  type Verification,
  Verifier,
} from "../core/journal/index.ts";
import { readText } from "../project/index.ts";
import { CommandRefused } from "./io.ts";

type Line =
  | JournalEvent
  | { readonly seal: Seal; readonly publicKey: string }
  | { readonly pruned: { readonly from: number; readonly to: number; readonly root: string } };

/** Checks an exported journal with nothing but the file and, better, a public key that came another way. */
export async function verifyExport(
  file: string,
  options: { publicKey?: string; head?: string },
): Promise<Verification> {
  readText(file);
  const seals: Seal[] = [];
  const pruned: Subtree[] = [];
  let publicKey: string | undefined = options.publicKey ? readText(options.publicKey) : undefined;
  for await (const line of linesOf(file))
    if ("seal" in line) {
      seals.push(line.seal);
      publicKey ??= line.publicKey;
    } else if ("pruned" in line) pruned.push({ ...line.pruned, root: Buffer.from(line.pruned.root, "hex") });
  if (!publicKey)
    throw new CommandRefused(`${file} holds no seals; export the whole journal, or give --public-key.`);
  const verifier = new Verifier({ seals, pruned, publicKey: keyOf(publicKey), blob: () => undefined });
  for await (const line of linesOf(file)) if ("stream" in line) verifier.check(rowOf(line));
  return verifier.finish(options.head ? { head: headOf(options.head) } : {});
}

/** Whether a journal still contains a head that was exported earlier. */
export function checkHead(
  result: Verification,
  seals: readonly Seal[],
  file: string,
  publicKeyFile: string | undefined,
): Verification {
  const head = headOf(file);
  const publicKey = publicKeyFile ? readText(publicKeyFile) : head.publicKey;
  const verifier = new Verifier({ seals, pruned: [], publicKey: keyOf(publicKey), blob: () => undefined });
  const { firstBad } = verifier.checkSeals(head);
  return firstBad ? { ...result, ok: false, firstBad } : result;
}

async function* linesOf(file: string): AsyncGenerator<Line> {
  let number = 0;
  for await (const text of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number += 1;
    if (text === "") continue;
    try {
      yield JSON.parse(text) as Line;
    } catch {
      throw new CommandRefused(`${file}:${number}: this line is not JSON; is it an exported journal?`);
    }
  }
}

/** The body is hashed as the text that the journal wrote, which is what `JSON.stringify` makes of its data. */
function rowOf(event: JournalEvent): EventRow {
  const { position, stream, seq, type, at, actor } = event;
  return {
    position,
    stream,
    seq,
    type,
    at,
    actor,
    salt: event.salt === null ? null : Buffer.from(event.salt, "hex"),
    body: event.data === null ? null : JSON.stringify(event.data),
    digest: event.digest === null ? null : Buffer.from(event.digest, "hex"),
    hash: Buffer.from(event.hash, "hex"),
  };
}

function headOf(file: string): Seal & { readonly publicKey: string } {
  const value: unknown = JSON.parse(readText(file));
  if (typeof value !== "object" || value === null || !("signature" in value))
    throw new CommandRefused(`${file} is no exported head.`);
  return value as Seal & { publicKey: string };
}

function keyOf(pem: string) {
  try {
    return publicKeyOf(pem);
  } catch {
    throw new CommandRefused("The public key is no PEM text of an Ed25519 key.");
  }
}
