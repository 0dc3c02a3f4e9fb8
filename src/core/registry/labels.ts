import { appendOf, type Current } from "./current.ts";
import { RolloutRunning } from "./errors.ts";
import type { LineEvent } from "./events.ts";
import { checkFit } from "./resolve.ts";
import { checkLabel, checkMove, checkMover, productionLabel } from "./rules.ts";
import { withProduction } from "./snapshot.ts";

export interface LabelRequest {
  readonly line: string;
  readonly label: string;
  readonly by: string;
  /** Throws when it is not to be done any more; asked when its turn has come. */
  readonly precondition?: (() => void) | undefined;
}

/**
 * Puts a label onto a version, named by digest or label. Runs that start from then on get it, where the
 * label is `production`. Throws what the rules have against it, and `ReleaseUnfit` when a workflow could
 * not run with it.
 */
export function moveLabel(
  current: Current,
  request: LabelRequest & { readonly to: string; readonly reason: string | null },
): Promise<string> {
  return current.inTurn(async () => {
    request.precondition?.();
    const { line, label, to, by, reason } = request;
    checkLabel(label);
    const digest = current.version(line, to);
    const from = current.labelled(line, label) ?? null;
    if (from === digest) return digest;
    if (label === productionLabel) refuseWhileRunning(current, line);
    const approvals = current.approvers(line, label, digest);
    checkMove(await current.rules(), { line, label, digest, actor: by, approvers: approvals });
    if (label === productionLabel) await checkProduction(current, new Map([[line, digest]]));
    const data = { label, to: digest, from, by, reason, approvals };
    await current.append([appendOf({ stream: `line/${line}`, events: [{ type: "label.moved", data }] }, by)]);
    return digest;
  });
}

export function approveLabel(
  current: Current,
  request: LabelRequest & { readonly to: string; readonly comment: string | null },
): Promise<string> {
  return current.inTurn(async () => {
    const { line, label, to, by, comment } = request;
    const digest = current.version(line, to);
    if (current.approvers(line, label, digest).includes(by)) return digest;
    // Without access control nobody knows whether it was them.
    const data = { label, digest, by, comment, verified: false };
    await current.append([
      appendOf({ stream: `line/${line}`, events: [{ type: "label.approved", data }] }, by),
    ]);
    return digest;
  });
}

/** Takes a label off, which needs no approval: those are for what new runs would get. Without `production` they get none. */
export function removeLabel(
  current: Current,
  request: LabelRequest & { readonly reason: string | null },
): Promise<void> {
  return current.inTurn(async () => {
    request.precondition?.();
    const { line, label, by, reason } = request;
    checkLabel(label);
    current.line(line);
    const from = current.labelled(line, label);
    if (from === undefined) return;
    if (label === productionLabel) refuseWhileRunning(current, line);
    checkMover(await current.rules(), label, by);
    if (label === productionLabel) await checkProduction(current, new Map([[line, undefined]]));
    const event: LineEvent = { type: "label.removed", data: { label, from, by, reason } };
    await current.append([appendOf({ stream: `line/${line}`, events: [event] }, by)]);
  });
}

export function refuseWhileRunning(current: Current, line: string): void {
  const running = current.snapshot.rollouts.get(line);
  if (running) throw new RolloutRunning(line, running.id);
}

export async function checkProduction(
  current: Current,
  moves: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  const { snapshot: before, resolver } = current;
  await checkFit(resolver, { before, after: withProduction(before, moves), lines: [...moves.keys()] });
}
