import { cases } from "../workload.ts";
import { figureOf, nameOf, type Outcome, ratioToFlyball, syncsText } from "./outcome.ts";

/** Where and how it was measured. */
export interface Setting {
  readonly on: string;
  readonly seconds: number;
  readonly date: string;
}

/** The page docs/reference/bench-peers.md. */
export function page(outcomes: readonly Outcome[], setting: Setting): string {
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  return [
    "# Flyball beside its peers",
    `Measured by \`npm run bench -- peers --seconds ${setting.seconds}\` on ${setting.date}, in one run, one system after the other, each in processes of its own: ${setting.on}. Machines differ, and one differs from itself: take the ratios, not the figures. [What is compared, and how](../guide/bench.md).`,
    "![Steps a second of a workflow of 10 steps](bench-peers.svg)",
    "## Durable steps a second",
    "In brackets: Flyball's figure is 1.",
    speedTable(outcomes),
    "## How long one run takes, alone",
    latencyTable(outcomes),
    "## What was measured",
    settingsTable(outcomes),
    ...(failed.length === 0 ? [] : ["## Not measured, or not to the end", failures(failed)]),
  ]
    .join("\n\n")
    .concat("\n");
}

export function speedTable(outcomes: readonly Outcome[]): string {
  const head = cases.map(({ steps, concurrency }) => `${stepsText(steps)}, ${concurrency} at once`);
  const rows = outcomes.map((outcome) => [
    nameOf(outcome),
    ...cases.map((what) => {
      const figure = figureOf(outcome, what);
      if (!figure) return "not measured";
      const ratio = ratioToFlyball(figure, outcomes);
      return ratio === undefined
        ? count(figure.stepsPerSecond)
        : `${count(figure.stepsPerSecond)} (${short(ratio)})`;
    }),
  ]);
  return table(["", ...head], rows);
}

export function latencyTable(outcomes: readonly Outcome[]): string {
  const alone = cases.filter(({ concurrency }) => concurrency === 1);
  const head = alone.flatMap(({ steps }) => [`${stepsText(steps)}, p50`, `${stepsText(steps)}, p99`]);
  const rows = outcomes.map((outcome) => [
    nameOf(outcome),
    ...alone.flatMap((what) => {
      const figure = figureOf(outcome, what);
      const times = figure ? [figure.p50Ms, figure.p99Ms] : [undefined, undefined];
      return times.map((ms) => (ms === undefined ? "not measured" : `${short(ms)} ms`));
    }),
  ]);
  return table(["", ...head], rows);
}

export function settingsTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => [
    nameOf(outcome),
    outcome.introduction?.version ?? "",
    outcome.introduction?.settings ?? "",
    outcome.inEffect ?? "",
    syncsText(outcome.syncsPerRun),
    `${short(outcome.syncMs)} ms`,
  ]);
  return table(
    ["", "version", "settings", "in effect", "syncs a run of 10 steps", "one sync, just before"],
    rows,
  );
}

function failures(failed: readonly Outcome[]): string {
  return failed.map((outcome) => `- ${nameOf(outcome)}: ${oneLine(outcome.failure ?? "")}`).join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n");
}

const cell = (text: string) => oneLine(text).replaceAll("|", "\\|");
const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();
export const stepsText = (steps: number) => (steps === 1 ? "1 step" : `${steps} steps`);

export const count = (value: number) => value.toLocaleString("en-US");

/** Two digits that say something, and no more. */
export function short(value: number): string {
  if (value >= 10) return count(Math.round(value));
  return value >= 1 ? value.toFixed(1) : String(Number(value.toPrecision(2)));
}
