import type { RunStarted } from "./events.ts";
import type { ExecutorOptions } from "./executor.ts";
import { Interpreter } from "./interpreter.ts";
import type { Program } from "./program.ts";
import type { Release } from "./release.ts";
import { rootScope, secretsOf } from "./scope.ts";

export interface OpenedRun {
  readonly id: string;
  readonly started: RunStarted;
  readonly startedAt: number;
}

/** What walks through a run's definition: the interpreter of its document, or its code. */
export function programOf(
  { flowProgram, control }: Pick<ExecutorOptions, "flowProgram" | "control">,
  release: Release,
  run: OpenedRun,
): Program {
  const { definition } = release;
  if (definition.type === "flow") return flowProgram(definition, run);
  const { id, started, startedAt } = run;
  const recordedAt = () => control.run(id)?.startedAt ?? startedAt;
  const { workflow } = definition;
  return new Interpreter(workflow, rootScope(id, started, recordedAt, secretsOf(workflow)));
}
