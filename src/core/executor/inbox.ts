import type { Journal } from "../journal/index.ts";
import type { Woken } from "../workflow/index.ts";
import type { RunEnd } from "./end.ts";
import { type Command, commandsNeedingPlace } from "./events.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Record } from "./record.ts";
import { type Run, resumeFailed } from "./run.ts";
import type { ControlStore, InboxRow } from "./store.ts";

/** What commands ask of the run as a whole. */
export interface Taken {
  readonly end?: RunEnd;
  /** To be paused, once what is under way has ended. */
  readonly pause?: { readonly by: string; readonly comment: string | null; readonly command: string };
}

/**
 * Takes what came from outside into the run, in the order in which it came. What would make a step go on
 * stays in the inbox of a run that has no place to work.
 */
export function takeCommands(
  run: Run,
  control: ControlStore,
  record: Record,
  { mailbox, isPlaced, ...before }: Taken & { readonly mailbox: Mailbox; readonly isPlaced: boolean },
): Taken {
  let taken: Taken = before;
  for (const row of control.inbox(run.id)) {
    const { id, command } = row;
    if (run.inHand.has(id) || (!isPlaced && needsPlace(run, command.kind))) continue;
    run.inHand.add(id);
    if (run.undoing && command.kind !== "signal") takeWhileUndoing(run, row, record);
    else if (command.kind === "cancel")
      return { ...taken, end: { status: "cancelled", by: command.by, reason: command.reason, command: id } };
    else if (command.kind === "pause") taken = takePause(run, taken, row, record);
    else if (command.kind === "resume" && taken.pause) taken = takeBack(taken.pause.command, id, record);
    else takeCommand(run, row, record, mailbox);
  }
  return taken;
}

/** A signal wakes a run that waits, so there it is not taken in before the run can go on. */
function needsPlace({ status }: Run, kind: Command["kind"]): boolean {
  return commandsNeedingPlace.has(kind) || (kind === "signal" && status === "waiting");
}

/** It is resumed before it came to be paused. */
function takeBack(pause: string, resume: string, record: Record): Taken {
  dismiss(pause, "it was resumed at once", record);
  dismiss(resume, "it was not paused yet", record);
  return {};
}

/** What undoing asks can be answered; it can neither be paused nor broken off. */
function takeWhileUndoing(run: Run, { id, command }: InboxRow, record: Record): void {
  if (command.kind === "decision")
    takeAnswer(run, id, command.review, { by: "review", decision: command.decision }, record);
  else if (command.kind === "child") takeChild(run, id, command, record);
  else dismiss(id, "the run is being undone", record);
}

function takePause(run: Run, taken: Taken, { id, command }: InboxRow, record: Record): Taken {
  if (command.kind === "pause" && run.status !== "paused" && !taken.pause)
    return { ...taken, pause: { by: command.by, comment: command.reason, command: id } };
  dismiss(id, "the run is paused already", record);
  return taken;
}

function takeCommand(run: Run, { id, command }: InboxRow, record: Record, mailbox: Mailbox): void {
  switch (command.kind) {
    case "signal":
      run.signals.push({ command: id, event: command.event, data: command.data });
      run.waits += 1;
      return record.add({
        type: "run.signalled",
        data: { event: command.event, data: command.data, command: id },
      });
    case "resume":
      return takeResume(run, id, command, record, mailbox);
    case "decision":
      return takeAnswer(run, id, command.review, { by: "review", decision: command.decision }, record);
    case "child":
      return takeChild(run, id, command, record);
  }
}

function takeChild(
  run: Run,
  id: string,
  { child, status, output, error }: Extract<Command, { kind: "child" }>,
  record: Record,
): void {
  takeAnswer(run, id, child, { by: "child", status, output, ...(error ? { error } : {}) }, record);
}

function takeAnswer(run: Run, id: string, key: string, by: Woken, record: Record): void {
  const step = [...run.active.values()].find(
    (active) => active.phase === "waiting" && active.wait?.key === key,
  );
  if (!step) return dismiss(id, "no step waits for it", record);
  step.woken = by;
  step.command = id;
  step.phase = "ready";
}

function takeResume(
  run: Run,
  id: string,
  command: Extract<Command, { kind: "resume" }>,
  record: Record,
  mailbox: Mailbox,
): void {
  const failed = [...run.active.values()].filter((step) => step.phase === "failed");
  if (run.status !== "paused") return dismiss(id, "the run is not paused", record);
  record.add({ type: "run.resumed", data: { command: id } });
  resumeFailed(run);
  if (!command.skip) return;
  for (const step of failed) {
    step.phase = "executing";
    mailbox.put({ type: "skip", step, value: command.skip.value, by: command.by, command: id });
  }
}

export function dismiss(id: string, reason: string, record: Record): void {
  record.other(`command/${id}`, null, "command.dismissed", { reason });
}

/** Commands for a run that has ended come too late; they must not stay in the inbox. */
export async function dismissAll(
  run: string,
  { journal, control }: { readonly journal: Journal; readonly control: ControlStore },
): Promise<void> {
  const late = control.inbox(run).map((row) => ({
    stream: `command/${row.id}`,
    expectedSeq: null,
    actor: "engine",
    events: [{ type: "command.dismissed", data: { reason: "the run has ended" } }],
  }));
  if (late.length > 0) await journal.append(late);
}
