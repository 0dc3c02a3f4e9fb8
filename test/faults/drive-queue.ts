/**
 * `node drive-queue.ts MODE HOME PROJECT COUNT`: one way to hand in more than four workers can do.
 *
 * - `queue`: so many runs queue up before the first may begin; then they are worked off.
 * - `reviews`: so many runs each come to a question to a person, and wait.
 * - `pressure`: the queue has so many places, and three times as many runs are handed in as fast as it goes.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openEngine } from "../../src/engine.ts";
import { createApp } from "../../src/http/index.ts";
import { forEach, memory, tell } from "./driver.ts";
import { percentile } from "./fault.ts";

const [mode = "", home = "", project = "", places] = process.argv.slice(2);
const count = Number(places);
const limits = { running: 4, queued: mode === "reviews" ? 100 * count : count };
const engine = await openEngine({ home, limits, onFatal: (error) => assert.fail(error) });
const name = { queue: "short", reviews: "asks", pressure: "slow" }[mode] ?? "";
await engine.open(join(project, `workflows/${name}.yaml`));
const app = createApp({ engine, isLocal: true });
const headers = { "content-type": "application/json" };
const now = () => engine.clock.monotonic();
const round = (ms: number) => Math.round(ms * 10) / 10;

async function handIn(
  n: number,
): Promise<{ readonly status: number; readonly id: string; readonly retry: string | null }> {
  const body = JSON.stringify({ input: { n } });
  const response = await app.request(`/v1/workflows/${name}/runs`, { method: "POST", headers, body });
  const { runId = "" } = (await response.json()) as { runId?: string };
  return { status: response.status, id: runId, retry: response.headers.get("retry-after") };
}

async function timed(work: () => unknown): Promise<number> {
  const beganMs = now();
  await work();
  return now() - beganMs;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => engine.clock.after(5, () => resolve(undefined)));
}

/** What a list costs now, the slowest of each twenty: first pages, later pages, and of one status. */
async function listMs(): Promise<number> {
  const sample: number[] = [];
  const pages = [
    "",
    "&status=queued",
    "&status=waiting",
    "&status=failed",
    `&workflow=${name}`,
    "&workflow=none",
  ];
  for (let turn = 0; turn < 20; turn++)
    for (const page of pages) {
      let cursor = "";
      sample.push(
        await timed(async () => {
          const response = await app.request(`/v1/runs?limit=50${page}`);
          cursor = ((await response.json()) as { nextCursor: string | null }).nextCursor ?? "";
        }),
      );
      if (cursor)
        sample.push(
          await timed(async () => (await app.request(`/v1/runs?limit=50${page}&cursor=${cursor}`)).json()),
        );
    }
  return round(percentile(sample, 0.95));
}

/** All of them hand in before the first begins; `rounds` of it, one after the other. */
async function queue(perRound: number, rounds: number): Promise<void> {
  const enqueueMs: number[] = [];
  let workedMs = 0;
  let listP95Ms = 0;
  for (let turn = 0; turn < rounds; turn++) {
    await engine.executor.turn("workflow/short", { off: "drain", by: "local", reason: null });
    await forEach(perRound, 20, async (n) => {
      enqueueMs.push(await timed(async () => assert.equal((await handIn(n)).status, 202)));
    });
    assert.equal(engine.executor.queuedCount, perRound);
    listP95Ms = Math.max(listP95Ms, await listMs());
    const beganMs = now();
    await engine.executor.turn("workflow/short", { off: null, by: "local", reason: null });
    await until(() => engine.executor.isIdle && engine.executor.queuedCount === 0);
    workedMs += now() - beganMs;
  }
  const { completed = 0 } = engine.control.countRuns();
  const perSecond = Math.round((perRound * rounds * 1_000) / workedMs);
  tell({
    perRound,
    perSecond,
    enqueueP99Ms: round(percentile(enqueueMs, 0.99)),
    listP95Ms,
    completed,
    ...memory(),
  });
}

async function reviews(): Promise<void> {
  await forEach(count, 20, async (n) => assert.equal((await handIn(n)).status, 202));
  await until(() => engine.executor.isIdle && engine.executor.queuedCount === 0);
  tell({ waiting: engine.control.countRuns().waiting ?? 0, listP95Ms: await listMs(), ...memory() });
}

async function pressure(): Promise<void> {
  const accepted: string[] = [];
  let [refused, withoutAdvice, peakQueued] = [0, 0, 0];
  const half = { rssMb: 0 };
  const beganMs = now();
  await forEach(3 * count, 20, async (n) => {
    const { status, id, retry } = await handIn(n);
    peakQueued = Math.max(peakQueued, engine.executor.queuedCount);
    if (n === 2 * count) half.rssMb = memory().rssMb;
    if (status === 202) accepted.push(id);
    else if (status === 429) refused += 1;
    if (status === 429 && !(Number(retry) > 0)) withoutAdvice += 1;
  });
  const handedInMs = now() - beganMs;
  const full = memory();
  await until(() => engine.executor.isIdle && engine.executor.queuedCount === 0);
  const ended = accepted.filter((id) => engine.control.run(id)?.status === "completed").length;
  const faster = round((3 * count) / handedInMs / (accepted.length / (now() - beganMs)));
  const rows = Object.values(engine.control.countRuns()).reduce((sum, n) => sum + n, 0);
  const [halfMb, fullMb] = [half.rssMb, full.rssMb];
  tell({
    accepted: accepted.length,
    refused,
    withoutAdvice,
    peakQueued,
    ended,
    rows,
    faster,
    halfMb,
    fullMb,
    ...memory(),
  });
}

if (mode === "queue") {
  await queue(Math.min(1_000, count / 2), Math.ceil(count / 10_000));
  await queue(count, 1);
} else if (mode === "reviews") await reviews();
else await pressure();
await engine.close();
