import { createTwoFilesPatch } from "diff";
import { stringify } from "yaml";
import type { Json } from "../../core/base/index.ts";
import type { Registry } from "../../core/registry/index.ts";
import { placeOf, type WrittenAsset } from "../../project/index.ts";

/** A version as it was written, and where; of one that came without a text, its content as YAML. */
export async function textOf(
  registry: Registry,
  line: string,
  digest: string,
): Promise<{ readonly text: string; readonly file: string | null }> {
  for (const { type, data } of await registry.history(line))
    if (type === "version.added" && data?.digest === digest && typeof data.text === "string")
      return { text: data.text, file: typeof data.file === "string" ? data.file : null };
  return { text: stringify(await registry.contentOf(digest)), file: null };
}

/** The asset that a request means: its text, or the same as JSON. */
export function writtenOf(request: {
  readonly kind: string;
  readonly name: string;
  readonly text?: string | undefined;
  readonly content?: Json | undefined;
  readonly file?: string | undefined;
}): WrittenAsset {
  const { kind, name, text, content = null, file = placeOf(kind, name) } = request;
  if (text !== undefined) return { kind, name, text, file };
  return { kind, name, text: typeof content === "string" ? content : stringify(content), file };
}

interface Side {
  readonly digest: string;
  readonly text: string;
  readonly file: string | null;
}

/** A unified diff; empty when the texts are the same. */
export function textDiff(line: string, from: Side, to: Side): string {
  if (from.text === to.text) return "";
  const nameOf = ({ file, digest }: Side) => `${file ?? line} ${digest.slice(0, 12)}`;
  return createTwoFilesPatch(nameOf(from), nameOf(to), from.text, to.text);
}
