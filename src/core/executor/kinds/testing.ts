import { type Json, type JsonObject, ManualClock, seededRandom } from "../../base/index.ts";
import type { StepContext } from "../../workflow/index.ts";

/** What a kind is given, for its tests: run `run-1`, step `step`, a clock that stands at 2026-01-01. */
export function testContext(parts: Partial<StepContext> = {}): StepContext {
  return {
    runId: "run-1",
    workflow: "test",
    path: "step",
    key: "run-1/step",
    attempt: 1,
    tags: {},
    effects: "live",
    waitKey: null,
    use: () => {},
    signal: new AbortController().signal,
    clock: new ManualClock(),
    random: seededRandom(1),
    expected: undefined,
    asset: (kind, name) => ({ kind, name, digest: "", content: null }),
    evaluate: (expression: string, _locals: JsonObject): Json => expression,
    ...parts,
  };
}
