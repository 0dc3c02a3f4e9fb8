import { ManualClock } from "../../../core/base/index.ts";
import { type ControlChange, controlChanges, forgottenRows } from "../../../core/executor/index.ts";
import { methodsOf } from "../../../core/executor/testing.ts";
import {
  createJournal,
  DiskFull,
  eventsOf,
  type Journal,
  type JournalEvent,
  type JournalStorage,
  memoryBlobs,
  newSealKey,
} from "../../../core/journal/index.ts";
import { MemoryControlStore, MemoryJournalStorage } from "../../../store/memory/index.ts";
import type { Budget } from "./budget.ts";
import { Ledger, type SpendRequest } from "./ledger.ts";

// A ledger for tests: over a journal in memory, on a clock moved by hand.

const key = newSealKey();

interface Disk {
  isFull: boolean;
  commits: number;
}

export interface Books {
  readonly ledger: Ledger;
  readonly clock: ManualClock;
  readonly control: MemoryControlStore;
  readonly journal: Journal;
  /** While it is set, the disk takes nothing. */
  readonly disk: Disk;
  events(prefix?: string): Promise<readonly JournalEvent[]>;
  /** The process has ended without a word, and another takes its place. */
  restarted(): Books;
}

export function books(): Books {
  const control = new MemoryControlStore();
  return opened(control, new MemoryJournalStorage(control), new ManualClock(Date.UTC(2026, 10, 25, 12)));
}

function opened(
  control: MemoryControlStore,
  storage: JournalStorage<ControlChange>,
  clock: ManualClock,
): Books {
  const disk = { isFull: false, commits: 0 };
  const journal = createJournal({
    storage: fillable(storage, disk),
    blobs: memoryBlobs(),
    clock,
    key,
    derive: controlChanges,
    forget: forgottenRows,
  });
  let lastId = 0;
  const newId = () => `${clock.now()}-${++lastId}`;
  return {
    ledger: new Ledger({ journal, spending: control.spending, clock, newId }),
    clock,
    control,
    journal,
    disk,
    events: async (prefix = "") =>
      (await eventsOf(journal)).filter(({ stream }) => stream.startsWith(prefix)),
    restarted: () => opened(control, storage, clock),
  };
}

function fillable(storage: JournalStorage<ControlChange>, disk: Disk) {
  const owned = methodsOf(storage);
  owned.commit = (rows, changes, removal) => {
    if (disk.isFull) throw new DiskFull("the disk");
    disk.commits += 1;
    return storage.commit(rows, changes, removal);
  };
  return owned;
}

export function budget(changes: Partial<Budget> = {}): Budget {
  return {
    name: "house",
    by: "all",
    unit: "usd",
    limit: 1,
    period: "day",
    action: "block",
    alertAt: [],
    unpriced: "block",
    ...changes,
  };
}

export function request(
  usd: number | null,
  changes: Partial<SpendRequest["spender"]> & Partial<Pick<SpendRequest, "runLimitUsd" | "past">> = {},
): SpendRequest {
  const { runLimitUsd, past = [], ...spender } = changes;
  return {
    spender: {
      run: "run-1",
      path: "draft",
      workflow: "w",
      route: "r",
      model: "house/small",
      tags: {},
      ...spender,
    },
    runLimitUsd,
    most: { usd, tokens: 100 },
    past,
  };
}

/** Lets everything be written that is on its way to the disk. */
export async function written(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
