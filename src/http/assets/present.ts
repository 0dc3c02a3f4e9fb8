import type { JournalEvent } from "../../core/journal/index.ts";
import type { ApprovalRow, LabelRow, LineRow, Registry, VersionRow } from "../../core/registry/index.ts";
import { iso } from "../runs/present.ts";

export function presentLine(
  { store, snapshot }: Registry,
  line: LineRow,
  known: readonly LabelRow[] = store.labels(),
) {
  const labels = known.filter((label) => label.line === line.id);
  return {
    kind: line.kind,
    name: line.name,
    production: snapshot.production.get(line.id) ?? null,
    labels: Object.fromEntries(labels.map(({ label, digest }) => [label, digest])),
    files: line.filesDigest,
    rollout: snapshot.rollouts.get(line.id)?.id ?? null,
    updatedAt: iso(line.updatedAt),
  };
}

/** What is known of the versions of a line beside themselves. */
interface OfLine {
  readonly labels: readonly LabelRow[];
  readonly approvals: readonly ApprovalRow[];
}

export function ofLine({ store }: Registry, line: string): OfLine {
  return { labels: store.labels(), approvals: store.approvals(line) };
}

export function presentVersion(version: VersionRow, { labels, approvals }: OfLine) {
  const isOfVersion = ({ line, digest }: { readonly line: string; readonly digest: string }) =>
    line === version.line && digest === version.digest;
  return {
    digest: version.digest,
    source: version.source,
    by: version.author,
    message: version.message,
    at: iso(version.addedAt),
    labels: labels.filter(isOfVersion).map(({ label }) => label),
    approvals: approvals.filter(isOfVersion).map(({ label, approver, verified, approvedAt }) => ({
      label,
      by: approver,
      verified,
      at: iso(approvedAt),
    })),
  };
}

/** What happened, without the text of versions: that is asked for by its version. */
export function presentEvent({ type, at, actor, data }: JournalEvent) {
  const { text: _, ...facts } = data ?? {};
  return { type, at: iso(at), actor, ...facts };
}
