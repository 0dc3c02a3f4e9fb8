import { z } from "zod";

/**
 * A strict object whose own keys may be written in snake_case (YAML) or camelCase (JSON). Only the keys
 * of this object: names that users choose, within a record, stay as they are.
 */
export function camelObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.preprocess(camelKeys, z.strictObject(shape));
}

function camelKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [camelCase(key), member]));
}

function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
