import { z } from "zod";
import type { Json } from "../../core/base/index.ts";
import type { StepContext, StepKind } from "../../core/workflow/index.ts";

/** A piece of a flow's own code, executed where the code lives. */
export function pieceKind(execute: (context: StepContext) => Promise<Json>): StepKind {
  return {
    name: "code",
    summary: "A piece of a flow's own code.",
    config: z.object({ key: z.string() }),
    fields: [],
    callsOut: false,
    runsUserCode: true,
    effect: () => "write",
    execute: async (_config, context) => ({ result: { value: await execute(context) } }),
  };
}
