const looks: Readonly<Record<string, readonly [colour: string, sign: string]>> = {
  running: ["text-busy", "▶"],
  retrying: ["text-warn", "↻"],
  queued: ["text-muted", "…"],
  waiting: ["text-wait", "◔"],
  paused: ["text-warn", "❚❚"],
  undoing: ["text-warn", "↶"],
  completed: ["text-good", "✓"],
  failed: ["text-bad", "✕"],
  rejected: ["text-bad", "⊘"],
  cancelled: ["text-muted", "⊘"],
  expired: ["text-muted", "⌛"],
  skipped: ["text-muted", "⤼"],
  open: ["text-wait", "◔"],
  decided: ["text-good", "✓"],
  declined: ["text-muted", "⊘"],
  withdrawn: ["text-muted", "⊘"],
  promoted: ["text-good", "✓"],
  testing: ["text-busy", "▶"],
  rolled_back: ["text-warn", "↶"],
  rolledBack: ["text-warn", "↶"],
};

/** A word and a sign in a colour: never the colour alone. */
export function StatusMark({ status }: { status: string }) {
  const [colour, sign] = looks[status] ?? ["text-muted", "•"];
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap font-medium ${colour}`}>
      <span aria-hidden className="w-4 text-center text-xs">
        {sign}
      </span>
      {wordsOf(status)}
    </span>
  );
}

/** `rolled_back` and `rolledBack` as people write it. */
function wordsOf(status: string): string {
  return status.replace(/_|(?=[A-Z])/g, " ").toLowerCase();
}

/** The border of a node in the graph, by what became of its step. */
export function statusBorder(status: string | undefined): string {
  const borders: Readonly<Record<string, string>> = {
    completed: "border-good",
    failed: "border-bad",
    running: "border-busy",
    retrying: "border-warn",
    waiting: "border-wait",
    skipped: "border-line border-dashed opacity-70",
  };
  return borders[status ?? ""] ?? "border-line";
}
