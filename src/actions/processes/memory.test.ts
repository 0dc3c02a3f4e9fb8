import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../core/base/index.ts";
import { memoryWatch, residentByProc, residentByProgram } from "./memory.ts";
import { type Supervised, supervise } from "./supervisor.ts";

const megabyte = 1024 * 1024;
const limit = { timeout: 30_000 };

/** Holds so many megabytes until it is ended, in a process that its shell has started. */
async function holding(megabytes: number): Promise<Supervised & { readonly group: number }> {
  const code = `const held = Buffer.alloc(${megabytes * megabyte}, 1); console.log("held"); setInterval(() => held.length, 1e6);`;
  const child = supervise({
    command: ["sh", "-c", '"$0" -e "$1" & wait', process.execPath, code],
    environment: { PATH: process.env.PATH },
    streams: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.process.stdout?.once("data", resolve));
  return { ...child, group: child.process.pid ?? 0 };
}

async function end(child: Supervised): Promise<void> {
  child.kill("SIGKILL");
  child.release();
  await child.ended;
}

test("the memory of a group is that of all its members, by either way of looking", limit, async () => {
  const child = await holding(150);
  const groups = new Set([child.group]);
  const byProc = residentByProc(groups, 0).get(child.group) ?? 0;
  const byProgram = (await residentByProgram()).get(child.group) ?? 0;
  assert.ok(byProc > 150 * megabyte && byProc < 450 * megabyte, `${byProc}`);
  assert.ok(Math.abs(byProc - byProgram) < 30 * megabyte, `${byProc} and ${byProgram}`);
  const ofMembers = residentByProc(groups, child.group).get(child.group) ?? 0;
  assert.ok(Math.abs(byProc - ofMembers) < 30 * megabyte, "its members have higher numbers than itself");
  await end(child);
  while (residentByProc(groups, 0).get(child.group))
    await new Promise<void>((resolve) => systemClock.after(10, resolve));
});

test("only the group that holds too much is told of, once", limit, async () => {
  const [small, large] = await Promise.all([holding(1), holding(300)]);
  const { watch } = memoryWatch(systemClock);
  const told: string[] = [];
  const bytesMax = 280 * megabyte;
  const stop = watch({ group: small.group, bytesMax, onExceeded: () => told.push("small") });
  const bytes = await new Promise<number>((resolve) => {
    watch({
      group: large.group,
      bytesMax,
      onExceeded: (held) => {
        told.push("large");
        resolve(held);
      },
    });
  });
  await new Promise<void>((resolve) => systemClock.after(300, resolve));
  stop();
  assert.ok(bytes > bytesMax);
  assert.deepEqual(told, ["large"]);
  await Promise.all([end(small), end(large)]);
});

test("a child that asks for more at once than its limit allows gets nothing", limit, async () => {
  const child = supervise({
    command: [
      process.execPath,
      "-e",
      "console.log(fs.readFileSync('/proc/self/oom_score_adj', 'utf8').trim()); try { Buffer.alloc(3e9, 1); console.log('got it'); } catch { console.log('refused'); }",
    ],
    environment: { PATH: process.env.PATH },
    streams: ["ignore", "pipe", "inherit"],
    memoryBytesMax: 200 * megabyte,
  });
  let said = "";
  child.process.stdout?.on("data", (chunk) => {
    said += chunk;
  });
  await child.ended;
  child.release();
  if (process.platform === "linux") assert.equal(said, "500\nrefused\n", "the kernel takes it before us");
});
