import { derivedId, type Json } from "../base/index.ts";
import type { Arms, EarlyEnd, FinalStatus, RunEvent, StepWaited, Undone } from "./events.ts";
import { childEndId, type Record } from "./record.ts";
import type { Run } from "./run.ts";
import type { ControlStore } from "./store.ts";

/** How a run ends, before its cost is known. */
export type RunEnd = { readonly status: "completed"; readonly output: Json } | EarlyEnd;

/** Records the end and what follows from it: open reviews are withdrawn, children cancelled, the parent told. */
export function recordEnd(run: Run, end: RunEnd, record: Record, control: ControlStore): void {
  for (const step of run.active.values()) step.attempt?.abort(end.status);
  // Where it was undone, its command left the inbox when that began.
  const { costUsd, undone, started } = run;
  record.add(endEvent(run.undoing ? withoutCommand(end) : end, { costUsd, undone, arms: started.arms }));
  for (const { wait } of run.active.values())
    if (wait) giveUpWait(wait, `the run was ${end.status}`, record, control);
  if (run.started.parent) tellParent({ child: run.id, parent: run.started.parent }, end, record);
  run.status = end.status;
}

/** Nobody will take the answer any more: an open review is withdrawn, a child under way is cancelled. */
export function giveUpWait(
  wait: StepWaited["wait"],
  reason: string,
  record: Record,
  control: ControlStore,
): void {
  const { for: what, key } = wait;
  if (!key) return;
  // A review or child without a row is asked or started in this very commit.
  if (what === "review" && (control.review(key)?.status ?? "open") === "open")
    record.other(`review/${key}`, null, "review.withdrawn", { reason });
  if (what === "child" && (control.run(key)?.endedAt ?? null) === null)
    record.command(key, derivedId("cancel", key), {
      kind: "cancel",
      by: "engine",
      reason: `its parent stopped waiting: ${reason}`,
    });
}

export function tellParent(ids: { child: string; parent: string }, end: RunEnd, record: Record): void {
  const { child, parent } = ids;
  const status: FinalStatus = end.status;
  const output = end.status === "completed" ? end.output : null;
  const error = end.status === "failed" ? { error: end.error } : {};
  record.command(parent, childEndId(child), { kind: "child", child, status, output, ...error });
}

function withoutCommand(end: RunEnd): RunEnd {
  if (!("command" in end)) return end;
  const { command: _, ...others } = end;
  return others;
}

/** What is told of every run that ends. */
interface Ending {
  readonly costUsd: number;
  /** What was taken back before, and what was not. */
  readonly undone: Undone | undefined;
  readonly arms: Arms | undefined;
}

export function endEvent(end: RunEnd, { costUsd, undone, arms }: Ending): RunEvent {
  const inRollouts = arms ? { arms } : undefined;
  if (end.status === "completed")
    return { type: "run.completed", data: { output: end.output, costUsd, ...inRollouts } };
  const { status, ...how } = end;
  const data = { ...how, costUsd, ...undone, ...inRollouts };
  // Each status has the data of its own event; that they belong together is lost when they are taken apart.
  return { type: `run.${status}`, data } as RunEvent;
}
