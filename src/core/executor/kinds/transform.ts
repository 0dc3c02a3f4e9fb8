import { z } from "zod";
import type { StepKind } from "../../workflow/index.ts";

/** `transform: { value }`: its value is the evaluated expression. The cheapest step there is, without a promise. */
export const transform: StepKind = {
  name: "transform",
  summary: "Makes a value out of earlier ones.",
  config: z.strictObject({ value: z.unknown() }),
  fields: [],
  callsOut: false,
  effect: () => "none",
  execute: (config) => ({ result: { value: config.value ?? null } }),
};
