import { isDeepStrictEqual } from "node:util";
import type { ErrorRecord, Json, JsonObject } from "../../src/core/base/index.ts";
import { isFinal, type Undone } from "../../src/core/executor/index.ts";
import { assertSound } from "../../src/core/executor/testing.ts";
import { eventsOf, type JournalEvent } from "../../src/core/journal/index.ts";
import { planOf } from "./client.ts";
import { History, type RunHistory, textOf } from "./history.ts";
import { answerOf, type Expected, failureOf, type Prediction, predict, unknown } from "./model.ts";
import { allSteps, doneBy, idOf, isUndo, type Plan, type PlanStep } from "./plan.ts";
import type { Simulation } from "./simulation.ts";
import { callCost, effectKey } from "./world.ts";

// What is checked of a program that has come to its end
// =====================================================
//   C1. Each run that was accepted has ended, in a way that the model allows, with the output that it says.
//   C2. Each result is recorded once, has the value that the model says, and nothing else is recorded.
//   C3. A completed run has a result, or a skip, for each step that the model comes to.
//   C4. What is recorded as done was done; nothing was done more often than attempts, crashes and refused
//       commits explain.
//   C5. No wait ends before its time; in calm weather none ends more than a poll later.
//   C6. Each command is taken once, and none is left in the inbox.
//   C7. A child has the input that the model says, and ends with its parent.
//   C8. A `once` step is in doubt only where something was in the way.
//   C9. A run that does not complete takes back what its steps did, the last first, and nothing else.
//   C10. The journal verifies, and the control tables are its fold.

/** Differences between what happened and what had to happen; none when all is well. */
export async function differences(simulation: Simulation): Promise<readonly string[]> {
  const { journal } = simulation.process;
  const history = new History(await eventsOf(journal));
  const problems: string[] = [];
  for (const { id, plan, input } of simulation.program.runs) {
    const run = history.runs.get(id);
    if (run)
      checkRun(
        { simulation, history, run, plan: planOf(simulation.program, plan), input, isGivenUp: false },
        problems,
      );
    else problems.push(`run ${id} was accepted, and is not there`);
  }
  try {
    await assertSound({ journal, control: simulation.store.control });
  } catch (error) {
    problems.push(`C10: ${error}`);
  }
  return problems;
}

interface Subject {
  readonly simulation: Simulation;
  readonly history: History;
  readonly run: RunHistory;
  readonly plan: Plan;
  readonly input: Json;
  /** Nobody waits for it any more, so that it may have been cancelled. */
  readonly isGivenUp: boolean;
}

function checkRun(subject: Subject, problems: string[]): void {
  const { simulation, history, run, plan, input } = subject;
  const { program } = simulation;
  const options = { program, history, run: run.id, plan, input };
  const asIs = predict({ ...options, isMended: false });
  // A child that began after its parent was resumed meets a world that has been mended.
  const mended =
    program.pausePlan === "repair" && run.events[0]?.data?.parent
      ? [predict({ ...options, isMended: true })]
      : [];
  const found = [asIs, ...mended].map((prediction) => checkOutcome(subject, prediction));
  problems.push(...(found.find((list) => list.length === 0) ?? found[0] ?? []));
  problems.push(...checkCommands(subject), ...checkTimes(subject), ...checkEffects(subject));
  problems.push(...checkDoubts(subject), ...checkUndone(subject));
  for (const [path, child] of asIs.children)
    for (const childRun of history.childrenOf(run.id, path)) {
      const isGivenUp = !isTaken(run, path, childRun.id);
      checkRun(
        { ...subject, run: childRun, plan: planOf(program, child.plan), input: child.input, isGivenUp },
        problems,
      );
    }
}

/** The parent's step has taken in how this child ended. */
function isTaken({ events }: RunHistory, path: string, child: string): boolean {
  const waited = events.findLast(({ type, data }) => type === "step.waited" && data?.path === path);
  const wait = waited?.data?.wait as JsonObject | undefined;
  return wait?.key === child && dataOf(events, "step.completed", path) !== undefined;
}

