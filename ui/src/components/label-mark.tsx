/** A label on a version; production stands out. */
export function LabelMark({ label }: { label: string }) {
  const look = label === "production" ? "border-good text-good" : "border-line text-ink";
  return <span className={`rounded-full border px-2 text-xs ${look}`}>{label}</span>;
}
