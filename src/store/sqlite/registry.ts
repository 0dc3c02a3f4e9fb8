import type {
  ApprovalRow,
  Arm,
  ArmRow,
  ArmTotals,
  LabelRow,
  LineRow,
  RegistryStore,
  RegistryTable,
  RolloutRow,
  RolloutStatus,
  ScoreRow,
  ScoreTotals,
  VersionRow,
} from "../../core/registry/index.ts";
import type { Query, Row } from "./query.ts";

export const registryColumns: Record<RegistryTable, readonly string[]> = {
  lines: ["id", "kind", "name", "filesDigest", "updatedAt"],
  versions: ["id", "line", "digest", "source", "author", "message", "addedAt"],
  labels: ["id", "line", "label", "digest", "movedBy", "movedAt", "rollout"],
  approvals: ["id", "line", "label", "digest", "approver", "verified", "approvedAt"],
  rollouts: [
    "id", "line", "fromDigest", "toDigest", "mode", "share", "key", "guards", "status", "startedBy",
    "startedAt", "endedAt", "reason",
  ], // biome-ignore format: one list
  arms: ["id", "run", "rollout", "arm", "startedAt", "status", "endedAt", "costUsd"],
  scores: ["id", "run", "step", "name", "value", "source", "scoredBy", "comment", "scoredAt"],
};

/** The registry's tables, asked. */
export class SqliteRegistryStore implements RegistryStore {
  readonly #all: Query;

  constructor(query: Query) {
    this.#all = query;
  }

  line(id: string): LineRow | undefined {
    return plain<LineRow>(this.#all("SELECT * FROM lines WHERE id = ?", id))[0];
  }

  lines(): readonly LineRow[] {
    return plain(this.#all("SELECT * FROM lines ORDER BY id"));
  }

  versions(line: string): readonly VersionRow[] {
    return plain(this.#all("SELECT * FROM versions WHERE line = ? ORDER BY addedAt, rowid", line));
  }

  version(line: string, digest: string): VersionRow | undefined {
    return plain<VersionRow>(this.#all("SELECT * FROM versions WHERE id = ?", `${line}/${digest}`))[0];
  }

  labels(): readonly LabelRow[] {
    return plain(this.#all("SELECT * FROM labels ORDER BY id"));
  }

  approvals(line: string): readonly ApprovalRow[] {
    return this.#all("SELECT * FROM approvals WHERE line = ? ORDER BY approvedAt, id", line).map(toApproval);
  }

  rollout(id: string): RolloutRow | undefined {
    return plain<RolloutRow>(this.#all("SELECT * FROM rollouts WHERE id = ?", id))[0];
  }

  rollouts({ status, line }: { status?: RolloutStatus; line?: string }): readonly RolloutRow[] {
    const sql = `SELECT * FROM rollouts WHERE status = ifnull(?, status) AND line = ifnull(?, line)
      ORDER BY startedAt DESC, id DESC`;
    return plain(this.#all(sql, status ?? null, line ?? null));
  }

  armsOf(run: string): readonly ArmRow[] {
    return plain(this.#all("SELECT * FROM arms WHERE run = ? ORDER BY id", run));
  }

  armTotals(rollout: string): readonly ArmTotals[] {
    const sql = `SELECT arm, count(*) AS runs, sum(status IN ('failed', 'expired', 'paused')) AS failed,
      ifnull(sum(costUsd), 0) AS costUsd FROM arms WHERE rollout = ? AND status IS NOT NULL GROUP BY arm ORDER BY arm`;
    return plain(this.#all(sql, rollout));
  }

  armLatencies(rollout: string, arm: Arm, limit: number): readonly number[] {
    const sql = `SELECT endedAt - startedAt AS ms FROM arms WHERE rollout = ? AND arm = ? AND endedAt IS NOT NULL
      ORDER BY endedAt DESC, id DESC LIMIT ?`;
    return this.#all(sql, rollout, arm, limit).map(({ ms }) => Number(ms));
  }

  armPaused(rollout: string): readonly ArmRow[] {
    return plain(
      this.#all("SELECT * FROM arms WHERE rollout = ? AND status = 'paused' ORDER BY id", rollout),
    );
  }

  armScores(rollout: string): readonly ScoreTotals[] {
    const sql = `SELECT arm, name, count(*) AS n, sum(value) AS sum FROM arms JOIN scores USING (run)
      WHERE rollout = ? GROUP BY arm, name ORDER BY arm, name`;
    return plain(this.#all(sql, rollout));
  }

  scores(run: string): readonly ScoreRow[] {
    return plain(this.#all("SELECT * FROM scores WHERE run = ? ORDER BY scoredAt, rowid", run));
  }

  dump(): Readonly<Record<RegistryTable, readonly unknown[]>> {
    const all = (table: RegistryTable) => plain(this.#all(`SELECT * FROM ${table} ORDER BY id`));
    return {
      lines: all("lines"),
      versions: all("versions"),
      labels: all("labels"),
      approvals: this.#all("SELECT * FROM approvals ORDER BY id").map(toApproval),
      rollouts: all("rollouts"),
      arms: all("arms"),
      scores: all("scores"),
    };
  }
}

/** The columns have the names of the rows' members. */
function plain<R>(rows: readonly Row[]): R[] {
  return rows.map((row) => ({ ...row })) as unknown as R[];
}

function toApproval(row: Row): ApprovalRow {
  return { ...row, verified: row.verified === 1 } as unknown as ApprovalRow;
}
