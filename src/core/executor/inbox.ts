import type { Woken } from "../workflow/index.ts";
import type { RunEnd } from "./end.ts";
import type { Command } from "./events.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Record } from "./record.ts";
import { type Run, resumeFailed } from "./run.ts";
import type { ControlStore, InboxRow } from "./store.ts";

/** Takes what came from outside into the run, in the order in which it came. Returns the end that it asks for. */
export function takeCommands(
  run: Run,
  control: ControlStore,
  record: Record,
  mailbox: Mailbox,
): RunEnd | undefined {
  for (const row of control.inbox(run.id)) {
    if (run.inHand.has(row.id)) continue;
    run.inHand.add(row.id);
    if (row.command.kind === "cancel") {
      const { by, reason } = row.command;
      return { status: "cancelled", by, reason, command: row.id };
    }
    takeCommand(run, row, record, mailbox);
  }
  return undefined;
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
    case "child": {
      const { status, output, error } = command;
      return takeAnswer(
        run,
        id,
        command.child,
        { by: "child", status, output, ...(error ? { error } : {}) },
        record,
      );
    }
  }
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
