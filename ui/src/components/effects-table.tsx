import type { Experiment } from "flyball/client";
import { type EffectRow, effectRows } from "../governor.ts";
import { type Column, Table } from "./table.tsx";

/** What a change is expected to come to beside what is, and what it came to. */
export function EffectsTable({
  of: effects,
}: {
  of: Pick<Experiment, "before" | "expected" | "realised" | "comparison">;
}) {
  return (
    <Table
      label="Expected effect"
      columns={effects.realised ? [...columns, came] : columns}
      rows={effectRows(effects)}
      keyOf={({ name }) => name}
    />
  );
}

const columns: readonly Column<EffectRow>[] = [
  { name: "Figure", cell: ({ name }) => name },
  { name: "Before", isNumber: true, cell: ({ before }) => before },
  { name: "Expected, with its 95% interval", isNumber: true, cell: ({ expected }) => expected },
];

const came: Column<EffectRow> = {
  name: "Came to",
  isNumber: true,
  cell: ({ realised, isInside }) => (
    <span className="whitespace-nowrap">
      {realised}
      {isInside === null ? null : (
        <span className={isInside ? "text-good" : "text-warn"}>{isInside ? " ✓ inside" : " ! outside"}</span>
      )}
    </span>
  ),
};
