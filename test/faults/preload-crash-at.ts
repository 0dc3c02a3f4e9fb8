/**
 * Loaded before the engine: kills the process at its n-th write to a database, by SIGKILL, on the near or
 * the far side of the commit. `CRASH_AT=before:7`. The writes are counted where SQLite is told to commit,
 * so that nothing of this is in the engine.
 */
import { DatabaseSync, StatementSync } from "node:sqlite";

const [side = "", count = ""] = (process.env.CRASH_AT ?? "").split(":");
let left = Number(count);

/** Statements that end in a commit: the transactions of the engine, and single statements that write. */
const commits = /\bCOMMIT\b|^\s*INSERT INTO meta\b|\bjournal_mode=WAL\b|\bwal_checkpoint\b/;

function atWrite<T>(work: () => T): T {
  left -= 1;
  if (left === 0 && side === "before") process.kill(process.pid, "SIGKILL");
  const result = work();
  if (left === 0) process.kill(process.pid, "SIGKILL");
  return result;
}

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql) {
  return commits.test(sql) ? atWrite(() => exec.call(this, sql)) : exec.call(this, sql);
};

for (const name of ["run", "get"] as const) {
  const original: (this: StatementSync, ...values: never[]) => unknown = StatementSync.prototype[name];
  Object.defineProperty(StatementSync.prototype, name, {
    value(this: StatementSync, ...values: never[]) {
      const work = () => original.apply(this, values);
      return commits.test(this.sourceSQL) ? atWrite(work) : work();
    },
  });
}
