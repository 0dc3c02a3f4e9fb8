import type { Finding } from "flyball/client";
import { textOf } from "../format.ts";
import { kindName, prizeText } from "../governor.ts";
import { Facts } from "./basics.tsx";

/** What the record shows: in a sentence, what it is worth, and the figures that it rests on. */
export function FindingShown({ finding }: { finding: Finding }) {
  const { kind, step, summary, evidence, prize } = finding;
  return (
    <div className="pt-2.5">
      <p className="flex flex-wrap justify-between gap-x-4 px-4">
        <span className="font-medium">
          {kindName(kind)}
          {step ? <span className="font-mono font-normal text-muted"> {step}</span> : null}
        </span>
        <span className="whitespace-nowrap tabular-nums">{prizeText(prize)}</span>
      </p>
      <p className="break-words px-4 text-muted">{summary}</p>
      <Facts facts={Object.entries(evidence).map(([name, value]) => [wordsOf(name), textOf(value)])} />
    </div>
  );
}

/** `heldBack` as people write it. */
function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
