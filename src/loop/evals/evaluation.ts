import { derivedId, isJsonObject, type Json } from "../../core/base/index.ts";
import type { BatchInput, Release } from "../../core/executor/index.ts";
import { nothingRecorded, type ReplayDeps } from "./baseline.ts";
import { type Candidate, candidateOf, type Permissions } from "./candidate.ts";
import type { ScoredRow } from "./figures.ts";
import type { Recording } from "./recording.ts";
import type { Judge, Score, Scorer } from "./scorers.ts";

export interface EvaluationRequest {
  readonly release: Release;
  readonly rows: readonly BatchInput[];
  readonly scorers: readonly Scorer[];
  readonly permissions: Permissions;
  /** Rows at once. */
  readonly concurrency: number;
}

/** Answers each row of a dataset in memory, and scores what comes of it. Rows that cannot be read count as failed. */
export async function evaluate(request: EvaluationRequest, deps: ReplayDeps): Promise<readonly ScoredRow[]> {
  const scored: ScoredRow[] = [];
  const rows = request.rows.values();
  const worker = async () => {
    for (const row of rows) scored.push(await scoredRow(row, request, deps));
  };
  await Promise.all(Array.from({ length: Math.max(1, request.concurrency) }, worker));
  return scored.sort((one, other) => one.row - other.row);
}

const unanswered = { output: null, confidence: null, costUsd: 0, tookMs: 0, needsReview: false } as const;

async function scoredRow(row: BatchInput, request: EvaluationRequest, deps: ReplayDeps): Promise<ScoredRow> {
  const { scorers } = request;
  const failed = (problem: string, expected?: Json): ScoredRow => ({
    ...unanswered,
    row: row.row,
    status: "refused",
    expected,
    // What was not answered is not right.
    scores: Object.fromEntries(scorers.map(({ name }) => [name, expected === undefined ? null : 0])),
    error: problem,
  });
  if ("problem" in row) return failed(row.problem);
  const { input, expected } = row;
  const { definition } = request.release;
  const problems = definition.type === "document" ? definition.workflow.checkInput(input) : [];
  if (problems.length > 0) return failed(problems.join("; "), expected);
  const candidate = await answered({ ...row, id: derivedId("evaluation", String(row.row)) }, request, deps);
  const { rehearsed, steps } = candidate;
  const { status, output, error, costUsd, tookMs } = rehearsed;
  if (status !== "completed")
    return { ...failed(error?.message ?? status, expected), status, costUsd, tookMs };
  const scored = { input, ...held(output, expected, candidate) };
  const scores: Record<string, Score> = {};
  for (const scorer of scorers) scores[scorer.name] = await scorer.score(scored);
  const needsReview = steps.some(({ how }) => how === "needs_review");
  return {
    row: row.row,
    status,
    output: scored.output,
    expected: scored.expected,
    scores,
    confidence: confidenceOf(candidate),
    costUsd,
    tookMs,
    needsReview,
    error: null,
  };
}

/**
 * What is held against what is right: of an object, the members that it names, of the output or, where that has none
 * of the name, the value of the step of that name. A single member stands for itself.
 */
function held(
  output: Json,
  expected: Json | undefined,
  { results }: Pick<Candidate, "results">,
): { readonly output: Json; readonly expected: Json | undefined } {
  if (expected === undefined || !isJsonObject(expected)) return { output, expected };
  const answers = Object.keys(expected).map((name): readonly [string, Json] => {
    const own = isJsonObject(output) && Object.hasOwn(output, name) ? output[name] : results.get(name)?.value;
    return [name, own ?? null];
  });
  const [only, ...others] = answers;
  if (only && others.length === 0) return { output: only[1], expected: expected[only[0]] };
  return { output: Object.fromEntries(answers), expected };
}

type Row = Extract<BatchInput, { input: Json }> & { readonly id: string };

function answered(
  { id, input, expected, tags }: Row,
  { release, permissions }: Pick<EvaluationRequest, "release" | "permissions">,
  deps: ReplayDeps,
): Promise<Candidate> {
  const { workflow, version, digest } = release;
  const recording: Recording = {
    id,
    started: {
      workflow,
      version,
      release: digest,
      input,
      ...(expected === undefined ? {} : { expected }),
      ...(tags ? { tags } : {}),
    },
    startedAt: deps.clock.now(),
    status: "completed",
    output: null,
    steps: new Map(),
  };
  return candidateOf(recording, nothingRecorded, release, permissions, deps);
}

function confidenceOf({ results }: Candidate): number | null {
  const known = [...results.values()].map(({ confidence }) => confidence);
  return known.filter((confidence) => typeof confidence === "number").at(-1) ?? null;
}

/** A workflow as a judge: of `input`, `output` and `expected` it makes a number from 0 to 1, or `{ score }`. */
export function judgeOf(release: Release, permissions: Permissions, deps: ReplayDeps): Judge {
  let asked = 0;
  return async ({ input, output, expected }) => {
    asked += 1;
    const id = derivedId("judgement", String(asked));
    const row = { row: asked, id, input: { input, output, expected: expected ?? null } };
    const { rehearsed } = await answered(row, { release, permissions }, deps);
    const { output: verdict } = rehearsed;
    const score =
      typeof verdict === "object" && verdict !== null && "score" in verdict ? verdict.score : verdict;
    const value = typeof score === "string" && score.trim() !== "" ? Number(score) : score;
    return typeof value === "number" && value >= 0 && value <= 1 ? value : null;
  };
}
