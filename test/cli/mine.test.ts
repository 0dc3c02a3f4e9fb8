/** `flyball mine`, as somebody uses it who has a log of another system, or a folder with runs. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { flyball } from "../command.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flyball-mine-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const command = (...args: string[]) => flyball(["mine", ...args], { cwd: folder });
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

const table = `order,task,done,who,note
1,register,2026-01-01T09:00:00+01:00,ann,x
1,check,2026-01-01T10:00:00+01:00,bob,
1,check,2026-01-01T12:00:00+01:00,bob,
2,register,2026-01-02T09:00:00+01:00,ann,
2,check,2026-01-02T09:30:00+01:00,bob,
`;
const columns = ["--case", "order", "--activity", "task", "--timestamp", "done"];

test("a table of another system: figures as JSON, a page for people, and the log as XES", async () => {
  write("orders.csv", table);
  const { code, stdout, stderr } = await command("orders.csv", ...columns, "--json");
  assert.equal(code, 0, stderr);
  const shown = JSON.parse(stdout);
  assert.deepEqual([shown.cases, shown.events, shown.activities, shown.variants], [2, 5, 2, 2]);
  assert.deepEqual(shown.dfg, [
    ["register", "check", 2],
    ["check", "check", 1],
  ]);
  assert.deepEqual([shown.startActivities, shown.endActivities], [{ register: 2 }, { check: 2 }]);

  const page = await command("orders.csv", ...columns, "--resource", "who", "--export", "out.xes.gz");
  assert.equal(page.code, 0, page.stderr);
  for (const expected of [
    /cases +2, from 2026-01-01 to 2026-01-02/,
    /1 +50\.0% +register → check → check/,
    /1 +1 +check/,
    /2 +ann → bob/,
    /57\.1% +2 h +work or wait +check → check/,
  ])
    assert.match(page.stdout, expected);
  assert.match(gunzipSync(readFileSync(join(folder, "out.xes.gz"))).toString(), /<log xes\.version/);
  const again = await command("out.xes.gz", "--json");
  assert.deepEqual(JSON.parse(again.stdout).edges, shown.edges);
});

test("from XES to XES, what is not mined goes along", async () => {
  const attribute = '<list key="more"><values><int key="n" value="7"/></values></list>';
  write(
    "in.xes",
    `<log><trace><string key="concept:name" value="1"/>${attribute}<event><string key="concept:name" value="a"/></event></trace></log>`,
  );
  assert.equal((await command("in.xes", "--export", "in.xes")).code, 0);
  const text = readFileSync(join(folder, "in.xes"), "utf8").replace(/\s*\n\s*/g, "");
  assert.ok(text.includes(attribute), text);
});

test("a log that cannot be read: exit code 2, the place, and no file", async () => {
  write("orders.csv", table.replace("2026-01-02T09:30:00+01:00", "soon"));
  const { code, stdout, stderr } = await command("orders.csv", ...columns, "--export", "out.csv");
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /^orders\.csv:6: column "done": "soon" is not a timestamp/);
  assert.deepEqual(readdirSync(folder), ["orders.csv"]);
  for (const [args, expected] of [
    [["orders.csv"], /name the columns with --case, --activity, --timestamp; there are "order"/],
    [["none.csv"], /there is no such file/],
    [["orders.csv", ...columns, "--export", "out.txt"], /expected a \.xes or \.csv file/],
    [["orders.csv", ...columns, "--workflow", "w"], /--workflow is about runs, not an event log/],
    [["--timestamp", "done"], /--timestamp is about the columns of an event log; name the log/],
    [["orders.csv", ...columns, "--variants", "many"], /--variants is "many"; expected a whole number/],
  ] as const) {
    const refused = await command(...args);
    assert.deepEqual([refused.code, refused.stdout], [2, ""]);
    assert.match(refused.stderr, expected);
  }
  const unwritable = await command("orders.csv", ...columns, "--export", "no/such/folder/out.csv");
  assert.equal(existsSync(join(folder, "no")), false);
  assert.notEqual(unwritable.code, 0);
});

test("runs of a folder are mined through the API, and go out as a table", async () => {
  write(
    "w.yaml",
    "workflow: w\nsteps:\n  - { id: a, transform: { value: 1 } }\n  - { id: b, wait: { for: 20ms } }\n",
  );
  write("in.jsonl", "{}\n{}\n{}\n");
  assert.equal((await command()).code, 3);
  const ran = await flyball(["run", "w.yaml", "--input", "in.jsonl"], { cwd: folder });
  assert.equal(ran.code, 0, ran.stderr);
  const { code, stdout, stderr } = await command("--workflow", "w", "--json", "--export", "runs.csv");
  assert.equal(code, 0, stderr);
  const shown = JSON.parse(stdout);
  assert.deepEqual([shown.cases, shown.dfg], [3, [["a", "b", 3]]]);
  assert.ok(shown.edges[0].external.meanMs > 0);
  const again = await command("runs.csv", "--json");
  assert.deepEqual(JSON.parse(again.stdout), { ...shown, notes: [] });
  assert.match((await command("--workflow", "other")).stdout, /There are no events/);
});
