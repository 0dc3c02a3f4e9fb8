/**
 * Loaded before the engine: adds pragmas behind its own, so that a test can show what a setting is worth
 * without the engine having a switch for it. `PRAGMAS="synchronous=NORMAL"`.
 */
import { DatabaseSync } from "node:sqlite";

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql) {
  exec.call(this, sql);
  if (/\bsecure_delete\b/.test(sql))
    for (const pragma of (process.env.PRAGMAS ?? "").split(";")) exec.call(this, `PRAGMA ${pragma}`);
};
