import { InvalidText, type Json } from "../../base/index.ts";

/** A text that may stand for itself only: an expression in it would be known first while running. */
export function isExpression(text: unknown): boolean {
  return typeof text === "string" && /\{[{%#]/.test(text);
}

/** The name of an event, as `wait` and `emit` share it; it becomes part of a stream's name. */
export function eventName(value: Json | undefined): string {
  if (typeof value === "string" && /^[A-Za-z0-9][\w.:@/-]{0,199}$/.test(value)) return value;
  throw new InvalidText(
    String(value ?? ""),
    "the name of an event: a letter or digit, then up to 199 letters, digits and . _ : @ / -",
  );
}
