import { Link } from "@tanstack/react-router";
import type { Variant } from "flyball/client";
import { useState } from "react";
import { formatDuration, formatMoney, formatShare } from "../format.ts";
import { Button, Panel } from "./basics.tsx";

const listedAtFirst = 10;

/** The ways that runs went; the chosen one is shown among the others in the map. */
export function MapVariants({
  variants,
  all,
  way,
  onChoose,
}: {
  variants: readonly Variant[];
  /** How many there are, those that are not listed among them. */
  all: number;
  way: readonly string[] | undefined;
  onChoose: (way: readonly string[] | undefined) => void;
}) {
  const [listed, setListed] = useState(listedAtFirst);
  return (
    <Panel title="Ways, the most frequent first">
      <ol className="max-h-[34rem] divide-y divide-line overflow-y-auto">
        {variants.slice(0, listed).map((variant) => (
          <Way
            key={JSON.stringify(variant.activities)}
            variant={variant}
            isChosen={variant.activities === way}
            onChoose={() => onChoose(variant.activities === way ? undefined : variant.activities)}
          />
        ))}
      </ol>
      {variants.length > listed ? (
        <p className="border-line border-t px-4 py-2">
          <Button onClick={() => setListed(variants.length)}>
            List {variants.length < all ? `the first ${variants.length}` : `all ${all}`}
          </Button>
        </p>
      ) : null}
    </Panel>
  );
}

function Way({
  variant: { activities, cases, share, duration, cost, example },
  isChosen,
  onChoose,
}: {
  variant: Variant;
  isChosen: boolean;
  onChoose: () => void;
}) {
  return (
    <li className={`px-4 py-2 ${isChosen ? "bg-raised" : ""}`}>
      <button type="button" aria-pressed={isChosen} onClick={onChoose} className="w-full text-left">
        <span className="flex justify-between gap-3">
          <span className="font-medium">
            {cases.toLocaleString("en")} {cases === 1 ? "run" : "runs"}
          </span>
          <span className="tabular-nums">{formatShare(share)}</span>
        </span>
        <span className="block break-words font-mono text-xs">{wayText(activities)}</span>
      </button>
      <p className="mt-0.5 flex justify-between gap-3 text-muted">
        <span className="tabular-nums">
          {duration ? `${formatDuration(duration.medianMs)} median` : ""}
          {cost === null ? "" : `, ${formatMoney(cost / cases)} each`}
        </span>
        <Link to="/runs/$id" params={{ id: example }} className="link whitespace-nowrap">
          One of them
        </Link>
      </p>
    </li>
  );
}

/** Of a long way, its begin and its end. */
function wayText(activities: readonly string[]): string {
  const shown =
    activities.length > 12
      ? [...activities.slice(0, 8), `… ${activities.length - 11} more …`, ...activities.slice(-3)]
      : activities;
  return shown.join(" → ") || "nothing was done";
}
