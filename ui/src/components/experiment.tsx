import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Experiment, SeenSoFar } from "flyball/client";
import type { ReactNode } from "react";
import { rolloutQuery } from "../api/rollouts.ts";
import { formatMoney, formatShare } from "../format.ts";
import { replayText, seenText, stages, stageText } from "../governor.ts";
import { Bars } from "./bars.tsx";
import { Facts, Panel } from "./basics.tsx";
import { EndRollout } from "./end-rollout.tsx";
import { RolloutArms } from "./rollout-arms.tsx";
import { ShareBar } from "./share-bar.tsx";

/** How far the proof is: its stage, what was shown so far, what it is held against, and the ways to end it. */
export function ExperimentShown({ experiment }: { experiment: Experiment }) {
  const { stage, share, maxShare, reason, bars, rollout, replay, seen, isWatched, by, bounds } = experiment;
  const facts: readonly (readonly [name: string, value: ReactNode] | null)[] = [
    ["Now", `${stageText(stage)}${isWatched ? "; each run is held against the bars" : ""}`],
    ["Why", reason],
    seen ? ["Shown so far", <ShownSoFar key="seen" seen={seen} />] : null,
    replay ? ["On the past", replayText(replay)] : null,
    ["Answers", `${formatShare(share)} of the runs now, at most ${formatShare(maxShare)} so far`],
    ["Held against", <Bars key="bars" bars={bars} />],
    [
      "Begun by",
      bounds
        ? `${by}, for ${formatShare(bounds.maxShare)} of the runs and ${formatMoney(bounds.maxSpendUsd)} at most`
        : by,
    ],
  ];
  return (
    <>
      <Panel title="Experiment">
        <Stages stage={stage} />
        <Facts facts={facts.filter((fact) => fact !== null)} />
      </Panel>
      {rollout && (stage !== "promoted" || isWatched) ? <OnTraffic id={rollout} /> : null}
    </>
  );
}

function ShownSoFar({ seen }: { seen: SeenSoFar }) {
  return (
    <>
      <ShareBar share={seen.shown} look="bg-good" />
      <p>{seenText(seen)}</p>
    </>
  );
}

/** The stages in their order; a stage that this console does not know stands after them. */
function Stages({ stage }: { stage: string }) {
  const known: readonly string[] = stages;
  const shown = known.includes(stage) ? known : [...known, stage];
  return (
    <ol className="flex flex-wrap gap-x-2 gap-y-1 border-line border-b px-4 py-2">
      {shown.map((name, index) => (
        <li key={name} className="flex items-center gap-2">
          {index > 0 ? (
            <span aria-hidden className="text-muted">
              →
            </span>
          ) : null}
          <span
            aria-current={name === stage ? "step" : undefined}
            className={name === stage ? "rounded bg-accent px-2 text-accent-ink" : "text-muted"}
          >
            {name === "rolledBack" ? "taken back" : name}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Its rollout is the registry's own: figures of both versions, and the same ways to end it. */
function OnTraffic({ id }: { id: string }) {
  const { data: rollout } = useQuery(rolloutQuery(id));
  if (!rollout || rollout.status === "rolled_back") return null;
  const isRunning = rollout.status === "running";
  return (
    <>
      {isRunning ? <RolloutArms rollout={rollout} /> : null}
      <Panel
        title={isRunning ? "Decide now" : "Take it back"}
        actions={
          <Link to="/rollouts/$id" params={{ id }} className="link">
            The rollout →
          </Link>
        }
      >
        <div className="p-4">
          <EndRollout rollout={rollout} />
        </div>
      </Panel>
    </>
  );
}
