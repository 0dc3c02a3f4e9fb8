import { isJsonObject, type JsonObject } from "../base/index.ts";

/**
 * Why something else had to do, by what `step.completed` says: the step had another one in its place, or
 * another model of its route answered.
 */
export function fallbackReasons(data: JsonObject | null): readonly string[] {
  if (isJsonObject(data?.fallbackFor)) return [String(data.fallbackFor.code)];
  const route = isJsonObject(data?.trace) ? data.trace.route : undefined;
  if (!isJsonObject(route) || !String(route.reason).includes("fallback")) return [];
  const reasons = String(route.reason).split("; ");
  return reasons.includes("fallback")
    ? [String(reasons[0]).replace(/: confidence .*/, ": low confidence")]
    : [];
}
