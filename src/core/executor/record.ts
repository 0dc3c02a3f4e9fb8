import { derivedId, type Json, type JsonObject } from "../base/index.ts";
import type { Append } from "../journal/index.ts";
import type { Fact } from "../workflow/index.ts";
import { type Command, type RunEvent, toNewEvents } from "./events.ts";

/** What one turn of a run has to say, until it is committed: its own events and those of other streams. */
export class Record {
  /** Where its stream ends; null when that is not known, and whatever its end is will do. */
  readonly #run: { readonly id: string; seq: number | null };
  readonly #stream: string;
  #events: RunEvent[] = [];
  #others: Append[] = [];
  /** Runs that should be looked at once this is on disk. */
  readonly wakes = new Set<string>();
  /** Children that wait for their turn. */
  readonly queued: string[] = [];

  constructor(run: { readonly id: string; seq: number | null }) {
    this.#run = run;
    this.#stream = `run/${run.id}`;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0 && this.#others.length === 0;
  }

  add(event: RunEvent): void {
    this.#events.push(event);
  }

  facts(facts: readonly Fact[] | undefined): void {
    for (const fact of facts ?? []) {
      this.#others.push(factAppend(fact));
      if (fact.stream.startsWith("command/")) this.wakes.add(String(fact.data.run));
    }
  }

  other(stream: string, expectedSeq: number | null, type: string, data: JsonObject): void {
    this.#others.push({ stream, expectedSeq, actor: "engine", events: [{ type, data }] });
  }

  /** Puts a command into another run's inbox; the same id twice is the same command. */
  command(run: string, id: string, command: Command): void {
    const { stream, expectedSeq, events } = commandAppend(run, id, command);
    this.#others.push({ stream, expectedSeq, actor: "engine", events });
    this.wakes.add(run);
  }

  /** The appends of the turn, all or nothing; the run's own stream first. */
  take(): readonly Append[] {
    const events = toNewEvents(this.#events);
    this.#events = [];
    const others = this.#others;
    if (others.length > 0) this.#others = [];
    if (events.length === 0) return others;
    const own: Append = { stream: this.#stream, expectedSeq: this.#run.seq, actor: "engine", events };
    if (this.#run.seq !== null) this.#run.seq += events.length;
    return others.length === 0 ? [own] : [own, ...others];
  }
}

export function factAppend({ stream, expectedSeq, type, data }: Fact): Append {
  return { stream, expectedSeq: expectedSeq ?? null, actor: "engine", events: [{ type, data }] };
}

/** A run's commands are streams under its name, so that they are found when its retention is over. */
export function commandAppend(run: string, id: string, command: Command): Append {
  const data = { run, ...command } as unknown as { [key: string]: Json };
  return {
    stream: `command/${run}/${id}`,
    expectedSeq: 0,
    actor: "local",
    events: [{ type: "command.received", data }],
  };
}

/** The id of what a child's end tells its parent: derived, so that it is told once. */
export function childEndId(child: string): string {
  return derivedId("child-end", child);
}
