import type { BudgetUse } from "flyball/client";
import { formatMoney } from "../format.ts";

const looks: Readonly<Record<BudgetUse["status"], readonly [fill: string, text: string, word: string]>> = {
  ok: ["bg-good", "text-good", "✓ within"],
  alerted: ["bg-warn", "text-warn", "! near its limit"],
  exceeded: ["bg-bad", "text-bad", "✕ used up"],
};

/** How much of a budget is spent, and how much is held back for calls under way. */
export function BudgetBar({ budget }: { budget: BudgetUse }) {
  const { limit, spent, reserved, status, unit } = budget;
  const [fill, colour, word] = looks[status];
  const width = (amount: number) => `${limit > 0 ? Math.min(100, (amount / limit) * 100) : 0}%`;
  const shown = (amount: number) =>
    unit === "usd" ? formatMoney(amount) : `${amount.toLocaleString("en")} ${unit}`;
  return (
    <div className="min-w-56">
      <span aria-hidden className="flex h-2 overflow-hidden rounded bg-raised">
        <span className={`h-full ${fill}`} style={{ width: width(spent) }} />
        <span className="hatched h-full bg-muted" style={{ width: width(reserved) }} />
      </span>
      <span className="mt-1 flex flex-wrap justify-between gap-x-3">
        <span className="tabular-nums">
          {shown(spent)} of {shown(limit)}
          {reserved > 0 ? <span className="text-muted"> · {shown(reserved)} reserved</span> : null}
        </span>
        <span className={`whitespace-nowrap font-medium ${colour}`}>{word}</span>
      </span>
    </div>
  );
}
