/** A choice of views: one pressed button among a few. */
export function Tabs<Value extends string>({
  label,
  options,
  value,
  onChange,
}: {
  label: string;
  options: readonly Value[];
  value: Value;
  onChange: (value: Value) => void;
}) {
  return (
    <fieldset className="inline-flex flex-wrap overflow-hidden rounded-md border border-line">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <button
          type="button"
          key={option}
          aria-pressed={option === value}
          onClick={() => onChange(option)}
          className={`px-3 py-1 ${option === value ? "bg-accent text-accent-ink" : "hover:bg-raised"}`}
        >
          {option}
        </button>
      ))}
    </fieldset>
  );
}
