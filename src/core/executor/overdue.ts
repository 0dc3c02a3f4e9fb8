import type { Clock } from "../base/index.ts";
import type { Executor } from "./executor.ts";
import { wakeBatch } from "./limits.ts";
import type { ControlStore } from "./store.ts";

/** A run that has been due for so long although it could have been taken up; undefined where all is well. */
export function overdueRun(
  deps: { readonly executor: Executor; readonly control: ControlStore; readonly clock: Clock },
  lateMs: number,
): string | undefined {
  const { executor, control, clock } = deps;
  const late = clock.now() - lateMs;
  return control.wakeable(late, wakeBatch, executor.exceptions).find((id) => {
    const { dueAt = null, expiresAt = null } = control.run(id) ?? {};
    return (dueAt !== null && dueAt <= late) || (expiresAt !== null && expiresAt <= late);
  });
}
