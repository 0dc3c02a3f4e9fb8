import { FlyballError, type JsonObject } from "../base/index.ts";
import { parseTemplate, type Template } from "./expressions/index.ts";
import type { StepKind } from "./kind.ts";
import { type Path, textsOf } from "./spelling.ts";

/** A text of a step's config that is read as an expression or template. */
export interface ConfigText {
  readonly text: string;
  readonly path: Path;
  /** What the kind adds to the scope when it evaluates the text itself. */
  readonly locals: readonly string[];
}

/** Every text of a config but those of its raw fields. */
export function* configTexts(config: JsonObject, kind: StepKind): Generator<ConfigText> {
  for (const [field, value] of Object.entries(config)) {
    if (kind.raw?.includes(field)) continue;
    const locals = (kind.lazy && Object.hasOwn(kind.lazy, field) ? kind.lazy[field] : undefined) ?? [];
    for (const { text, path } of textsOf(value, [field])) yield { text, path, locals };
  }
}

/** Whether a text has a tag of the expression language in it; most texts have none. */
export function hasTags(text: string): boolean {
  return /\{[{%#]/.test(text);
}

/** A text as a template, or why it is none. */
export function readTemplate(text: string): Template | FlyballError {
  try {
    return parseTemplate(text);
  } catch (error) {
    if (error instanceof FlyballError) return error;
    throw error;
  }
}
