import { type ComponentProps, type ReactNode, useId } from "react";

const fieldLook = "w-full rounded-md border border-line bg-canvas px-3 py-1.5";

/** A line of text with its name above it. */
export function Field({
  title,
  note,
  ...props
}: { title: string; note?: ReactNode } & ComponentProps<"input">) {
  const noteId = useId();
  return (
    <div>
      <label className="block">
        <span className="text-muted">{title}</span>
        <input {...props} aria-describedby={note ? noteId : undefined} className={`mt-1 ${fieldLook}`} />
      </label>
      {note ? (
        <p id={noteId} className="mt-1 text-muted text-xs">
          {note}
        </p>
      ) : null}
    </div>
  );
}

/** Why a dialog's change is made. */
export function ReasonField({ value, onChange }: { value: string; onChange: (reason: string) => void }) {
  return (
    <Field
      title="Reason (kept in the journal)"
      value={value}
      onChange={({ target }) => onChange(target.value)}
      maxLength={2_000}
      autoFocus
    />
  );
}

export function Choice({
  name,
  value,
  options,
  onChange,
}: {
  name: string;
  value: string;
  options: readonly (readonly [value: string, shown: string])[];
  onChange: (value: string) => void;
}) {
  return (
    <label className="flex items-center gap-2">
      <span className="text-muted">{name}</span>
      <select
        aria-label={name}
        value={value}
        onChange={({ target }) => onChange(target.value)}
        className="max-w-full rounded-md border border-line bg-panel px-2 py-1"
      >
        {options.map(([option, shown]) => (
          <option key={option} value={option}>
            {shown}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The two ends of a period, each a day; an empty one is undefined. */
export function Days({
  period,
  onChange,
}: {
  period: { readonly from?: string | undefined; readonly to?: string | undefined };
  onChange: (end: "from" | "to", day: string | undefined) => void;
}) {
  return (["from", "to"] as const).map((end) => (
    <label key={end} className="flex items-center gap-2">
      <span className="text-muted">{end}</span>
      <input
        type="date"
        value={period[end] ?? ""}
        onChange={({ target }) => onChange(end, target.value || undefined)}
        className="rounded-md border border-line bg-panel px-2 py-1"
      />
    </label>
  ));
}