function checkOutcome(subject: Subject, prediction: Prediction): string[] {
  const { run } = subject;
  const end = run.events.at(-1);
  const status = end?.type.replace("run.", "") ?? "";
  if (!isFinal(status)) return [`C1: ${run.id} has not ended: ${end?.type}`];
  const problems = [...checkResults(subject, prediction)];
  if (status === "completed") problems.push(...checkCompleted(subject, prediction, end?.data ?? {}));
  else if (!isAllowedEnd(subject, prediction, status, end?.data ?? {}))
    problems.push(
      `C1: ${run.id} ended as ${status} ${JSON.stringify(end?.data)}, expected ${expectedEnds(prediction)}`,
    );
  if (!isDeepStrictEqual(subject.input, run.events[0]?.data?.input ?? null))
    problems.push(
      `C7: ${run.id} has the input ${JSON.stringify(run.events[0]?.data?.input)}, expected ${JSON.stringify(subject.input)}`,
    );
  return problems;
}

function expectedEnds({ ends, output }: Prediction): string {
  return ends.length > 0 ? JSON.stringify(ends) : `completed with ${JSON.stringify(output)}`;
}

function isAllowedEnd(
  { simulation, run, plan, isGivenUp }: Subject,
  { ends }: Prediction,
  status: string,
  data: JsonObject,
): boolean {
  const isCancelled =
    isGivenUp || simulation.program.runs.some((each) => each.id === run.id && each.isCancelled);
  if (status === "cancelled" && isCancelled) return true;
  if (status === "expired" && plan.expiresMs !== null) return true;
  const error = data.error as ErrorRecord | undefined;
  return ends.some(
    (end) =>
      end.status === status &&
      (end.status === "cancelled" || end.path === data.path) &&
      (end.status !== "failed" || end.code === error?.code),
  );
}

function checkCompleted({ run, plan }: Subject, prediction: Prediction, data: JsonObject): string[] {
  const { ends, output, steps, abandoned } = prediction;
  if (ends.length > 0) return [`C1: ${run.id} completed, expected ${expectedEnds(prediction)}`];
  const problems: string[] = [];
  if (!isDeepStrictEqual(data.output, output))
    problems.push(
      `C1: ${run.id} has the output ${JSON.stringify(data.output)}, expected ${JSON.stringify(output)}`,
    );
  const answers = run.events.filter(
    ({ type, data: step }) => type === "step.completed" && costOf(step) > 0,
  ).length;
  if (data.costUsd !== answers * callCost)
    problems.push(`C1: ${run.id} cost ${data.costUsd} for ${answers} answers`);
  for (const [path, { outcome }] of steps) {
    const isOptional =
      abandoned.some((prefix) => path.startsWith(prefix)) || (outcome === "skipped" && plan.form === "flow");
    if (!isOptional && !dataOf(run.events, `step.${outcome}`, path))
      problems.push(`C3: ${run.id}/${path} is not recorded as ${outcome}`);
  }
  return problems;
}

function costOf(step: JsonObject | null): number {
  const result = step?.result as JsonObject | undefined;
  return Number(result?.cost ?? 0);
}

function checkResults({ run }: Subject, { steps }: Prediction): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { type, data } of run.events) {
    const path = textOf(data?.path);
    if (isUndo(path)) continue;
    const expected = steps.get(path);
    const problem = resultProblem(type, data ?? {}, expected);
    if (problem) problems.push(`C2: ${run.id}/${path} ${problem}, expected ${JSON.stringify(expected)}`);
    if (type !== "step.completed" && type !== "step.skipped") continue;
    if (seen.has(path)) problems.push(`C2: ${run.id}/${path} has a second result`);
    seen.add(path);
  }
  return problems;
}

function resultProblem(type: string, data: JsonObject, expected: Expected | undefined): string | undefined {
  switch (type) {
    case "step.completed": {
      const { value } = data.result as { value: Json };
      const isRight = expected?.outcome === "completed" && isDeepStrictEqual(expected.value, value);
      return isRight ? undefined : `completed with ${JSON.stringify(value)}`;
    }
    case "step.skipped":
      return expected?.outcome === "skipped" ? undefined : "was skipped";
    case "step.failed": {
      const { code, message } = data.error as ErrorRecord;
      const codes =
        expected?.outcome === "failed"
          ? expected.code
          : expected?.outcome === "completed"
            ? expected.mayFail
            : null;
      return codes === code ? undefined : `failed with ${code} (${message})`;
    }
    case "run.paused":
      return data.reason === "failed" || data.reason === "asked"
        ? undefined
        : `was paused: ${JSON.stringify(data)}`;
    default:
      return undefined;
  }
}

