import { useMemo } from "react";
import { type DiffRow, lineDiff, patchDiff } from "../line-diff.ts";

/** Two versions of a text, line beside line. */
export function TextDiff({ before, after, label }: { before: string; after: string; label: string }) {
  const rows = useMemo(() => lineDiff(before, after), [before, after]);
  if (before === after) return <p className="px-4 py-3 text-muted">Both are the same.</p>;
  return <Rows rows={rows} label={label} />;
}

/** The same, of a unified diff. */
export function PatchDiff({ patch, label }: { patch: string; label: string }) {
  const rows = useMemo(() => patchDiff(patch), [patch]);
  return <Rows rows={rows} label={label} />;
}

function Rows({ rows, label }: { rows: readonly DiffRow[]; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section aria-label={label} tabIndex={0} className="max-h-[36rem] overflow-auto">
      <table className="w-full border-collapse font-mono text-[0.85rem]">
        <caption className="sr-only">{label}</caption>
        <tbody>
          {rows.map((row) => (
            <Row key={keyOf(row)} row={row} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function keyOf(row: DiffRow): string {
  if (row.type === "changed") return `${row.left?.number ?? ""}/${row.right?.number ?? ""}`;
  return `${row.type} ${row.left}`;
}

function Row({ row }: { row: DiffRow }) {
  if (row.type === "skipped")
    return (
      <tr className="bg-raised text-muted">
        <td colSpan={4} className="px-3 py-0.5">
          … {row.lines} {row.lines === 1 ? "line is" : "lines are"} the same
        </td>
      </tr>
    );
  if (row.type === "same")
    return (
      <tr>
        <Side number={row.left} text={row.text} />
        <Side number={row.right} text={row.text} />
      </tr>
    );
  return (
    <tr>
      <Side number={row.left?.number} text={row.left?.text} mark="-" />
      <Side number={row.right?.number} text={row.right?.text} mark="+" />
    </tr>
  );
}

function Side({
  number,
  text,
  mark,
}: {
  number?: number | undefined;
  text?: string | undefined;
  mark?: "+" | "-";
}) {
  const look = text === undefined || !mark ? "" : mark === "+" ? "bg-good/10" : "bg-bad/10";
  const content = text || "\u00a0";
  return (
    <>
      <td className="w-10 select-none px-2 text-right align-top text-muted">{number}</td>
      <td className={`w-1/2 whitespace-pre-wrap px-2 align-top [overflow-wrap:anywhere] ${look}`}>
        {text === undefined ? null : mark === "+" ? <ins className="no-underline">{content}</ins> : null}
        {text === undefined ? null : mark === "-" ? <del className="no-underline">{content}</del> : null}
        {mark ? null : content}
      </td>
    </>
  );
}
