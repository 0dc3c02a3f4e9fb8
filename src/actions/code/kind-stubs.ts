import { z } from "zod";
import { AssertionFailed } from "../../core/base/index.ts";
import type { KindRegistry, StepKind } from "../../core/workflow/index.ts";

/** The engine's kinds as a flow in a host sees them: it may name them, and the engine executes them. */
export function kindStubs(kinds: Readonly<Record<string, boolean>>): KindRegistry {
  return new Map(Object.entries(kinds).map(([name, callsOut]) => [name, stub(name, callsOut)]));
}

function stub(name: string, callsOut: boolean): StepKind {
  return {
    name,
    summary: "",
    config: z.unknown(),
    fields: [],
    callsOut,
    effect: () => "write",
    execute() {
      throw new AssertionFailed(`a step of kind ${name} is executed by the engine`);
    },
  };
}
