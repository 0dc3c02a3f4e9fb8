/**
 * Loaded before the engine: a share of all commits goes wrong. `REFUSE=seed:share`. One in three is refused
 * before it is done, as on a full disk; one fails, and nobody knows; one is done, and fails all the same.
 */
import { writeSync } from "node:fs";
import { StatementSync } from "node:sqlite";
import { seededRandom } from "../../src/core/base/index.ts";

const [seed = "", share = ""] = (process.env.REFUSE ?? "").split(":");
const random = seededRandom(seed);

/** As `node:sqlite` throws them: https://sqlite.org/rescode.html. */
function failure(message: string, errcode: number): Error {
  return Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR", errcode, errstr: message });
}

const original: (this: StatementSync, ...values: never[]) => unknown = StatementSync.prototype.run;
Object.defineProperty(StatementSync.prototype, "run", {
  value(this: StatementSync, ...values: never[]) {
    const work = () => original.apply(this, values);
    if (this.sourceSQL !== "COMMIT" || random.next() >= Number(share)) return work();
    const kind = ["refused", "timed out", "done and timed out"][Math.floor(random.next() * 3)];
    writeSync(1, `injected ${kind}\n`);
    if (kind === "refused") throw failure("database or disk is full", 13);
    if (kind === "done and timed out") work();
    throw failure("disk I/O error", 10);
  },
});
