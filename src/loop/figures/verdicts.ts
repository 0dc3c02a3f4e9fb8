import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json } from "../../core/base/index.ts";
import type { RunView, StepView } from "../../core/executor/index.ts";

/** Where effects are simulated, a person would have been asked. */
export function byPerson(step: StepView): boolean {
  if (step.kind !== "human_review") return false;
  const { decision, simulated } = step.result ?? {};
  return (
    step.status === "waiting" || (step.status === "completed" && (decision !== "auto" || simulated === true))
  );
}

/**
 * `expected` is held against the output: an object member by member, of the output or, where the output
 * has none of that name, of the step of that name; any other value against the whole output.
 */
export function verdicts(view: RunView): [string, boolean][] {
  const expected = view.started?.expected;
  if (expected === undefined) return [];
  if (!isJsonObject(expected))
    return view.status === "completed" ? [["output", isRight(view.output, expected)]] : [];
  return Object.entries(expected).flatMap(([name, value]): [string, boolean][] => {
    const answer = answerOf(view, name);
    return answer === undefined ? [] : [[name, isRight(answer, value)]];
  });
}

function answerOf(view: RunView, name: string): Json | undefined {
  if (isJsonObject(view.output) && Object.hasOwn(view.output, name)) return view.output[name];
  return view.steps.find((step) => step.path === name && step.status === "completed")?.result?.value;
}

/** A table's cell knows only text: `"4"` stands for the number too. */
function isRight(answer: Json, expected: Json): boolean {
  if (typeof expected === "string" && typeof answer !== "string") return JSON.stringify(answer) === expected;
  return isDeepStrictEqual(plain(answer), plain(expected));
}

/** `isDeepStrictEqual` minds prototypes; data has none worth minding. */
function plain(value: Json): Json {
  return typeof value === "object" ? JSON.parse(JSON.stringify(value)) : value;
}
