import type { ReactNode } from "react";

export interface Column<Row> {
  readonly name: string;
  readonly isNumber?: boolean;
  cell(row: Row): ReactNode;
}

/** Rows and columns; numbers stand under each other. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="overflow-x-auto" aria-label={label} tabIndex={0}>
      <table className="w-full text-left">
        <thead className="text-muted">
          <tr className="border-line border-b">
            {columns.map(({ name, isNumber }) => (
              <th key={name} scope="col" className={`px-4 py-2 font-medium ${isNumber ? "text-right" : ""}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} className="border-line border-b last:border-0 hover:bg-raised">
              {columns.map(({ name, isNumber, cell }) => (
                <td key={name} className={`px-4 py-2 ${isNumber ? "text-right tabular-nums" : ""}`}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
