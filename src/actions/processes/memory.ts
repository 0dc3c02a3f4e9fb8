import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Clock } from "../../core/base/index.ts";

/** How often groups are looked at: what one can touch in this time is what it can go over its limit by. */
const pollMs = 100;
/** Without `/proc`, each look starts a program. */
const pollByProgramMs = 1_000;
/** A look that also finds members whose numbers are below their leader's, after those have begun anew. */
const fullLookEvery = 10;

/** The resident bytes of groups of processes, by the number of the group. What members share counts for each. */
export type Resident = ReadonlyMap<number, number>;

/** Tells when a group of processes holds more memory than it may. */
export interface MemoryWatch {
  /** Calls back once; the returned function ends the watch. */
  watch(options: { group: number; bytesMax: number; onExceeded: (bytes: number) => void }): () => void;
}

interface Watched {
  readonly group: number;
  readonly bytesMax: number;
  readonly onExceeded: (bytes: number) => void;
}

/** Looks only while there is something to watch. */
export function memoryWatch(clock: Clock): MemoryWatch {
  const watched = new Set<Watched>();
  const hasProc = existsSync("/proc/self/stat");
  let looks = 0;
  let isArmed = false;
  const look = async () => {
    const groups = new Set([...watched].map(({ group }) => group));
    const from = looks++ % fullLookEvery === 0 ? 0 : Math.min(...groups);
    const resident = hasProc ? residentByProc(groups, from) : await residentByProgram();
    for (const one of [...watched]) {
      const bytes = resident.get(one.group) ?? 0;
      if (bytes > one.bytesMax && watched.delete(one)) one.onExceeded(bytes);
    }
    isArmed = false;
    arm();
  };
  const arm = () => {
    if (isArmed || watched.size === 0) return;
    isArmed = true;
    clock.after(hasProc ? pollMs : pollByProgramMs, () => void look());
  };
  return {
    watch(options) {
      const one = { ...options };
      watched.add(one);
      arm();
      return () => watched.delete(one);
    },
  };
}

/** Of these groups, from the processes with numbers of at least `from`; 28 µs for each of them. */
export function residentByProc(groups: ReadonlySet<number>, from: number): Resident {
  const resident = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!(Number(name) >= from)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      // After the program's name, which may hold anything: state, parent, group.
      const group = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ", 3)[2]);
      if (!groups.has(group)) continue;
      const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${name}/status`, "latin1"))?.[1];
      resident.set(group, (resident.get(group) ?? 0) + Number(kilobytes ?? 0) * 1024);
    } catch {
      // It has ended since the folder was read.
    }
  }
  return resident;
}

/** Of all groups; none where there is no such program. */
export function residentByProgram(): Promise<Resident> {
  return new Promise((resolve) =>
    execFile("ps", ["-A", "-o", "pgid=,rss="], (error, output) => {
      const resident = new Map<number, number>();
      for (const line of error ? [] : output.split("\n")) {
        const [group = 0, kilobytes = 0] = line.trim().split(/\s+/).map(Number);
        resident.set(group, (resident.get(group) ?? 0) + kilobytes * 1024);
      }
      resolve(resident);
    }),
  );
}
