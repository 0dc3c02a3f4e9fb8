import { isDeepStrictEqual } from "node:util";
import { pagesOf } from "../../core/journal/index.ts";
import { type Engine, storedChanges } from "../../engine.ts";
import { MemoryControlStore } from "../../store/memory/index.ts";

export interface DoctorReport {
  readonly ok: boolean;
  readonly home: string;
  readonly node: string;
  readonly events: number;
  readonly runs: Readonly<Record<string, number>>;
  readonly openReviews: number;
  /** What somebody should see to although everything goes on. */
  readonly warnings: readonly string[];
  /** Rows of the control tables that a fold of the journal does not give, at most ten. */
  readonly disagreements: readonly { readonly table: string; readonly id: string }[];
}

const shownMax = 10;

/** Folds the whole journal and compares the result with the control tables, row by row. */
export async function doctorReport(engine: Engine): Promise<DoctorReport> {
  const release = await engine.journal.hold();
  try {
    return await foldedReport(engine);
  } finally {
    release();
  }
}

async function foldedReport(engine: Engine): Promise<DoctorReport> {
  const folded = new MemoryControlStore();
  /** Of what retention has erased, nothing can be folded any more. */
  const erased = new Set<string>();
  const until = engine.journal.lastPosition();
  const actual = engine.control.dump();
  for await (const page of pagesOf(engine.journal)) {
    for (const event of page) {
      if (event.position > until) break;
      if (!event.data) erased.add(event.stream.slice(event.stream.indexOf("/") + 1));
      else for (const change of storedChanges({ ...event, data: event.data })) folded.apply(change);
    }
    if ((page.at(-1)?.position ?? 0) >= until) break;
  }
  // What was counted of a run is under the run's name.
  const isErased = ({ id }: { readonly id: string }) => erased.has(id) || erased.has(id.split("/")[0] ?? "");
  const disagreements = compare(actual, folded.dump()).filter((row) => !isErased(row));
  return {
    ok: disagreements.length === 0,
    home: engine.home,
    node: process.version,
    events: until,
    runs: engine.control.countRuns(),
    openReviews: engine.control.reviews({ status: "open", limit: 100_000 }).length,
    warnings: engine.warnings,
    disagreements: disagreements.slice(0, shownMax),
  };
}

type Dump = Readonly<Record<string, readonly unknown[]>>;

function compare(actual: Dump, folded: Dump): { table: string; id: string }[] {
  return Object.entries(actual).flatMap(([table, rows]) => {
    const expected = new Map((folded[table] ?? []).map((row) => [idOf(row), row]));
    const different = rows.filter(
      (row) => !isDeepStrictEqual({ ...(row as object) }, { ...(expected.get(idOf(row)) as object) }),
    );
    const ids = new Set(rows.map(idOf));
    const missing = [...expected.keys()].filter((id) => !ids.has(id));
    return [...different.map(idOf), ...missing].map((id) => ({ table, id }));
  });
}

function idOf(row: unknown): string {
  const { id, digest } = row as { id?: string; digest?: string };
  return id ?? digest ?? "";
}
