import { FlyballError, isJsonObject, type Json, type JsonObject } from "../../core/base/index.ts";
import { type RunStarted, type RunView, type StepView, viewRun } from "../../core/executor/index.ts";
import type { JournalEvent } from "../../core/journal/index.ts";
import type { KindWork, Scope, Workflow } from "../../core/workflow/index.ts";
import type { RowLabel } from "../evals/index.ts";
import type { OptimizerDeps } from "./deps.ts";
import { answersReadMax } from "./limits.ts";
import { expectedOf } from "./observations.ts";

/** What a step was asked once, what it answered, and what is known of the right answer. */
export interface RecordedAnswer {
  readonly run: string;
  /** The hash of the event that holds the answer. */
  readonly event: string;
  readonly startedAt: number;
  readonly input: Json;
  readonly text: string;
  readonly answer: string;
  /** The right answer, as far as anybody knows. */
  readonly label: string;
  readonly from: RowLabel;
  readonly by: string | null;
}

/** A step that asks a model. */
export interface AskingStep {
  readonly id: string;
  readonly work: KindWork;
  /** Reviews whose draft is its answer: what becomes of the draft is said of the answer. */
  readonly reviews: readonly string[];
}

/** A step of the workflow itself; undefined for one that asks nobody. */
export function askingStep({ block, document }: Workflow, id: string): AskingStep | undefined {
  const step = block.steps.find((each) => each.id === id);
  if (step?.work.type !== "kind") return undefined;
  const answer = new RegExp(`^\\{\\{\\s*(?:steps\\.)?${id}\\.value\\s*\\}\\}$`);
  const reviews = document.steps.filter(
    ({ kind, config }) => kind === "human_review" && answer.test(String(config.draft ?? "")),
  );
  return { id, work: step.work, reviews: reviews.map((review) => review.id) };
}

/** What the latest runs of a workflow were answered at a step, whatever their release; the oldest first. */
export async function answersOf(
  workflow: string,
  step: AskingStep,
  { journal, control }: Pick<OptimizerDeps, "journal" | "control">,
): Promise<readonly RecordedAnswer[]> {
  const answers: RecordedAnswer[] = [];
  for (const { id } of control.runs({ workflow, limit: answersReadMax })) {
    const answer = answerOf(step, id, await journal.read(`run/${id}`));
    if (answer) answers.push(answer);
  }
  return answers.sort((one, other) => one.startedAt - other.startedAt || (one.run < other.run ? -1 : 1));
}

/** Undefined where the step has answered nothing, or nothing that is kept. Pure. */
export function answerOf(
  step: AskingStep,
  run: string,
  events: readonly JournalEvent[],
): RecordedAnswer | undefined {
  const view = viewRun(run, events);
  const answered = view.steps.find(({ path, status }) => path === step.id && status === "completed");
  const event = events.find(({ type, data }) => type === "step.completed" && data?.path === step.id);
  const answer = answered?.result?.value;
  if (!view.started || !answered || !event || typeof answer !== "string") return undefined;
  const text = textOf(step, answered, scopeOf(view, view.started));
  const known = knownOf(step, { answered, answer, view, expected: view.started.expected });
  // What a small model of our own has said by itself would teach the next one nothing but its mistakes.
  if (text === undefined || (known.from === "answer" && answered.result?.provider === "local"))
    return undefined;
  const { startedAt } = view;
  return { run, event: event.hash, startedAt, input: view.started.input, text, answer, ...known };
}

type Known = Pick<RecordedAnswer, "label" | "from" | "by">;

/** What came with the input counts first, then what a person said, then what the model itself did. */
function knownOf(
  { reviews }: AskingStep,
  {
    answered: { path, kind },
    answer,
    view,
    expected,
  }: { answered: StepView; answer: string; view: RunView; expected: Json | undefined },
): Known {
  const right = expectedOf({ path, kind: kind ?? "", value: answer }, expected);
  if (typeof right === "string") return { label: right, from: "expected", by: null };
  for (const { result } of view.steps.filter((each) => reviews.includes(each.path))) {
    const { decision, value, reviewer } = result ?? {};
    const by = typeof reviewer === "string" ? reviewer : null;
    if (decision === "correct" && typeof value === "string") return { label: value, from: "correction", by };
    if (decision === "approve") return { label: answer, from: "approval", by };
  }
  return { label: answer, from: "answer", by: null };
}

/** The text that a classifier in its place would read: `input.text`, or else the last message of the user. */
function textOf({ work }: AskingStep, { trace }: StepView, scope: Scope): string | undefined {
  try {
    const config = work.config(scope);
    const input = isJsonObject(config) ? config.input : null;
    if (typeof input === "string") return input;
    if (input && isJsonObject(input) && typeof input.text === "string") return input.text;
  } catch (error) {
    // The present version reads what that run did not have.
    if (error instanceof FlyballError) return undefined;
    throw error;
  }
  const asked = Array.isArray(trace?.prompt) ? trace.prompt : [];
  const message = asked.findLast((each): each is JsonObject => isJsonObject(each) && each.role === "user");
  return typeof message?.content === "string" ? message.content : undefined;
}

/** What an expression of the workflow's own steps saw in a run that has ended. */
function scopeOf({ id, steps }: RunView, { workflow, input, tags = {} }: RunStarted): Scope {
  const results = Object.fromEntries(steps.map(({ path, result }) => [path, result]));
  const names: JsonObject = { ...results, steps: results, input, run: { id, workflow, tags } };
  return { get: (name) => (Object.hasOwn(names, name) ? names[name] : undefined) };
}
