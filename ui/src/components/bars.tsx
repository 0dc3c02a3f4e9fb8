import type { Proposal } from "flyball/client";
import { barTexts } from "../governor.ts";

/** What an experiment is held against. */
export function Bars({ bars, className }: Pick<Proposal, "bars"> & { className?: string }) {
  return (
    <ul className={className}>
      {barTexts(bars).map((bar) => (
        <li key={bar}>{bar}</li>
      ))}
    </ul>
  );
}
