import type { ArmFigures, Rollout } from "flyball/client";
import { formatDuration, formatMoney, formatShare, shortId } from "../format.ts";
import { Panel } from "./basics.tsx";
import { type Column, Table } from "./table.tsx";

interface Figure {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Both versions beside each other, by the same figures. */
export function RolloutArms({ rollout }: { rollout: Rollout }) {
  const { from, to } = rollout.arms;
  return (
    <Panel
      title={`${formatShare(rollout.share)} of new runs ${rollout.mode === "shadow" ? "have a shadow" : "get the new version"}`}
    >
      <Table
        label="Both versions"
        columns={columnsOf(rollout)}
        rows={figuresOf(from, to)}
        keyOf={({ name }) => name}
      />
    </Panel>
  );
}

function columnsOf({ from, to }: Rollout): readonly Column<Figure>[] {
  return [
    { name: "Figure", cell: ({ name }) => name },
    { name: `Before, ${shortId(from)}`, isNumber: true, cell: (figure) => figure.from },
    { name: `New, ${shortId(to)}`, isNumber: true, cell: (figure) => figure.to },
  ];
}

function figuresOf(from: ArmFigures, to: ArmFigures): readonly Figure[] {
  const both = (name: string, show: (figures: ArmFigures) => string): Figure => ({
    name,
    from: show(from),
    to: show(to),
  });
  const duration = (ms: number | null) => (ms === null ? "–" : formatDuration(ms));
  const scores = new Set([...Object.keys(from.scores), ...Object.keys(to.scores)]);
  return [
    both("Runs", ({ runs }) => runs.toLocaleString("en")),
    both("Failed", ({ failed, errorRate }) => (failed === 0 ? "0" : `${failed} (${formatShare(errorRate)})`)),
    both("Time, p50", ({ latencyP50Ms }) => duration(latencyP50Ms)),
    both("Time, p95", ({ latencyP95Ms }) => duration(latencyP95Ms)),
    both("Cost, mean", ({ costMeanUsd }) => formatMoney(costMeanUsd)),
    ...[...scores].map((score) =>
      both(`Score ${score}, mean`, ({ scores: { [score]: given } }) =>
        given ? `${given.mean.toFixed(3)} of ${given.n}` : "–",
      ),
    ),
  ];
}
