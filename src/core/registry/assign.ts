import { FlyballError, type Json, type JsonObject, sha256Bytes } from "../base/index.ts";
import { parseTemplate, type Scope } from "../workflow/index.ts";
import { RolloutInvalid } from "./errors.ts";
import type { Arm } from "./store.ts";

/** What is known of a run before it starts. */
export interface RunToCome {
  readonly id: string;
  readonly workflow: string;
  readonly input: Json;
  readonly tags: JsonObject;
}

/** The same key is always on the same side, and a larger share takes nobody back. */
export function isChosen(rollout: { readonly id: string; readonly share: number }, key: string): boolean {
  return sha256Bytes(`${rollout.id}\n${key}`).readUIntBE(0, 6) / 2 ** 48 < rollout.share;
}

export function armOf(rollout: { readonly id: string; readonly share: number }, key: string): Arm {
  return isChosen(rollout, key) ? "to" : "from";
}

/** By what runs are told apart: the value of the expression, or each run for itself where it has none. */
export function keyOf(expression: string | null, run: RunToCome): string {
  if (expression === null) return run.id;
  try {
    const value = parseTemplate(expression).evaluate(scopeOf(run));
    if (value !== null && value !== "") return typeof value === "string" ? value : JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof FlyballError)) throw error;
  }
  return run.id;
}

function scopeOf({ id, workflow, input, tags }: RunToCome): Scope {
  return {
    get: (name) => (name === "input" ? input : name === "run" ? { id, workflow, tags } : undefined),
  };
}

/** `{{ run.tags.tenant }}`, or `input.customer` for short. Throws `RolloutInvalid`. */
export function keyExpression(written: string): string {
  const expression = written.includes("{{") ? written : `{{ ${written} }}`;
  try {
    const roots = parseTemplate(expression).references.map(({ path }) => String(path[0]));
    const unknown = roots.find((root) => root !== "input" && root !== "run");
    if (unknown === undefined) return expression;
    throw new RolloutInvalid(`by: there is no \`${unknown}\` before a run; expected input or run`);
  } catch (error) {
    if (error instanceof RolloutInvalid || !(error instanceof FlyballError)) throw error;
    throw new RolloutInvalid(`by: ${error.message}`);
  }
}
