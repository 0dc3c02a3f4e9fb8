import { z } from "zod";
import { InvalidText } from "../../core/base/index.ts";

/** A unit as people write it, in base units afterwards. */
export function inUnits<T>(parse: (text: string | number) => T, expected: string) {
  return z.union([z.string(), z.number()]).transform((written, context) => {
    try {
      return parse(written);
    } catch (error) {
      if (!(error instanceof InvalidText)) throw error;
      context.addIssue({ code: "custom", message: `expected ${expected}` });
      return z.NEVER;
    }
  });
}
