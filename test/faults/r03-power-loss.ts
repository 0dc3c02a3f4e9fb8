import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../src/core/base/index.ts";
import { openEngine } from "../../src/engine.ts";
import { Disk, digestOf, type Image, writeImage } from "./disk.ts";
import { driven, linesOf } from "./driven.ts";
import { drive, lostOf, problemsOf, writeProject } from "./every-feature.ts";
import { type Fault, type FaultContext, type Measure, report, zero } from "./fault.ts";
import { startSink } from "./sink.ts";
import { type Operation, readTrace, straceTo } from "./trace.ts";

// One run with every feature is traced: each write, each fsync, and each word to the client. From the trace
// follow the states that a power loss at any moment may leave. Each is opened, verified, held against what
// the client had been told by then, and run to its end. The same with synchronous=NORMAL shows that the
// test sees a loss where there is one.

/** A checkpoint each few commits, so that the trace holds many; the engine's own would come after it ends. */
const checkpoints = "wal_autocheckpoint=40";
/** Opening an image syncs it again and again, which a folder in memory does at once. */
const inMemory = "/dev/shm";

interface State {
  readonly image: Image;
  readonly told: readonly string[];
}

export const fault: Fault = {
  id: "R3",
  title: "power loss: every kind of state that the writes and fsyncs of one run may leave on the disk",
  promise: "G1 G2 G3 G11",
  needs: ["strace"],
  async run(context) {
    const { full, progress } = context;
    const sink = await startSink({ delayMs: 0, failEvery: 3 });
    const project = realpathSync(context.scratch);
    try {
      writeProject(project, sink.port, "without scripts");
      const trace = await traceOf(project, checkpoints);
      const states = distinctStates(trace, { context, count: full ? 2_500 : 24 });
      const problems = await tally(states, progress, (home, told) =>
        fullCheck(home, project, told).catch((error) => [String(error)]),
      );
      const weakTrace = await traceOf(project, `${checkpoints};synchronous=NORMAL`);
      const weakStates = distinctStates(weakTrace, { context, count: full ? 500 : 30 });
      const weak = await tally(weakStates, progress, lostAtOnce);
      return measures({ trace, problems, weak });
    } finally {
      await sink.close();
    }
  },
};

function measures(found: {
  trace: readonly Operation[];
  problems: readonly string[][];
  weak: readonly string[][];
}): readonly Measure[] {
  const { trace, problems, weak } = found;
  const withLoss = (lists: readonly string[][]) =>
    lists.filter((list) => list.some((problem) => problem.startsWith("lost: "))).length;
  const withOther = problems.filter((list) => list.some((problem) => !problem.startsWith("lost: "))).length;
  const weakShare = Math.round((1_000 * withLoss(weak)) / weak.length) / 10;
  const count = (type: Operation["type"]) => trace.filter((operation) => operation.type === type).length;
  return [
    report("writes and fsyncs of the run", `${count("write")} and ${count("sync")}`),
    { name: "different states tried", value: problems.length, target: "> 0", ok: problems.length > 0 },
    zero("states without something that was acknowledged", withLoss(problems), problems.length),
    zero("states that are corrupt, or whose run does not end well", withOther, problems.length),
    {
      name: "for comparison, synchronous=NORMAL: states without something that was acknowledged",
      value: weakShare,
      unit: "%",
      target: "> 0: the test can fail",
      trials: weak.length,
      ok: weakShare > 0,
    },
  ];
}

async function traceOf(project: string, pragmas: string): Promise<readonly Operation[]> {
  const home = mkdtempSync(join(project, "traced-"));
  const file = `${home}.trace`;
  const options = { preload: "preload-pragma.ts", env: { PRAGMAS: pragmas }, under: straceTo(file) };
  await driven(join(home, "data"), project, options);
  const operations = readTrace(readFileSync(file, "latin1"), home);
  assert.ok(operations.some(({ type }) => type === "sync") && operations.some(({ type }) => type === "told"));
  rmSync(file);
  return operations;
}

/** Different states, spread evenly over the trace; what comes after the same operations varies by chance. */
function* distinctStates(
  trace: readonly Operation[],
  options: { context: FaultContext; count: number },
): Generator<State> {
  const { context, count } = options;
  const random = seededRandom(`power-${context.seed}`);
  const perOperation = count / trace.length;
  const [seen, told, disk] = [new Set<string>(), [] as string[], new Disk()];
  let due = 0;
  for (const operation of trace) {
    disk.apply(operation);
    if (operation.type === "told") told.push(...linesOf(operation.text));
    due += perOperation;
    // Where little is pending there are few states; what is left is made up for where there are more.
    for (let tries = 0; due >= 1 && tries < 2 * due + 10; tries++) {
      const image = disk.afterPowerLoss(random);
      // The same image with more acknowledged is another state: one that may have lost it.
      const digest = `${digestOf(image)} ${told.length}`;
      if (seen.has(digest)) continue;
      seen.add(digest);
      yield { image, told: [...told] };
      due -= 1;
    }
  }
}

async function tally(
  states: Iterable<State>,
  progress: (text: string) => void,
  check: (home: string, told: readonly string[]) => Promise<readonly string[]>,
): Promise<readonly string[][]> {
  const root = mkdtempSync(
    join(statSync(inMemory, { throwIfNoEntry: false }) ? inMemory : tmpdir(), "flyball-r3-"),
  );
  const found: string[][] = [];
  try {
    for (const { image, told } of states) {
      const index = found.length;
      const home = join(root, String(index));
      mkdirSync(home);
      writeImage(image, home);
      const problems = await check(join(home, "data"), told);
      if (problems.length > 0 && check !== lostAtOnce)
        progress(`state ${index}: ${problems.slice(0, 3).join("; ")}`);
      found.push([...problems]);
      rmSync(home, { recursive: true });
      if (index % 250 === 249) progress(`${index + 1} states`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return found;
}

/** What is missing before anything goes on. */
async function lostAtOnce(home: string, told: readonly string[]): Promise<readonly string[]> {
  const engine = await openEngine({ home, recover: false });
  try {
    return await lostOf(engine, told);
  } finally {
    await engine.close();
  }
}

async function fullCheck(home: string, project: string, told: readonly string[]): Promise<readonly string[]> {
  const missing = await lostAtOnce(home, told);
  await drive(home, project, () => {});
  return [...missing, ...(await problemsOf(home, told))];
}
