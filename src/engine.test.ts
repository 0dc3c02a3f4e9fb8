import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ManualClock, nextTurn } from "./core/base/index.ts";
import { openEngine } from "./engine.ts";

/** Counts the timers that are set and neither fired nor stopped. */
class CountingClock extends ManualClock {
  readonly pending = new Set<object>();

  override after(delayMs: number, callback: () => void): () => void {
    const timer = {};
    this.pending.add(timer);
    const stop = super.after(delayMs, () => {
      this.pending.delete(timer);
      callback();
    });
    return () => {
      this.pending.delete(timer);
      stop();
    };
  }
}

test("an engine that closes while it seals leaves no timer behind", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "flyball-engine-"));
  t.after(() => rmSync(home, { recursive: true }));
  const clock = new CountingClock();
  const engine = await openEngine({ home, clock });
  await engine.journal.append([
    {
      stream: "asset/x",
      expectedSeq: 0,
      actor: "local",
      events: [{ type: "asset.published", data: { kind: "k", name: "n", content: 1 } }],
    },
  ]);
  clock.advance(60_000);
  await engine.close();
  assert.equal(clock.pending.size, 0);
});

test("a write-ahead log that another program holds is told once, not each minute", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "flyball-engine-"));
  t.after(() => rmSync(home, { recursive: true }));
  const clock = new ManualClock();
  const told: string[] = [];
  const engine = await openEngine({ home, clock, onTrouble: (message) => told.push(message) });
  t.after(() => engine.close());
  const minute = async () => {
    clock.advance(60_000);
    // Its work is done within the turn; only then does it set its timer anew.
    await nextTurn();
  };
  await minute();
  assert.deepEqual(told, []);
  truncateSync(join(home, "flyball.db-wal"), 300 * 1024 * 1024);
  await minute();
  await minute();
  assert.deepEqual(told, engine.warnings);
  assert.match(String(told), /has 300 MiB/);
});
