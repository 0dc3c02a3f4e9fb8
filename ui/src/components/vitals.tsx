import type { Vital } from "../targets.ts";

/** Figures that no target is about, with what went wrong; what has no data says so. */
export function Vitals({ vitals }: { vitals: readonly Vital[] }) {
  return (
    <dl className="mt-1 flex flex-wrap gap-x-6 gap-y-1 border-line border-t pt-2 pb-1">
      {vitals.map(({ name, value, reasons }) => (
        <div key={name} className="flex min-w-0 flex-wrap gap-x-1.5">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words tabular-nums">
            {value ?? <span className="text-muted">no data</span>}
            {reasons === "" ? null : <span className="text-muted"> ({reasons})</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
