import { memo, type ReactNode } from "react";
import { useRowsInView } from "./rows-in-view.ts";

export interface LongColumn<Row> {
  readonly name: string;
  /** How wide it is, and how it stands; the columns that do not say share what is left. */
  readonly look?: string;
  cell(row: Row): ReactNode;
}

const rowPx = 36;

/** A table of however many rows: each is one line high, and those that are seen are drawn. */
export function LongTable<Row>({
  columns,
  rows,
  keyOf,
  hasMore = false,
}: {
  columns: readonly LongColumn<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** How many follow is not known. */
  hasMore?: boolean;
}) {
  const { ref, from, to, abovePx, belowPx } = useRowsInView<HTMLTableSectionElement>(rows.length, rowPx);
  return (
    <table
      className="w-full min-w-[60rem] table-fixed text-left"
      aria-rowcount={hasMore ? -1 : rows.length + 1}
    >
      <thead className="text-muted">
        <tr className="border-line border-b">
          {columns.map(({ name, look = "" }) => (
            <th key={name} scope="col" className={`truncate px-4 py-2 font-medium ${look}`}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={ref}>
        <Gap px={abovePx} columns={columns.length} />
        {rows.slice(from, to).map((row, index) => (
          <Line key={keyOf(row)} row={row} columns={columns} position={from + index + 2} />
        ))}
        <Gap px={belowPx} columns={columns.length} />
      </tbody>
    </table>
  );
}

/** In the place of rows that are not drawn. */
function Gap({ px, columns }: { px: number; columns: number }) {
  if (px === 0) return null;
  return (
    <tr aria-hidden>
      <td colSpan={columns} className="p-0" style={{ height: px }} />
    </tr>
  );
}

/** Drawn again only when its row is another one. */
const Line = memo(function Line<Row>({
  row,
  columns,
  position,
}: {
  row: Row;
  columns: readonly LongColumn<Row>[];
  position: number;
}) {
  return (
    <tr aria-rowindex={position} className="border-line border-b hover:bg-raised" style={{ height: rowPx }}>
      {columns.map(({ name, look = "", cell }) => (
        <td key={name} className={`truncate px-4 ${look}`}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
}) as <Row>(props: { row: Row; columns: readonly LongColumn<Row>[]; position: number }) => ReactNode;
