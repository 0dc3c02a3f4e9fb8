import { z } from "zod";
import type { Json, JsonObject } from "../core/base/index.ts";
import { isJsonObject } from "../core/base/index.ts";

// What the schemas of several resources are made of.

/**
 * Made when it is first asked for: what answers are like is for the description alone, and no start should
 * pay for it.
 */
export function once<Schema>(make: () => Schema): () => Schema {
  let made: Schema | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Parsed from text, so it is JSON as it is: a copy would lose members named `__proto__`. */
export const anyJson: z.ZodType<Json, Json> = z.custom<Json>((value) => value !== undefined);
export const jsonObject: z.ZodType<JsonObject, JsonObject> = z
  .custom<JsonObject>(isJsonObject, "expected an object")
  .meta({ type: "object" });

/** What another folder gives as it is: its type holds the answer, and the guide tells its members. */
export function told<T extends object>(description: string): z.ZodType<T, T> {
  return z
    .custom<T>((value) => typeof value === "object" && value !== null)
    .meta({ type: "object", description });
}

/** What was sent to a model; only the digest where the words are not kept. */
export const message = once(() =>
  z
    .object({
      role: z.string(),
      content: anyJson.optional(),
      digest: z.string().optional(),
      characters: z.int().optional(),
    })
    .meta({ id: "Message" }),
);

/** A moment, as every answer tells it. */
export const moment = z.iso.datetime();
export const day = z.iso.date("expected a day such as 2026-01-31");
export const share = z.number().min(0).max(1);
export const reason = z.string().max(2_000).optional();

export function list<Item extends z.ZodType>(item: Item) {
  return z.array(item).readonly();
}

/** One page; `nextCursor` is null on the last. */
export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: list(item), nextCursor: z.string().nullable() });
}

export function limit(byDefault: number, max: number) {
  return z.coerce.number().int().min(1).max(max).default(byDefault);
}

/** A problem document (RFC 9457): what every error is. */
export const problem = once(() =>
  z
    .object({
      title: z.string(),
      status: z.int(),
      code: z
        .string()
        .regex(/^[A-Z][A-Z0-9_]*$/)
        .describe("Stable; docs/reference/errors.md lists them."),
      detail: z.string(),
      exitCode: z.int().optional().describe("Of the command line: 2 for bad input, 3 for not possible now."),
      problems: list(anyJson).optional().describe("Each of several problems."),
    })
    .meta({ id: "Problem" }),
);

/** An event of the journal. */
export const journalEvent = once(() =>
  z
    .object({
      position: z.int(),
      stream: z.string(),
      seq: z.int(),
      type: z.string(),
      at: z.int(),
      actor: z.string(),
      data: jsonObject.nullable(),
      prev: z.string(),
      hash: z.string(),
      salt: z.string().nullable(),
      digest: z.string().nullable(),
    })
    .meta({ id: "Event" }),
);
