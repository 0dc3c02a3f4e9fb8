import type {
  ApprovalRow,
  Arm,
  ArmRow,
  ArmTotals,
  LabelRow,
  LineRow,
  RegistryChange,
  RegistryStore,
  RegistryTable,
  RegistryTables,
  RolloutRow,
  RolloutStatus,
  ScoreRow,
  ScoreTotals,
  VersionRow,
} from "../../core/registry/index.ts";

type Tables = { readonly [Table in keyof RegistryTables]: Map<string, RegistryTables[Table]> };

/** A row of any table; only those of runs have a run. */
type AnyRow = { readonly id: string; readonly run?: string };

export class MemoryRegistryStore implements RegistryStore {
  readonly #tables: Tables = {
    lines: new Map(),
    versions: new Map(),
    labels: new Map(),
    approvals: new Map(),
    rollouts: new Map(),
    arms: new Map(),
    scores: new Map(),
  };

  apply(change: RegistryChange): void {
    // Table and row belong together, which is lost when they are taken apart.
    const rows = this.#tables[change.table] as Map<string, AnyRow>;
    if ("put" in change) rows.set(change.put.id, change.put);
    else if ("remove" in change) rows.delete(change.remove);
    else if ("removeRun" in change) {
      for (const { id, run } of rows.values()) if (run === change.removeRun) rows.delete(id);
    } else {
      const row = rows.get(change.update);
      if (row) rows.set(row.id, { ...row, ...change.set });
    }
  }

  line(id: string): LineRow | undefined {
    return this.#tables.lines.get(id);
  }

  lines(): readonly LineRow[] {
    return sorted(this.#tables.lines);
  }

  versions(line: string): readonly VersionRow[] {
    return where(this.#tables.versions, (version) => version.line === line).sort(
      (a, b) => a.addedAt - b.addedAt,
    );
  }

  version(line: string, digest: string): VersionRow | undefined {
    return this.#tables.versions.get(`${line}/${digest}`);
  }

  labels(): readonly LabelRow[] {
    return sorted(this.#tables.labels);
  }

  approvals(line: string): readonly ApprovalRow[] {
    return where(this.#tables.approvals, (approval) => approval.line === line).sort(
      (a, b) => a.approvedAt - b.approvedAt || byId(a, b),
    );
  }

  rollout(id: string): RolloutRow | undefined {
    return this.#tables.rollouts.get(id);
  }

  rollouts({ status, line }: { status?: RolloutStatus; line?: string }): readonly RolloutRow[] {
    const isAsked = (row: RolloutRow) =>
      (status === undefined || row.status === status) && (line === undefined || row.line === line);
    return where(this.#tables.rollouts, isAsked).sort((a, b) => b.startedAt - a.startedAt || byId(b, a));
  }

  armsOf(run: string): readonly ArmRow[] {
    return where(this.#tables.arms, (row) => row.run === run).sort(byId);
  }

  armTotals(rollout: string): readonly ArmTotals[] {
    const stopped = where(this.#tables.arms, (row) => row.rollout === rollout && row.status !== null);
    return arms(stopped).map(([arm, rows]) => ({
      arm,
      runs: rows.length,
      failed: rows.filter(({ status }) => ["failed", "expired", "paused"].includes(status ?? "")).length,
      costUsd: rows.reduce((sum, row) => sum + (row.costUsd ?? 0), 0),
    }));
  }

  armLatencies(rollout: string, arm: Arm, limit: number): readonly number[] {
    return where(
      this.#tables.arms,
      (row) => row.rollout === rollout && row.arm === arm && row.endedAt !== null,
    )
      .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0) || byId(b, a))
      .slice(0, limit)
      .map(({ startedAt, endedAt }) => (endedAt ?? 0) - startedAt);
  }

  armPaused(rollout: string): readonly ArmRow[] {
    return where(this.#tables.arms, (row) => row.rollout === rollout && row.status === "paused").sort(byId);
  }

  armScores(rollout: string): readonly ScoreTotals[] {
    const inArms = where(this.#tables.arms, (row) => row.rollout === rollout);
    return arms(inArms).flatMap(([arm, rows]) => {
      const runs = new Set(rows.map(({ run }) => run));
      const scores = where(this.#tables.scores, ({ run }) => runs.has(run));
      const names = Map.groupBy(scores, ({ name }) => name);
      return [...names].sort().map(([name, each]) => ({
        arm,
        name,
        n: each.length,
        sum: each.reduce((sum, { value }) => sum + value, 0),
      }));
    });
  }

  scores(run: string): readonly ScoreRow[] {
    return where(this.#tables.scores, (score) => score.run === run).sort((a, b) => a.scoredAt - b.scoredAt);
  }

  dump(): Readonly<Record<RegistryTable, readonly unknown[]>> {
    const { lines, versions, labels, approvals, rollouts, arms, scores } = this.#tables;
    return {
      lines: sorted(lines),
      versions: sorted(versions),
      labels: sorted(labels),
      approvals: sorted(approvals),
      rollouts: sorted(rollouts),
      arms: sorted(arms),
      scores: sorted(scores),
    };
  }
}

function where<Row>(rows: Map<string, Row>, isAsked: (row: Row) => boolean): Row[] {
  return [...rows.values()].filter(isAsked);
}

function sorted<Row extends { readonly id: string }>(rows: Map<string, Row>): Row[] {
  return [...rows.values()].sort(byId);
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

function arms(rows: readonly ArmRow[]): [Arm, ArmRow[]][] {
  return [...Map.groupBy(rows, ({ arm }) => arm)].sort();
}