function checkCommands({ run }: Subject): string[] {
  const taken = new Map<string, number>();
  for (const { type, data } of run.events) {
    const key = `${type === "run.signalled" ? "signalled" : type.startsWith("run.") ? "taken" : "answered"} ${textOf(data?.command)}`;
    if (data?.command && type !== "step.completed") taken.set(key, (taken.get(key) ?? 0) + 1);
  }
  return [...taken]
    .filter(([, times]) => times > 1)
    .map(([key, times]) => `C6: ${run.id}: ${key} ${times} times`);
}

/** A wait that ended because its time had come: at `at`, for what had been due at `dueAt`. */
function checkTimes({ simulation, run }: Subject): string[] {
  const problems: string[] = [];
  const isCalm =
    simulation.weather.name === "calm" && !simulation.weather.commitsLater && !hasLimits(simulation);
  const hasPaused = run.events.some(({ type }) => type === "run.paused");
  const waits = new Map<string, JsonObject>();
  const expiresAt = run.events[0]?.data?.expiresAt;
  for (const event of run.events) {
    const path = textOf(event.data?.path);
    if (event.type === "step.waited") waits.set(path, event.data?.wait as JsonObject);
    const dueAt = isExpiry(event) ? Number(expiresAt) : endOfTime(event, waits.get(path));
    if (dueAt === undefined) continue;
    if (event.at < dueAt) problems.push(`C5: ${run.id}/${path} waited ${dueAt - event.at} ms too short`);
    if (isCalm && !hasPaused && event.at > dueAt + 1_000)
      problems.push(`C5: ${run.id}/${path} waited ${event.at - dueAt} ms too long`);
  }
  return problems;
}

/** The moment at which a run expired; one with something to take back ends later. */
function isExpiry({ type, data }: JournalEvent): boolean {
  if (type === "run.undoing") return (data?.end as JsonObject | undefined)?.status === "expired";
  return type === "run.expired" && data?.undone === undefined;
}

/** Whoever waits for a place may be late. */
function hasLimits({ program }: Simulation): boolean {
  const isLimited = ({ work }: PlanStep) => work.type === "call" && work.atOnce !== null;
  const plans = [...program.plans.values()];
  return (
    program.running < 1_000 ||
    plans.some((plan) => plan.atOnce !== null || allSteps(plan.steps).some(isLimited))
  );
}

function endOfTime({ type, data }: JournalEvent, wait: JsonObject | undefined): number | undefined {
  if (!wait || typeof wait.dueAt !== "number") return undefined;
  const result = data?.result as JsonObject | undefined;
  const error = data?.error as JsonObject | undefined;
  const isOver =
    (type === "step.completed" && wait.for === "time") ||
    (type === "step.completed" && result?.expired === true) ||
    (type === "step.failed" && (error?.code === "WAIT_EXPIRED" || error?.code === "REVIEW_EXPIRED"));
  return isOver ? wait.dueAt : undefined;
}

function checkEffects({ simulation, run, plan }: Subject): string[] {
  const problems: string[] = [];
  const { effects } = simulation.world;
  const works = new Map(allSteps(plan.steps).map(({ id, work }) => [id, work]));
  const attempts = new Map<string, number>();
  for (const { type, data } of run.events)
    if (["step.retried", "step.failed", "step.completed"].includes(type)) {
      const path = textOf(data?.path);
      // A failure of the step itself that turns to the fallback leaves no event of its own.
      attempts.set(path, (attempts.get(path) ?? 0) + (data?.fallbackFor ? 2 : 1));
    }
  for (const { type, data } of run.events) {
    const path = textOf(data?.path);
    const work = works.get(idOf(path));
    if (type !== "step.completed" || work?.type !== "call" || data?.skippedBy) continue;
    const own = data?.fallbackFor ? work.fallback?.name : work.name;
    const name = isUndo(path) ? work.undo?.name : own;
    if (!effects.has(effectKey(run.id, path, name ?? "")))
      problems.push(`C4: ${run.id}/${path} is recorded as done, and was not`);
  }
  const prefix = `${run.id}/`;
  for (const [key, times] of effects) {
    if (!key.startsWith(prefix)) continue;
    const path = key.slice(prefix.length, key.lastIndexOf(" "));
    // A process that has been replaced goes on at each moment at which the owner does, until it writes.
    const each = (attempts.get(path) ?? 0) + 1;
    const most = each * (1 + simulation.zombies) + simulation.processes + simulation.refusals;
    if (times > most) problems.push(`C4: ${key} was done ${times} times, at most ${most} are explained`);
  }
  return problems;
}

