import { hash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A journal that only appends: one table, one index, one hash an event, one transaction a turn of the event loop. */
export function bareJournal(folder: string, steps: number): () => Promise<void> {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, "bare.db"));
  database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
  database.exec(
    "CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT, seq INTEGER, type TEXT, at INTEGER, body TEXT, hash TEXT)",
  );
  database.exec("CREATE UNIQUE INDEX events_stream ON events (stream, seq)");
  const insert = database.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)");
  const [begin, commit] = [database.prepare("BEGIN IMMEDIATE"), database.prepare("COMMIT")];
  const body = JSON.stringify({ value: "x".repeat(200) });
  let queue: { stream: string; seq: number; resolve: () => void }[] = [];
  let position = 0;
  let runs = 0;
  const flush = () => {
    const group = queue;
    queue = [];
    begin.run();
    for (const { stream, seq } of group)
      insert.run(
        ++position,
        stream,
        seq,
        "step.completed",
        Date.now(),
        body,
        hash("sha256", stream + seq + body, "hex"),
      );
    commit.run();
    for (const { resolve } of group) resolve();
  };
  const append = (stream: string, seq: number) =>
    new Promise<void>((resolve) => {
      if (queue.push({ stream, seq, resolve }) === 1) setImmediate(flush);
    });
  return async () => {
    const stream = `run/${String(++runs).padStart(36, "0")}`;
    for (let seq = 1; seq <= steps; seq++) await append(stream, seq);
  };
}
