import { nextTurn } from "../../core/base/index.ts";
import { type RunView, viewRun } from "../../core/executor/index.ts";
import type { Journal, JournalEvent } from "../../core/journal/index.ts";
import { fallbackReasons } from "../../core/metrics/index.ts";
import type { ScoreRow } from "../../core/registry/index.ts";
import { countBy, type SampleFacts } from "./facts.ts";
import { sampledRunsMax } from "./limits.ts";
import { byPerson, verdicts } from "./verdicts.ts";

export interface SampledFrom {
  readonly journal: Pick<Journal, "read">;
  readonly scores: (run: string) => readonly ScoreRow[];
}

/** Reads some of the runs, evenly spread, with a turn for others after each. */
export async function sampleRuns(
  { journal, scores: scoresOf }: SampledFrom,
  runs: readonly string[],
): Promise<SampleFacts> {
  const reads: Read[] = [];
  for (const run of spread(runs, sampledRunsMax)) {
    reads.push(readRun(run, await journal.read(`run/${run}`)));
    await nextTurn();
  }
  const fallbacks = reads.flatMap((read) => read.fallbacks);
  const answers = reads.flatMap(({ view }) => verdicts(view));
  const steps = reads
    .flatMap(({ view }) => view.steps)
    .filter((step) => step.status === "completed" || byPerson(step));
  const scores = reads
    .flatMap(({ view }) => scoresOf(view.id))
    .filter(({ name, step }) => name === "accuracy" && step === null);
  return {
    runs: reads.length,
    steps: steps.length,
    machineSteps: steps.filter((step) => !byPerson(step)).length,
    fallbackRuns: reads.filter((read) => read.fallbacks.length > 0).length,
    fallbacks: countBy(fallbacks, (reason) => reason),
    right: answers.filter(([, isRight]) => isRight).length,
    judged: answers.length,
    scores: scores.length,
    scoreSum: scores.reduce((sum, { value }) => sum + value, 0),
    simulated: steps.some(({ result }) => result?.simulated === true),
  };
}

interface Read {
  readonly view: RunView;
  /** Why something else had to do: the codes of the errors. */
  readonly fallbacks: readonly string[];
}

function readRun(id: string, events: readonly JournalEvent[]): Read {
  const fallbacks = events
    .filter(({ type }) => type === "step.completed")
    .flatMap(({ data }) => fallbackReasons(data));
  return { view: viewRun(id, events), fallbacks };
}

function spread<T>(items: readonly T[], max: number): readonly T[] {
  if (items.length <= max) return items;
  return Array.from({ length: max }, (_, n) => items[Math.floor((n * items.length) / max)] as T);
}
