import type { Figure } from "../measure.ts";
import type { Introduction } from "./hosting.ts";

/** What came of measuring one peer: all of it, or how far it got and what stopped it. */
export interface Outcome {
  /** The file in `peers/`. */
  readonly id: string;
  /** How long bringing 4 KiB to the disk took just before; the disk has other work at other times. */
  readonly syncMs: number;
  readonly introduction?: Introduction;
  readonly inEffect?: string;
  readonly figures: readonly Figure[];
  readonly syncsPerRun?: SyncsPerRun;
  readonly failure?: string;
}

/** fsync and fdatasync for each run of 10 steps, alone and 32 at once; or why nobody could tell. */
export type SyncsPerRun = { readonly alone: number; readonly among32: number } | { readonly unknown: string };

export function nameOf({ id, introduction }: Outcome): string {
  return introduction?.name ?? id;
}

/** The figure of one case, where it was measured. */
export function figureOf(outcome: Outcome, what: { steps: number; concurrency: number }): Figure | undefined {
  return outcome.figures.find(
    ({ steps, concurrency }) => steps === what.steps && concurrency === what.concurrency,
  );
}

/** How a peer's steps a second compare with Flyball's in the same run. */
export function ratioToFlyball(figure: Figure, outcomes: readonly Outcome[]): number | undefined {
  const flyball = outcomes.find(({ id }) => id === "flyball");
  const reference = flyball && figureOf(flyball, figure);
  return reference && figure.stepsPerSecond / reference.stepsPerSecond;
}

export function syncsText(syncs: SyncsPerRun | undefined): string {
  if (!syncs) return "not counted";
  return "unknown" in syncs
    ? `not counted: ${syncs.unknown}`
    : `${syncs.alone} alone, ${syncs.among32} at 32 at once`;
}
