import assert from "node:assert/strict";
import { test } from "node:test";
import { readLog, summarize, writeCsv } from "./index.ts";
import { recordBytesMax } from "./limits.ts";
import { LogBuilder } from "./log.ts";
import { fileOf, logOf } from "./testing.ts";

const table = `order;step;done;by;extra
2;pay;2026-01-02 10:00:00+01:00;bob;"a;b"
1;"say ""hi"";
now";2026-01-01T09:00:00Z;ann;
1;close;2026-01-01T08:00:00Z;ann;

2;ship;2026-01-02T09:00:00Z;;x
`;
const columns = { case: "order", activity: "step", timestamp: "done", resource: "by" };

test("a table is read by the names of its columns, whatever divides them; cases need not stand together", async (t) => {
  const read = await readLog(fileOf(t, "log.csv", `\uFEFF${table}`), { columns });
  const { log } = read;
  assert.equal(read.format, "csv");
  assert.deepEqual(log.cases, ["2", "1"]);
  assert.deepEqual(
    [...log.activity].map((activity) => log.activities[activity]),
    ["pay", "ship", "close", 'say "hi";\nnow'],
  );
  assert.deepEqual([...log.offsets], [0, 2, 4]);
  // The same moment: as they stand in the file.
  assert.equal(log.at[0], log.at[1]);
  assert.equal(log.resources[log.resource[1] ?? 0], "");
  const tabbed = fileOf(t, "log.tsv.gz", "order\tstep\tdone\n1\ta, b; c\t2026-01-01\n");
  const other = await readLog(tabbed, { columns: { case: "order", activity: "step", timestamp: "done" } });
  assert.deepEqual(other.log.activities, ["a, b; c"]);
});

test("rows without a case or an activity are left out and counted; a time may be missing", async (t) => {
  const text = "case,activity,timestamp\n1,a,\n,b,2026-01-01\n1,,2026-01-01\n1,c,2026-01-01\n";
  const { log, notes } = await readLog(fileOf(t, "log.csv", text), { columns: {} });
  assert.deepEqual(log.activities, ["a", "c"]);
  assert.ok(Number.isNaN(log.at[0]));
  assert.deepEqual(notes, ["2 rows name no case or no activity and are left out."]);
});

async function problemOf(t: Parameters<typeof fileOf>[0], text: string, named = {}): Promise<string> {
  const file = fileOf(t, "log.csv", text);
  return readLog(file, { columns: named }).then(
    () => "no problem",
    (error: Error) => error.message.replace(file, "log.csv"),
  );
}

test("what is wrong with a table is told with line and column, and the nearest name", async (t) => {
  const named = { case: "order", activity: "step", timestamp: "done" };
  assert.equal(
    await problemOf(t, "order,step,done\n1,a,2026-01-01\n1,b,32.1.\n", named),
    'log.csv:3: column "done": "32.1." is not a timestamp such as 2026-01-31T09:30:00+01:00',
  );
  assert.equal(
    await problemOf(t, "order,step,done,costs\n1,a,2026-01-01,much\n", { ...named, cost: "costs" }),
    'log.csv:2: column "costs": "much" is not a number',
  );
  assert.equal(
    await problemOf(t, "order,step,done\n", { ...named, case: "ordr" }),
    'log.csv:1: there is no column "ordr"; did you mean "order"?',
  );
  assert.equal(
    await problemOf(t, "order,activity,done\n", { case: "order" }),
    'log.csv:1: name the columns with --timestamp; there are "order", "activity", "done"',
  );
  assert.match(await problemOf(t, "order,step,done\n1,a\n", named), /^log\.csv:2: this is no table of CSV/);
  assert.match(
    await problemOf(t, 'order,step,done\n1,"a,2026-01-01\n', named),
    /^log\.csv:\d: this is no table/,
  );
  assert.match(await problemOf(t, "", named), /^log\.csv:1: the file is empty/);
  const long = `order,step,done\n1,"${"x".repeat(recordBytesMax)}",2026-01-01\n`;
  assert.match(await problemOf(t, long, named), /^log\.csv:\d: this is no table of CSV: Max Record Size/);
});

test("a log that was written as a table is the same log when it is read", async (t) => {
  const log = logOf([
    { case: 'a,"b"', activity: " spaced ", at: 0.5, startedAt: 0, resource: "x\ny", cost: 1e-7, humanMs: 3 },
    { case: "=1+1", activity: "b;c", at: Number.NaN, transition: "start", queueMs: 2 },
    { case: "=1+1", activity: "__proto__", at: 1_000, transition: "complete", externalMs: 0.25 },
  ]);
  const { log: read } = await readLog(fileOf(t, "log.csv", [...writeCsv(log)].join("")), { columns: {} });
  assert.deepEqual(read, log);
  assert.deepEqual(summarize(read, { variantsMax: 9 }), summarize(log, { variantsMax: 9 }));
  assert.deepEqual(Object.keys(summarize(log, { variantsMax: 1 }).endActivities), [" spaced ", "__proto__"]);
});

test("cases that share a name stay apart in a table", async (t) => {
  const builder = new LogBuilder();
  for (const name of ["7", "7", "7 (2)", "8", "7"])
    builder.add(builder.newCase(name), { activity: "a", at: 1 });
  const text = [...writeCsv(builder.build())].join("");
  const { log } = await readLog(fileOf(t, "log.csv", text), { columns: {} });
  assert.deepEqual(log.cases, ["7", "7 (3)", "7 (2)", "8", "7 (4)"]);
});
