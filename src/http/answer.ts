import type { Context } from "hono";
import { jsonSliceCharacters, Pace } from "../core/base/index.ts";

/**
 * A document that may be long, as a run is with all that its steps gave: written member by member and item
 * by item, with a turn for others now and then.
 */
export async function answerInParts(
  context: Context,
  document: Readonly<Record<string, unknown>>,
  status: 200 | 201 | 202 = 200,
): Promise<Response> {
  const pace = new Pace(jsonSliceCharacters);
  const members: string[] = [];
  for (const [name, value] of Object.entries(document)) {
    const text = Array.isArray(value) ? await listText(value, pace) : await valueText(value, pace);
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`);
  }
  context.header("content-type", "application/json");
  return context.body(`{${members.join()}}`, status);
}

async function listText(list: readonly unknown[], pace: Pace): Promise<string> {
  const items: string[] = [];
  for (const item of list) items.push((await valueText(item, pace)) ?? "null");
  return `[${items.join()}]`;
}

/** Undefined for what JSON leaves out. */
async function valueText(value: unknown, pace: Pace): Promise<string | undefined> {
  const text: string | undefined = JSON.stringify(value);
  await pace.after(text?.length ?? 0);
  return text;
}
