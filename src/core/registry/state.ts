import { isJsonObject, type Json } from "../base/index.ts";
import { isFinal } from "../executor/index.ts";
import type { PendingEvent } from "../journal/index.ts";
import type {
  LabelApproved,
  LabelMoved,
  LabelRemoved,
  RolloutStarted,
  ScoreRecorded,
  VersionAdded,
} from "./events.ts";
import type { RegistryChange, RolloutRow } from "./store.ts";

const none: readonly RegistryChange[] = [];

/**
 * The registry's tables as a fold of the journal. Pure; applied in the transaction of the events, like
 * the executor's (`core/executor/control.ts`).
 */
export function registryChanges(event: PendingEvent): readonly RegistryChange[] {
  const { stream } = event;
  // First what there is most of: a step's result moves nothing here.
  if (stream.startsWith("run/")) return event.type.startsWith("run.") ? runChanges(event) : none;
  const slash = stream.indexOf("/");
  const id = stream.slice(slash + 1);
  switch (stream.slice(0, slash)) {
    case "line":
      return lineChanges(id, event);
    case "rollout":
      return rolloutChanges(id, event);
    case "score":
      return event.type === "score.recorded" ? scoreChanges(id, event) : none;
    default:
      return none;
  }
}

/** What leaves the tables with a run that is pruned. */
export function forgottenRegistryRows(stream: string): readonly RegistryChange[] {
  if (stream.startsWith("run/")) return [{ table: "arms", removeRun: stream.slice("run/".length) }];
  if (stream.startsWith("score/")) return [{ table: "scores", removeRun: stream.slice("score/".length) }];
  return none;
}

export function lineId(kind: string, name: string): string {
  return `${kind}/${name}`;
}

/** A run says at its start, its end and its failure in which rollouts it is, so that one event is enough. */
function runChanges(event: PendingEvent): readonly RegistryChange[] {
  const { arms } = event.data;
  if (!isJsonObject(arms)) return none;
  const run = event.stream.slice("run/".length);
  const change = event.type === "run.started" ? startedArm : stoppedArm;
  return Object.entries(arms).flatMap(([rollout, arm]) => change({ run, rollout, arm, event }));
}

interface InRollout {
  readonly run: string;
  readonly rollout: string;
  readonly arm: Json;
  readonly event: PendingEvent;
}

function startedArm({ run, rollout, arm, event }: InRollout): readonly RegistryChange[] {
  const put = {
    id: `${run}/${rollout}`,
    run,
    rollout,
    arm: arm === "to" ? ("to" as const) : ("from" as const),
    startedAt: event.at,
    status: null,
    endedAt: null,
    costUsd: null,
  };
  return [{ table: "arms", put }];
}

function stoppedArm({ run, rollout, event }: InRollout): readonly RegistryChange[] {
  const status = event.type.slice("run.".length);
  const isEnd = isFinal(status);
  if (!isEnd && status !== "paused") return none;
  const set = {
    status,
    endedAt: isEnd ? event.at : null,
    costUsd: isEnd ? Number(event.data.costUsd ?? 0) : null,
  };
  return [{ table: "arms", update: `${run}/${rollout}`, set }];
}

function lineChanges(line: string, event: PendingEvent): readonly RegistryChange[] {
  const { at } = event;
  switch (event.type) {
    case "version.added":
      return addedVersion(line, dataOf<VersionAdded>(event), event);
    case "version.synced":
      return [
        {
          table: "lines",
          update: line,
          set: { filesDigest: dataOf<{ digest: string }>(event).digest, updatedAt: at },
        },
      ];
    case "label.moved":
      return movedLabel(line, dataOf<LabelMoved>(event), at);
    case "label.approved": {
      const { label, digest, by: approver, verified } = dataOf<LabelApproved>(event);
      const id = approvalId({ line, label, digest, approver });
      const put = { id, line, label, digest, approver, verified, approvedAt: at };
      return [{ table: "approvals", put }];
    }
    case "label.removed":
      return [{ table: "labels", remove: `${line}/${dataOf<LabelRemoved>(event).label}` }];
    default:
      return none;
  }
}

function addedVersion(
  line: string,
  data: VersionAdded,
  { at, seq }: PendingEvent,
): readonly RegistryChange[] {
  const { digest, source, by: author, message = null } = data;
  const kind = line.slice(0, line.indexOf("/"));
  const filesDigest = source === "files" ? digest : null;
  const first: RegistryChange = {
    table: "lines",
    put: { id: line, kind, name: line.slice(kind.length + 1), filesDigest, updatedAt: at },
  };
  const further: RegistryChange = {
    table: "lines",
    update: line,
    set: { updatedAt: at, ...(filesDigest ? { filesDigest } : {}) },
  };
  const put = { id: `${line}/${digest}`, line, digest, source, author, message, addedAt: at };
  return [seq === 1 ? first : further, { table: "versions", put }];
}

function movedLabel(line: string, data: LabelMoved, at: number): readonly RegistryChange[] {
  const { label, to: digest, by: movedBy, rollout = null } = data;
  const put = { id: `${line}/${label}`, line, label, digest, movedBy, movedAt: at, rollout };
  const used = data.approvals.map(
    (approver): RegistryChange => ({
      table: "approvals",
      remove: approvalId({ line, label, digest, approver }),
    }),
  );
  return [{ table: "labels", put }, ...used];
}

function approvalId(approval: { line: string; label: string; digest: string; approver: string }): string {
  return `${approval.line}/${approval.label}/${approval.digest}/${approval.approver}`;
}

function rolloutChanges(id: string, event: PendingEvent): readonly RegistryChange[] {
  const ended = (status: RolloutRow["status"]): readonly RegistryChange[] => {
    const { reason } = dataOf<{ reason: string | null }>(event);
    return [{ table: "rollouts", update: id, set: { status, endedAt: event.at, reason } }];
  };
  switch (event.type) {
    case "rollout.started":
      return [{ table: "rollouts", put: startedRollout(id, dataOf(event), event.at) }];
    case "rollout.resized":
      return [{ table: "rollouts", update: id, set: { share: Number(event.data.share) } }];
    case "rollout.promoted":
      return ended("promoted");
    case "rollout.rolled_back":
      return ended("rolled_back");
    default:
      return none;
  }
}

/** A rollout as it begins. */
export function startedRollout(id: string, started: RolloutStarted, startedAt: number): RolloutRow {
  const { kind, name, from, to, mode, share, key = null, guards, by } = started;
  return {
    id,
    line: lineId(kind, name),
    fromDigest: from,
    toDigest: to,
    mode,
    share,
    key,
    guards: JSON.stringify(guards),
    status: "running",
    startedBy: by,
    startedAt,
    endedAt: null,
    reason: null,
  };
}

function scoreChanges(run: string, event: PendingEvent): readonly RegistryChange[] {
  const { name, value, source, by, step = null, comment = null } = dataOf<ScoreRecorded>(event);
  const put = {
    id: `${run}/${event.seq}`,
    run,
    step,
    name,
    value: Number(value),
    source,
    scoredBy: by,
    comment,
    scoredAt: event.at,
  };
  return [{ table: "scores", put }];
}

/** What stands in an event was checked on its way in. */
function dataOf<Data extends object>(event: PendingEvent): Data {
  return event.data as unknown as Data;
}
