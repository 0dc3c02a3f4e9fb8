import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isFinal, type RunRow } from "../../src/core/executor/index.ts";
import { eventsOf } from "../../src/core/journal/index.ts";
import { type Engine, openEngine } from "../../src/engine.ts";

// One run that goes through everything the executor does, driven so that the same call takes it up again
// from wherever it stopped. The calls go to a service that fails now and then.

/** Its id is an idempotency key, as a client's would be. */
const runId = "every-feature";

/** Large enough that its body is kept as a blob. */
const longText = "x".repeat(70_000);

export type Scope = "everything" | "without scripts";

/** Writes the workflow and its child; `port` is the service's. */
export function writeProject(folder: string, port: number, scope: Scope): void {
  mkdirSync(join(folder, "workflows"), { recursive: true });
  writeFileSync(join(folder, "flyball.yaml"), `allow: { http: ["127.0.0.1:${port}"] }\n`);
  writeFileSync(join(folder, "workflows/double.yaml"), child);
  writeFileSync(join(folder, "workflows/undone.yaml"), undone(port));
  writeFileSync(join(folder, "workflows/all.yaml"), parent(port, scope));
}

const child = `workflow: double
input: { type: object, required: [n], properties: { n: { type: integer } } }
steps:
  - { id: twice, transform: { value: "{{ input.n * 2 }}" } }
`;

/** Fails after two steps that can be taken back. */
function undone(port: number): string {
  const call = (what: string) =>
    `{ http: { method: POST, url: "http://127.0.0.1:${port}/${what}", body: {} } }`;
  const retry = "retry: { attempts: 20, backoff: 1ms, max: 5ms }";
  return `workflow: undone
steps:
  - { id: booked, tool: ${call("book")}, ${retry}, undo: { tool: ${call("cancel")} } }
  - { id: noted, transform: { value: 1 }, undo: { emit: { event: unnoted } } }
  - { id: fails, on_failure: fail, transform: { value: "{{ 1 / (noted.value - 1) }}" } }
`;
}

function parent(port: number, scope: Scope): string {
  const call = `retry: { attempts: 20, backoff: 1ms, max: 5ms }
    tool: { http: { method: POST, url: "http://127.0.0.1:${port}/", body: { text: "{{ input.n }}" } } }`;
  const script = `  - { id: counted, script: { js: "input.n + 1", input: { n: "{{ input.n }}" } } }\n`;
  return `workflow: all
input: { type: object, required: [n, text], properties: { n: { type: integer }, text: { type: string } } }
steps:
  - id: first
    ${call}
  - { id: large, transform: { value: "{{ input.text }}" } }
  - { id: each, map: { over: [1, 2, 3], concurrency: 2, steps: [{ id: square, transform: { value: "{{ item * item }}" } }] } }
  - { id: chosen, branch: [{ when: "{{ input.n > 5 }}", steps: [{ id: big, transform: { value: big } }] }, { steps: [{ id: small, transform: { value: small } }] }] }
  - { id: again, loop: { max: 3, until: "{{ turn.value == 1 }}", steps: [{ id: turn, transform: { value: "{{ index }}" } }] } }
  - { id: both, parallel: [{ id: left, transform: { value: l } }, { id: right, transform: { value: r } }] }
  - { id: child, workflow: { name: double, input: { n: "{{ input.n }}" } } }
  - { id: pause, wait: { for: 5ms } }
  - { id: told, wait: { event: go } }
  - { id: asked, human_review: { draft: "{{ each.value }}" } }
  - { id: broken, transform: { value: "{{ 1 / (input.n - input.n) }}" } }
  - { id: replaced, quality_check: { value: 1, rules: [{ name: never, check: "{{ false }}" }] }, fallback: { transform: { value: f } } }
  - { id: tried, workflow: { name: undone }, fallback: { transform: { value: given up } } }
  - { id: paid, once: true, tool: { http: { method: POST, url: "http://127.0.0.1:${port}/pay", body: {} } } }
  - { id: said, emit: { event: done, data: "{{ each.value }}" } }
${scope === "everything" ? script : ""}  - id: last
    ${call}
output: { squares: "{{ asked.value }}", doubled: "{{ child.value }}", told: "{{ told.value }}" }
`;
}

