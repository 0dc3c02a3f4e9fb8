import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../src/core/base/index.ts";
import { below, type Fault, type FaultContext, type Measure, report, zero } from "./fault.ts";
import { assertSound, recordedEvents } from "./record.ts";
import { type Answer, ask, post, type Serving, serve, sleep, stop } from "./serving.ts";

// A server has its data folder on a file system of its own, which another program's file and the runs
// fill up. Then somebody makes room: first retention, which must write to erase, and then the other program.

const resumedWithinMs = 10_000;
const unendedMsMax = 60_000;
const text = "t".repeat(20_000);
const full = 507;

export const fault: Fault = {
  id: "R5",
  title: "the disk is full, for a while",
  promise: "G1 G2 G14",
  needs: ["root", "tmpfs"],
  async run(context) {
    const disk = join(context.scratch, "disk");
    mkdirSync(disk);
    mount("mount", "-t", "tmpfs", "-o", `size=${context.full ? 64 : 24}m`, "tmpfs", disk);
    try {
      return [...(await fillAndFree(disk, context)), ...(await eraseWhenFull(disk, context))];
    } finally {
      mount("umount", "--lazy", disk);
    }
  },
};

function mount(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

async function fillAndFree(disk: string, { scratch, progress }: FaultContext): Promise<readonly Measure[]> {
  writeFileSync(join(scratch, "texts.yaml"), workflow);
  const home = join(disk, "home");
  const args = ["texts.yaml", "--home", home, "--port", "0"];
  const server = await serve(args, { cwd: scratch });
  const ballast = join(disk, "ballast");
  fill(ballast, freeBytes(disk) / 2);
  const accepted = new Set<string>();
  const whileFull = await postWhileFull(server, accepted);
  fill(ballast, freeBytes(disk));
  progress(`${accepted.size} runs accepted until it was full`);
  whileFull.push(...(await postWhileFull(server, accepted)));
  const failedReads = await countFailedReads(server, accepted);
  await sleep(1_000);
  const isAlive = server.child.exitCode === null;
  const refused = whileFull.filter(({ status, body }) => status === full && body.code === "DISK_FULL").length;

  rmSync(ballast);
  const freedMs = systemClock.monotonic();
  await untilAccepted(server, accepted);
  await untilEnded(server, accepted);
  const resumedMs = Math.round(systemClock.monotonic() - freedMs);
  await stop(server);
  const events = await recordedEvents(home, ["--home", home]);
  const ended = new Set(events.filter(({ type }) => type === "run.completed").map(({ stream }) => stream));
  await assertSound(home, ["--home", home]);
  return [
    report("runs accepted", accepted.size),
    { name: "starts refused with 507 DISK_FULL", value: refused, target: "> 0", ok: refused > 0 },
    zero("starts answered otherwise than accepted or full", whileFull.length - refused, whileFull.length),
    zero("reads that failed while it was full", failedReads, accepted.size),
    { name: "the server lived on", value: String(isAlive), target: "true", ok: isAlive },
    below("from room to every run ended, by itself", resumedMs, { max: resumedWithinMs, unit: "ms" }),
    zero("accepted runs lost", [...accepted].filter((id) => !ended.has(`run/${id}`)).length, accepted.size),
  ];
}

/** Starts runs until several in a row are refused; resolves with every answer but the acceptances. */
async function postWhileFull({ url }: Serving, accepted: Set<string>): Promise<Answer[]> {
  const others: Answer[] = [];
  for (let refusals = 0; refusals < 20; ) {
    const answer = await post(`${url}/v1/workflows/texts/runs`, { input: { text } });
    assert.ok(answer, "the server answers");
    if (answer.status === 202) accepted.add(String(answer.body.runId));
    else others.push(answer);
    refusals = answer.status === 202 ? 0 : refusals + 1;
  }
  return others;
}

async function countFailedReads({ url }: Serving, accepted: ReadonlySet<string>): Promise<number> {
  let failed = 0;
  for (const path of ["healthz", "v1/runs?limit=100", ...[...accepted].map((id) => `v1/runs/${id}`)])
    failed += (await ask(`${url}/${path}`))?.status === 200 ? 0 : 1;
  return failed;
}

async function untilAccepted({ url }: Serving, accepted: Set<string>): Promise<void> {
  for (;;) {
    const answer = await post(`${url}/v1/workflows/texts/runs`, { input: { text: "room" } });
    if (answer?.status === 202) return void accepted.add(String(answer.body.runId));
    await sleep(50);
  }
}

async function untilEnded({ url }: Serving, accepted: ReadonlySet<string>): Promise<void> {
  const startedMs = systemClock.monotonic();
  for (const id of accepted)
    while (!(await ask(`${url}/v1/runs/${id}`))?.body.endedAt) {
      assert.ok(systemClock.monotonic() - startedMs < unendedMsMax, `run ${id} does not end`);
      await sleep(20);
    }
}

/** The same folder on a disk without any room: a server starts on it, and what it erases makes room. */
async function eraseWhenFull(disk: string, { scratch, progress }: FaultContext): Promise<readonly Measure[]> {
  fill(join(disk, "ballast"), freeBytes(disk));
  const before = freeBytes(disk);
  writeFileSync(join(scratch, "flyball.yaml"), "retention: { bodies: 1ms, decisions: forever }\n");
  const home = join(disk, "home");
  const server = await serve(["texts.yaml", "--home", home, "--port", "0"], { cwd: scratch });
  const startedMs = systemClock.monotonic();
  const accepted = new Set<string>();
  while (accepted.size === 0 && systemClock.monotonic() - startedMs < resumedWithinMs) {
    const answer = await post(`${server.url}/v1/workflows/texts/runs`, { input: { text } });
    if (answer?.status === 202) accepted.add(String(answer.body.runId));
    else await sleep(50);
  }
  const tookMs = Math.round(systemClock.monotonic() - startedMs);
  await untilEnded(server, accepted);
  await stop(server);
  progress(`${freeBytes(disk) - before} bytes made free by retention`);
  await assertSound(home, ["--home", home]);
  const megabytes = Math.round((freeBytes(disk) - before) / 100_000) / 10;
  return [
    report("room on the disk when a server starts on it again", before, "bytes"),
    { name: "room made by retention", value: megabytes, unit: "MB", target: "> 1 MB", ok: megabytes > 1 },
    below("from the start on a full disk to a new run", tookMs, { max: resumedWithinMs, unit: "ms" }),
  ];
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Writes until it has so many bytes, or there is no more room. */
function fill(file: string, bytes: number): void {
  const descriptor = openSync(file, "a");
  const chunk = Buffer.alloc(4_096, 1);
  try {
    for (let left = bytes; left > 0; left -= chunk.length) writeSync(descriptor, chunk);
  } catch {
    // It is full, which is what was wanted.
  } finally {
    closeSync(descriptor);
  }
}

const workflow = `workflow: texts
input: { type: object, required: [text], properties: { text: { type: string } } }
steps:
  - { id: kept, transform: { value: "{{ input.text }}" } }
  - { id: pause, wait: { for: 20ms } }
  - { id: again, transform: { value: "{{ kept.value }}" } }
`;
