import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import type { Need } from "./fault.ts";

interface Check {
  isThere(): boolean;
  /** What to do about it. */
  readonly hint: string;
}

const isRoot = () => process.getuid?.() === 0;
const succeeds = (command: string, ...args: readonly string[]) => spawnSync(command, args).status === 0;

const checks: Readonly<Record<Need, Check>> = {
  root: { isThere: isRoot, hint: "run it as root: sudo npm run faults" },
  strace: {
    isThere: () => succeeds("strace", "-f", "-o", "/dev/null", "true"),
    hint: "install strace (apt-get install strace), and allow ptrace",
  },
  tmpfs: {
    // In a mount namespace of its own, so that asking leaves nothing behind.
    isThere: () => succeeds("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"),
    hint: "run it as root where file systems may be mounted",
  },
  cgroup: {
    isThere: () => isRoot() && isWritable("/sys/fs/cgroup"),
    hint: "run it as root where /sys/fs/cgroup may be written",
  },
};

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What this machine lacks for a test, each with what to do about it; empty when nothing. */
export function lacking(needs: readonly Need[] = []): readonly string[] {
  return needs.filter((need) => !checks[need].isThere()).map((need) => `${need}: ${checks[need].hint}`);
}
