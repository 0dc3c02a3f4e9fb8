import { isJsonObject, type Json, type JsonObject } from "../../core/base/index.ts";
import { outputProblems } from "./output.ts";

/**
 * The expected answer of one step. An object may name steps, by path (`items[3].draft`) or by id
 * (`draft`); an object that names none is the answer itself only where the output schema describes it.
 * Anything but an object is the answer of every step that asks.
 */
export function expectedOf(
  expected: Json | undefined,
  path: string,
  output: JsonObject | undefined,
): Json | undefined {
  if (expected === undefined || !isJsonObject(expected)) return expected;
  const id = path.slice(path.lastIndexOf(".") + 1).replace(/\[\d+\]$/, "");
  for (const name of [path, id]) if (Object.hasOwn(expected, name)) return expected[name];
  return output && outputProblems(expected, output).length === 0 ? expected : undefined;
}
