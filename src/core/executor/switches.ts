import type { Journal } from "../journal/index.ts";
import { SwitchedOff } from "./errors.ts";

/** What can be switched off: everything, or all that goes by one name. */
export const switchScopes = ["all", "workflow", "model", "tool", "agent"] as const;
export type SwitchScope = (typeof switchScopes)[number];

/**
 * `drain`: what is under way may end, and nothing more begins. `stop`: what is under way is broken off
 * as well, and done again once the switch is on.
 */
export type SwitchMode = "drain" | "stop";

export interface SwitchRow {
  /** `all`, or scope and name: `tool/reply`. */
  readonly id: string;
  readonly mode: SwitchMode;
  readonly by: string;
  readonly reason: string | null;
  readonly since: number;
}

/** The switches that are off, in memory; the journal has them, and the control tables. */
export class Switches {
  readonly #off: Map<string, SwitchRow>;
  readonly #watchers = new Set<(row: SwitchRow) => void>();

  constructor(off: readonly SwitchRow[]) {
    this.#off = new Map(off.map((row) => [row.id, row]));
  }

  get isEmpty(): boolean {
    return this.#off.size === 0;
  }

  get(id: string): SwitchRow | undefined {
    return this.#off.get(id);
  }

  /** The switch that keeps runs of a workflow from going on. */
  ofWorkflow(name: string): SwitchRow | undefined {
    if (this.#off.size === 0) return undefined;
    return this.#off.get("all") ?? this.#off.get(switchId("workflow", name));
  }

  /** The workflows that are off; `all` when everything is. */
  workflowsOff(): "all" | readonly string[] {
    if (this.#off.has("all")) return "all";
    const prefix = switchId("workflow", "");
    return [...this.#off.keys()].filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length));
  }

  /** Throws `SwitchedOff` when that is off, or everything is. */
  check(id: string): void {
    if (this.#off.size === 0) return;
    const off = this.#off.get("all") ?? this.#off.get(id);
    if (off) throw new SwitchedOff(off.id, off.reason);
  }

  set(row: SwitchRow): void {
    this.#off.set(row.id, row);
    for (const watcher of this.#watchers) watcher(row);
  }

  /** Tells whoever works outside of any run, and so hears no bell, of each switch that is turned off. */
  watch(watcher: (row: SwitchRow) => void): void {
    this.#watchers.add(watcher);
  }

  clear(id: string): void {
    this.#off.delete(id);
  }
}

export function switchId(scope: SwitchScope, name: string): string {
  return scope === "all" ? "all" : `${scope}/${name}`;
}

export interface SwitchTurn {
  /** Null: on. */
  readonly off: SwitchMode | null;
  readonly by: string;
  readonly reason: string | null;
}

/** Records that a switch was turned; the same again changes nothing. */
export async function recordSwitch(journal: Journal, id: string, to: SwitchTurn): Promise<void> {
  const { by, reason, off } = to;
  const event = off
    ? { type: "switch.turned_off", data: { mode: off, by, reason } }
    : { type: "switch.turned_on", data: { by, reason } };
  await journal.append([{ stream: `switch/${id}`, expectedSeq: null, actor: by, events: [event] }]);
}
