import type { SetPoint } from "../targets.ts";
import { Trend } from "./trend.tsx";

const looks: Readonly<Record<SetPoint["state"], readonly [colour: string, sign: string, word: string]>> = {
  kept: ["text-good", "✓", "kept"],
  breached: ["text-bad", "✕", "missed"],
  unknown: ["text-muted", "–", "not measured"],
};

/** Targets of a workflow, each beside what is, how it went, and whether it holds. */
export function SetPoints({ points }: { points: readonly SetPoint[] }) {
  return (
    <ul className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 sm:grid-cols-[minmax(0,1fr)_auto_auto_auto]">
      {points.map(({ name, wanted, actual, state, trend }) => {
        const [colour, sign, word] = looks[state];
        return (
          <li key={name} className="col-span-full grid grid-cols-subgrid items-center gap-y-0.5 py-1">
            <span>{name}</span>
            <span className="text-right font-medium tabular-nums">{actual}</span>
            <span className="max-sm:hidden">
              <Trend values={trend} />
            </span>
            <span className={`whitespace-nowrap max-sm:col-span-2 ${colour}`}>
              <span aria-hidden>{sign} </span>
              {word} <span className="text-muted tabular-nums">{wanted}</span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