const expectedOutput = { squares: [1, 4, 9], doubled: 14, told: "yes" };

/** Hears of everything that the engine has acknowledged to somebody. */
export type Listener = (what: string) => void;

/** Starts the run, or takes it up, and does what people would do until it has ended. */
export async function drive(home: string, project: string, acknowledged: Listener): Promise<void> {
  const engine = await openEngine({ home, onFatal: (error) => assert.fail(error) });
  const stop = new AbortController();
  const following = follow(engine, stop.signal, acknowledged);
  try {
    const { release } = await engine.open(join(project, "workflows/all.yaml"));
    const id = await engine.executor.start({ release, id: runId, input: { n: 7, text: longText } });
    acknowledged(`accepted ${id}`);
    while (!isFinal(await engine.executor.settled(id))) await help(engine, rowOf(engine, id));
    acknowledged(`ended ${rowOf(engine, id).status}`);
  } finally {
    stop.abort();
    await following;
    await engine.close();
  }
}

/** A follower is told of an event only after it is on disk. */
async function follow(engine: Engine, signal: AbortSignal, acknowledged: Listener): Promise<void> {
  const events = engine.journal.follow(engine.journal.lastPosition(), signal);
  for await (const { position, hash } of events) acknowledged(`event ${position} ${hash}`);
}

function rowOf(engine: Engine, id: string): RunRow {
  const row = engine.control.run(id);
  assert.ok(row, `${id} is not there`);
  return row;
}

/** What a run that stands still waits for: an event, a person's answer, somebody to look at a failure, or time. */
async function help(engine: Engine, row: RunRow): Promise<void> {
  const [review] = engine.control.reviews({ run: row.id, status: "open", limit: 1 });
  if (review) await engine.decide(review.id, { decision: "approve", reviewer: "ann" });
  else if (row.waitingFor === "event")
    await engine.command(row.id, { kind: "signal", event: "go", data: "yes" }, "go");
  else if (row.status === "paused")
    await engine.command(row.id, { kind: "resume", by: "ann", skip: { value: 0 } }, `skip-${row.updatedAt}`);
  else await new Promise((resolve) => engine.clock.after(2, () => resolve(undefined)));
}

/** What is wrong with a folder in which the run has ended; `acknowledged` is all that anybody was told before. */
export async function problemsOf(
  home: string,
  acknowledged: readonly string[] = [],
): Promise<readonly string[]> {
  const engine = await openEngine({ home, recover: false });
  try {
    const { ok, firstBad } = await engine.journal.verify();
    const events = await engine.journal.read(`run/${runId}`);
    const ends = events.filter(({ type }) => type === "run.completed");
    const paths = events.filter(({ type }) => type === "step.completed").map(({ data }) => data?.path);
    const output = JSON.stringify(ends[0]?.data?.output);
    const [child] = engine.control.runs({ workflow: "undone", limit: 1 });
    const childEvents = await engine.journal.read(`run/${child?.id}`);
    const undone = JSON.stringify(childEvents.find(({ type }) => type === "run.failed")?.data?.undone);
    return [
      ...(ok ? [] : [`the journal does not verify: ${JSON.stringify(firstBad)}`]),
      ...(ends.length === 1 ? [] : [`the run has ${ends.length} ends`]),
      ...(new Set(paths).size === paths.length ? [] : ["a step's result is recorded twice"]),
      ...(output === JSON.stringify(expectedOutput) ? [] : [`the output is ${output}`]),
      ...(undone === '["noted","booked"]' ? [] : [`undone were ${undone}`]),
      ...(await lostOf(engine, acknowledged)),
    ];
  } finally {
    await engine.close();
  }
}

/** What was acknowledged and is not there, or not the same any more. */
export async function lostOf(engine: Engine, acknowledged: readonly string[]): Promise<readonly string[]> {
  const events = await eventsOf(engine.journal);
  const row = engine.control.run(runId);
  const there = new Set(events.map(({ position, hash }) => `event ${position} ${hash}`));
  if (row) there.add(`accepted ${row.id}`).add(`ended ${row.status}`);
  return acknowledged.filter((what) => !there.has(what)).map((what) => `lost: ${what}`);
}
