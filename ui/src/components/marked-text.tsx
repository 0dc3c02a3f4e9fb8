export interface Part {
  readonly text: string;
  readonly mark?: "quoted" | "added" | "removed";
}

/** One text in parts, some of them marked; by more than a colour. */
export function MarkedText({ parts }: { parts: readonly Part[] }) {
  let offset = 0;
  return parts.map(({ text, mark }) => {
    const key = `${offset}${mark ?? ""}`;
    offset += text.length;
    switch (mark) {
      case "quoted":
        return (
          <mark key={key} className="rounded bg-accent/20 text-ink">
            {text}
          </mark>
        );
      case "added":
        return (
          <ins key={key} className="text-good">
            {text}
          </ins>
        );
      case "removed":
        return (
          <del key={key} className="text-bad">
            {text}
          </del>
        );
      default:
        return <span key={key}>{text}</span>;
    }
  });
}