function checkDoubts({ simulation, run, plan }: Subject): string[] {
  if (simulation.processes > 1 || simulation.refusals > 0) return [];
  const steps = new Map(allSteps(plan.steps).map(({ id, work }) => [id, work]));
  return run.events.flatMap(({ type, data }) => {
    const path = textOf(data?.path);
    const work = steps.get(idOf(path));
    const isInDoubt = type === "step.failed" && (data?.error as ErrorRecord | undefined)?.code === unknown;
    if (!isInDoubt || (work?.type === "call" && failureOf(work, path) === unknown)) return [];
    return [`C8: ${run.id}/${path} is in doubt, and nothing was in its way`];
  });
}

/** What is owed an undo is what has begun, but for what is known not to have happened. */
function checkUndone({ simulation, run, plan }: Subject): string[] {
  const begun = run.events.findIndex(({ type }) => type === "run.undoing");
  const end = run.events.at(-1);
  const { undone = [], notUndone = [] } = (end?.data ?? {}) as unknown as Partial<Undone>;
  const listed = new Set([...undone, ...notUndone.map(({ path }) => path)]);
  const owed = owedBy(run.events.slice(0, begun < 0 ? undefined : begun));
  const isCompleted = end?.type === "run.completed";
  const problems: string[] = [];
  const taken = run.events.filter(
    ({ type, data }) => (type === "step.completed" || type === "step.failed") && isUndo(textOf(data?.path)),
  );
  const order = taken.map(({ data }) => doneBy(textOf(data?.path)));
  const expected = isCompleted ? [] : owed.toReversed();
  if (!isDeepStrictEqual(order, expected))
    problems.push(`C9: ${run.id} takes back ${order.join(", ")}; expected ${expected.join(", ")}`);
  for (const event of taken) problems.push(...undoProblem(run, plan, event, undone));
  for (const { id, work } of allSteps(plan.steps)) {
    if (isCompleted || work.type !== "call" || !work.undo) continue;
    for (const done of simulation.world.done) {
      const path = done.slice(run.id.length + 1);
      if (done.startsWith(`${run.id}/`) && !isUndo(path) && idOf(path) === id && !listed.has(path))
        problems.push(`C9: ${done} was done, and is not taken back`);
    }
  }
  return problems;
}

function owedBy(events: readonly JournalEvent[]): readonly string[] {
  const owed = new Set<string>();
  for (const { type, data } of events) {
    const path = textOf(data?.path);
    if (type === "step.started" && data?.undo === true) owed.add(path);
    if (type === "step.failed" && data?.inDoubt !== true) owed.delete(path);
  }
  return [...owed];
}

function undoProblem(run: RunHistory, plan: Plan, event: JournalEvent, undone: readonly string[]): string[] {
  const path = doneBy(textOf(event.data?.path));
  const work = allSteps(plan.steps).find(({ id }) => id === idOf(path))?.work;
  if (work?.type !== "call" || !work.undo) return [`C9: ${run.id}/${path} has no undo`];
  const { name, troubles } = work.undo;
  const given = dataOf(run.events, "step.completed", path)?.result as JsonObject | undefined;
  const value = (event.data?.result as JsonObject | undefined)?.value;
  const works = !troubles.includes("refused") && troubles.length < 4;
  const isRight = works
    ? value === answerOf(name, given?.value ?? null) && undone.includes(path)
    : event.type === "step.failed" && !undone.includes(path);
  return isRight ? [] : [`C9: ${run.id}/${path}.undo came to ${event.type} ${JSON.stringify(value)}`];
}

function dataOf(events: readonly JournalEvent[], type: string, path: string): JsonObject | undefined {
  return events.find((event) => event.type === type && event.data?.path === path)?.data ?? undefined;
}
