import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { flyball, start } from "../command.ts";
import { type Fault, type FaultContext, zero } from "./fault.ts";
import { recordedEvents } from "./record.ts";
import { ask, freePort, post, serve, sleep, stop } from "./serving.ts";

// The n-th fsync (or write) of a server fails once with EIO, and the next would succeed: what the failed one
// was to make durable may be gone, and only a process that believes nothing any more is right about that.
// Commits go to the log (flyball.db-wal). An error elsewhere may be passed over by SQLite: that of a folder's
// fsync it does not heed; before a checkpoint it syncs a log that is on disk already, and after an error
// of the checkpoint the log still has everything. There too, nothing may be lost.

const failing = { fsync: "fsync,fdatasync", write: "pwrite64" };
const points = { fsync: 40, write: 120, writeStep: 6 };
const requestsMax = 120;
const stopped = 3;

interface Point {
  readonly call: keyof typeof failing;
  readonly nth: number;
}

interface Tally {
  injected: number;
  ended: number;
  accepted: number;
  lost: number;
  unsound: number;
  wrongExits: number;
  answeredAfter: number;
}

export const fault: Fault = {
  id: "R6",
  title: "an fsync, or a write, fails with an I/O error",
  promise: "G1 G2",
  needs: ["strace"],
  async run(context) {
    const tally: Tally = {
      injected: 0,
      ended: 0,
      accepted: 0,
      lost: 0,
      unsound: 0,
      wrongExits: 0,
      answeredAfter: 0,
    };
    for (const point of pointsOf(context)) {
      await failAt(point, context, tally);
      context.progress(`${point.call} ${point.nth}: ${JSON.stringify(tally)}`);
    }
    const { injected, ended, accepted, lost, unsound, wrongExits, answeredAfter } = tally;
    return [
      { name: "errors injected", value: injected, target: "> 0", ok: injected > 0 },
      { name: "processes that ended with exit code 3", value: ended, target: "> 0", ok: ended > 0 },
      zero("processes that went on after a failed commit", wrongExits, injected),
      zero("requests accepted after a failed commit", answeredAfter, injected),
      zero("runs accepted before it that were lost", lost, accepted),
      zero("journals that do not verify after it", unsound, injected),
    ];
  },
};

function pointsOf({ full }: FaultContext): readonly Point[] {
  if (!full) return [{ call: "fsync", nth: 30 }];
  const fsyncs = Array.from({ length: points.fsync }, (_, index) => ({
    call: "fsync" as const,
    nth: index + 1,
  }));
  const writes = Array.from({ length: points.write / points.writeStep }, (_, index) => ({
    call: "write" as const,
    nth: 1 + index * points.writeStep,
  }));
  return [...fsyncs, ...writes];
}

async function failAt({ call, nth }: Point, { scratch }: FaultContext, tally: Tally): Promise<void> {
  const folder = join(scratch, `${call}-${nth}`);
  mkdirSync(folder);
  writeFileSync(join(folder, "two.yaml"), workflow);
  const trace = join(scratch, `${call}-${nth}.trace`);
  const port = await freePort();
  const strace = ["strace", "-f", "-qq", "-y", "--seccomp-bpf", "-o", trace];
  const filter = ["-e", `trace=${failing.fsync},pwrite64,write,writev,sendto,sendmsg`];
  const inject = ["-e", `inject=${failing[call]}:error=EIO:when=${nth}`];
  const started = start(["serve", ".", "--no-supervise", "--port", String(port)], {
    cwd: folder,
    under: [...strace, ...filter, ...inject],
  });
  const accepted = await postUntilEnd(`http://127.0.0.1:${port}/v1`, started.outcome);
  for (const traced of childrenOf(started.child.pid)) process.kill(traced, "SIGINT");
  const { code } = await started.outcome;
  const lines = readFileSync(trace, "utf8").split("\n");
  const error = lines.findIndex((line) => line.includes("(INJECTED)"));
  assert.ok(error >= 0, `${call} ${nth} was never reached`);
  tally.injected += 1;
  tally.accepted += accepted.length;
  const hitsLog = isOfCommit(lines.slice(0, error + 1));
  if (code === stopped) tally.ended += 1;
  else if (hitsLog) tally.wrongExits += 1;
  if (hitsLog)
    tally.answeredAfter += lines.slice(error).filter((line) => /"HTTP\/1\.1 20\d/.test(line)).length;
  await checkAfter(folder, accepted, tally);
}

/** Whether the last call is on the log, and there is something in it that is not on disk yet. */
function isOfCommit(lines: readonly string[]): boolean {
  const onLog = lines.filter((line) => /<[^>]*\.db-wal>/.test(line));
  const isLast = onLog.at(-1) === lines.at(-1);
  return isLast && (/pwrite64/.test(onLog.at(-1) ?? "") || /pwrite64/.test(onLog.at(-2) ?? ""));
}

/** The processes that strace runs: a signal to strace itself would leave them behind. */
function childrenOf(process: number | undefined): readonly number[] {
  const file = `/proc/${process}/task/${process}/children`;
  const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  return text === "" ? [] : text.split(" ").map(Number);
}

/** Hands in one run after the other until the server has ended; resolves with those that it accepted. */
async function postUntilEnd(url: string, outcome: Promise<unknown>): Promise<readonly string[]> {
  const accepted: string[] = [];
  let isOver = false;
  outcome.then(() => {
    isOver = true;
  });
  for (let n = 0; n < requestsMax && !isOver; n++) {
    const answer = await post(`${url}/workflows/two/runs`, { input: { n } });
    if (answer?.status === 202) accepted.push(String(answer.body.runId));
    else await sleep(20);
  }
  return accepted;
}

/** Takes the folder up as the next start does, and looks for every run that was accepted. */
async function checkAfter(folder: string, accepted: readonly string[], tally: Tally): Promise<void> {
  const server = await serve([".", "--port", "0"], { cwd: folder });
  for (const id of accepted)
    while ((await ask(`${server.url}/v1/runs/${id}`))?.body.endedAt === null) await sleep(20);
  await stop(server);
  const completed = new Set(
    (await recordedEvents(folder)).filter(({ type }) => type === "run.completed").map(({ stream }) => stream),
  );
  tally.lost += accepted.filter((id) => !completed.has(`run/${id}`)).length;
  const { stdout } = await flyball(["verify", "--json"], { cwd: folder });
  tally.unsound += JSON.parse(stdout).ok === true ? 0 : 1;
}

const workflow = `workflow: two
steps:
  - { id: one, transform: { value: "{{ input.n }}" } }
  - { id: two, transform: { value: "{{ one.value }}" } }
`;
