import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A process that may have so much memory. */
export interface Bound {
  /** A command that runs a command within the bound. */
  readonly under: readonly string[];
  /** What holds the bound, for the report. */
  readonly how: string;
  remove(): void;
}

const hierarchies = [
  { root: "/sys/fs/cgroup", limit: "memory.max", how: "a control group (v2)" },
  { root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes", how: "a control group (v1)" },
];

/** By a control group, where this machine lets us make one; else by nothing, and what is used is measured. */
export function boundTo(megabytes: number): Bound {
  for (const { root, limit, how } of hierarchies) {
    const group = join(root, `flyball-${process.pid}`);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    const remove = () => rmdirSync(group);
    try {
      writeFileSync(join(group, limit), String(megabytes * 1024 * 1024), { flag: "r+" });
      const enter = `echo $$ > ${join(group, "cgroup.procs")} && exec "$@"`;
      return { under: ["sh", "-c", enter, "sh"], how, remove };
    } catch {
      remove();
    }
  }
  return { under: [], how: "nothing: measured only", remove() {} };
}
