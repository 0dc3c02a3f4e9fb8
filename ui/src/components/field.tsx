import type { ComponentProps, ReactNode } from "react";

const fieldLook = "w-full rounded-md border border-line bg-canvas px-3 py-1.5";

/** A line of text with its name above it. */
export function Field({
  title,
  note,
  ...props
}: { title: string; note?: ReactNode } & ComponentProps<"input">) {
  return (
    <label className="block">
      <span className="text-muted">{title}</span>
      <input {...props} className={`mt-1 ${fieldLook}`} />
      {note ? <span className="mt-1 block text-muted text-xs">{note}</span> : null}
    </label>
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
