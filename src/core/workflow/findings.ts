import type { Json } from "../base/index.ts";
import { nearestName } from "../base/index.ts";
import type { Path } from "./spelling.ts";

/** One thing wrong with the part of a source at a path, not yet told where that is in the file. */
export interface Finding {
  readonly path: Path;
  /** What follows the name of the thing at the path: `unknown field`, `is part of the format …`. */
  readonly message: string;
  readonly at?: "key" | "value";
  /** The value is of another type than was expected. */
  readonly isType?: boolean;
  /** The known key that an unknown one was probably meant to be. */
  readonly meant?: string;
}

/** The known name that was probably meant. One letter is near to every other, so short names have none. */
export function nearestKnown(name: string, known: Iterable<string>): string | undefined {
  const isWorthIt = name.length >= 3 && name.length <= 100;
  const nearest = isWorthIt ? nearestName(name, known) : undefined;
  return nearest === name ? undefined : nearest;
}

/** ``; did you mean `x`?``, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestKnown(name, known);
  return nearest === undefined ? "" : `; did you mean \`${nearest}\`?`;
}

/** A value in a message, short: `text "three"`, `a list`, `true`. */
export function foundText(value: Json | undefined): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string")
    return `text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 39)}…` : value)}`;
  if (Array.isArray(value) && value.length === 0) return "an empty list";
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "a mapping";
  return String(value);
}

/** `a`, `a or b`, `a, b or c`. */
export function either(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
