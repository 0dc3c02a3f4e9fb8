import assert from "node:assert/strict";
import { test } from "node:test";
import { DiskFull } from "../journal/index.ts";
import { assertSound, memoryDisk, setup, start, ticks, value } from "./testing.ts";

test("a run that meets a full disk loses nothing, and goes on by itself once there is room", async () => {
  const disk = memoryDisk();
  let room = Number.POSITIVE_INFINITY;
  const commit = disk.storage.commit.bind(disk.storage);
  disk.storage.commit = (rows, changes, erased) => {
    if (room-- <= 0) throw new DiskFull("the disk");
    return commit(rows, changes, erased);
  };
  const bundle = setup({ disk });
  const id = await start(bundle, [value("a", 1), value("b", 2)]);
  room = 0;
  await assert.rejects(bundle.executor.settled(id), DiskFull);
  assert.match(bundle.troubles.join(), /is full/);
  assert.equal(bundle.control.run(id)?.status, "running");
  room = Number.POSITIVE_INFINITY;
  bundle.clock.advance(5_000);
  await ticks();
  assert.equal(bundle.control.run(id)?.status, "completed");
  await assertSound(bundle);
});
