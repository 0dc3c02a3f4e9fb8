/** The command as a new user meets it: right, wrong, interrupted, twice at once. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { flyball, jsonLines, start } from "../command.ts";

const slow = `workflow: slow
input: { type: object, required: [n], properties: { n: { type: integer } } }
steps:
  - id: a
    wait: { for: 200ms }
  - id: b
    transform: { value: "{{ input.n }}" }
`;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flyball-cli-"));
  writeFileSync(join(folder, "slow.yaml"), slow);
  writeFileSync(join(folder, "in.jsonl"), Array.from({ length: 30 }, (_, n) => `{"n":${n}}\n`).join(""));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const command = (...args: string[]) => flyball(args, { cwd: folder });
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const runSlow = ["run", "slow.yaml", "--input", "in.jsonl", "--concurrency", "1"];
const runFast = ["run", "slow.yaml", "--input", "in.jsonl", "--concurrency", "8"];

/** With --json, a line is a run that has ended: from then on the command owns the folder, or goes through who does. */
const firstLine = ({ stdout }: ChildProcess) => new Promise((resolve) => stdout?.once("data", resolve));

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("init, validate, run: a first workflow without any key, and it says that it is simulated", async () => {
  assert.equal((await command("init", "first")).code, 0);
  const again = await command("init", "first");
  assert.equal(again.code, 2);
  assert.match(again.stderr, /is there already; nothing was written/);
  assert.equal((await command("validate", "first/triage.yaml")).code, 0);
  const ran = await command("run", "first/triage.yaml", "--input", "first/cases.csv");
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /SIMULATED/);
  assert.match(ran.stdout, /accuracy: topic/);
});

test("a mistake in a workflow: nothing starts, exit code 2, a message with line and column", async () => {
  write("wrong.yaml", slow.replace("input.n }}", "imput.n }}"));
  const ran = await command("run", "wrong.yaml", "--input", "in.jsonl");
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /wrong\.yaml:7:29: .*`imput`.*did you mean `input`/);
  assert.equal((await command("runs", "list")).stdout, "No runs.\n");
});

test("prompts are listed, shown and rendered; what is wrong with one has its line, and hides no other", async () => {
  for (const dir of ["prompts", "tools"]) mkdirSync(join(folder, dir));
  const tool = "outbox: { channel: orders }\ndescription: Finds it.\ninput: { type: object }\n";
  write("tools/find_order.yaml", tool);
  const variants = "variants: [{ language: de, text: 'Hallo {{ name }}' }]";
  write(
    "prompts/greet.yaml",
    `input: { name: string }\ntext: Hello {{ name }}\ntools: [find_order]\n${variants}\n`,
  );
  write("prompts/wrong.yaml", "input: { name: string }\ntext: Hello {{ nam }}\n");
  write("row.json", '{ "input": { "name": "Ada" }, "tags": { "language": "de-AT" } }');

  const listed = await command("prompt", "list");
  assert.equal(listed.code, 2);
  assert.match(listed.stdout, /greet +[0-9a-f]{12} +name +1/);
  assert.match(listed.stderr, /prompts\/wrong\.yaml:2:\d+: .*did you mean `name`/);
  type Shown = { readonly digest: string; readonly messages?: unknown; readonly tools?: unknown };
  const [shown] = jsonLines<Shown>((await command("prompt", "show", "greet", "--json")).stdout);
  const [rendered] = jsonLines<Shown>(
    (await command("prompt", "render", "greet", "--input", "row.json", "--json")).stdout,
  );
  assert.equal(rendered?.digest, shown?.digest);
  assert.deepEqual(rendered?.messages, [{ role: "user", content: "Hallo Ada" }]);
  assert.deepEqual(rendered?.tools, [
    { name: "find_order", description: "Finds it.", parameters: { type: "object" } },
  ]);
  const english = await command("prompt", "render", "greet", "--input", "row.json", "--tag", "language=en");
  assert.match(english.stdout, /variant +default: no variant fits language=en\n[\s\S]*user\n {2}Hello Ada\n/);

  for (const [args, problem] of [
    [["greet"], /input of prompt "greet" is wrong.*"name"/],
    [["gret"], /did you mean greet/],
    [["greet", "--input", "[1]"], /must be an object/],
    [["greet", "--input", '{"name":"x"}', "--tag", "de"], /expected key=value/],
    [["greet", "--folder", "nowhere"], /no prompt/],
  ] as const) {
    const refused = await command("prompt", "render", ...args);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, problem);
  }
});

test("missing files, unknown commands and options are bad input", async () => {
  for (const args of [
    ["run", "nope.yaml", "--input", "in.jsonl"],
    ["run", "slow.yaml", "--input", "nope.csv"],
    ["runz"],
    ["run"],
    ["run", "slow.yaml", "--nonsense"],
    ["run", "slow.yaml", "--input", "{"],
  ]) {
    const { code, stderr } = await command(...args);
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    assert.notEqual(stderr, "");
  }
});

test("a malformed row is reported with its number, the others run, exit code 1", async () => {
  write("rows.csv", "n\n1\n2,3\nfour\n5\n");
  const ran = await command("run", "slow.yaml", "--input", "rows.csv", "--json");
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /row 2: it has 2 fields; the header has 1/);
  assert.match(ran.stderr, /row 3: .*expected integer/);
  assert.deepEqual(
    jsonLines<{ row?: number }>(ran.stdout)
      .flatMap(({ row }) => row ?? [])
      .sort(),
    [1, 4],
  );
});

test("Ctrl-C stops cleanly, and the same command goes on", async () => {
  const { child, outcome } = start([...runSlow, "--json"], { cwd: folder });
  await firstLine(child);
  child.kill("SIGINT");
  const stopped = await outcome;
  assert.equal(stopped.code, 3, stopped.stderr);
  assert.match(stopped.stderr, /Stopping; the same command goes on/);
  const went = await command(...runFast);
  assert.equal(went.code, 0);
  assert.match(went.stderr, /Going on with a batch of which [1-9]\d* of 30 are done/);
  assert.match(went.stdout, /30 completed/);
  const done = await command(...runFast);
  assert.match(done.stderr, /This batch is finished/);
  assert.equal(
    JSON.parse((await command("doctor", "--json")).stdout).runs.completed,
    30,
    "nothing was started again",
  );
});

test("twice at once: the second goes through the first, and on by itself when the first leaves", async () => {
  const first = start([...runSlow, "--json"], { cwd: folder });
  await firstLine(first.child);
  const through = await command("run", "slow.yaml", "--input", '{"n":7}', "--json");
  assert.equal(through.code, 0, through.stderr);
  assert.equal(jsonLines<{ output?: unknown }>(through.stdout)[0]?.output, 7);
  const second = start([...runFast, "--batch", "other", "--again", "--json"], { cwd: folder });
  await firstLine(second.child);
  first.child.kill("SIGKILL");
  assert.equal((await first.outcome).signal, "SIGKILL");
  const { code, stdout, stderr } = await second.outcome;
  assert.equal(code, 0, stderr);
  const lines = jsonLines<{ runId?: string; output?: number; summary?: { status: unknown } }>(stdout);
  assert.deepEqual(
    lines.flatMap(({ output }) => output ?? []).sort((one, other) => one - other),
    Array.from({ length: 30 }, (_, n) => n),
    "each row once",
  );
  assert.deepEqual(lines.at(-1)?.summary?.status, { completed: 30 });
  const runs = jsonLines((await command("runs", "list", "--limit", "100", "--json")).stdout);
  assert.ok(runs.length <= 1 + 30 + 30, "nothing was started again");
});

test("a changed workflow: exit code 3 and both versions; --continue keeps to the old one, --again starts anew", async () => {
  assert.equal((await command("run", "slow.yaml", "--input", '{"n":1}')).code, 0);
  write("slow.yaml", slow.replace("{{ input.n }}", "{{ input.n + 1 }}"));
  const changed = await command("run", "slow.yaml", "--input", '{"n":1}', "--json");
  assert.equal(changed.code, 3);
  assert.match(changed.stderr, /began with version [0-9a-f]{12} .* which is [0-9a-f]{12} now/);
  const kept = await command("run", "slow.yaml", "--input", '{"n":1}', "--json", "--continue");
  assert.equal(jsonLines<{ output?: unknown }>(kept.stdout)[0]?.output, 1);
  const anew = await command("run", "slow.yaml", "--input", '{"n":1}', "--json", "--again");
  assert.equal(jsonLines<{ output?: unknown }>(anew.stdout)[0]?.output, 2);
});

test("a paused run: the reason, resume, skip with a value, cancel", async () => {
  write(
    "fails.yaml",
    'workflow: fails\nsteps:\n  - id: check\n    quality_check: { value: 1, rules: [{ name: large, check: "{{ value > 5 }}" }] }\n  - id: after\n    transform: { value: "{{ check.value }}" }\n',
  );
  const ran = await command("run", "fails.yaml", "--input", "{}", "--json");
  assert.equal(ran.code, 1);
  const [run] = jsonLines<{ runId: string; status: string }>(ran.stdout);
  assert.equal(run?.status, "paused");
  const id = String(run?.runId);
  assert.match((await command("runs", "show", id)).stdout, /QUALITY_CHECK_FAILED/);
  assert.match((await command("runs", "resume", id)).stdout, /is paused/);
  const skipped = await command("runs", "resume", id, "--skip", "9");
  assert.match(skipped.stdout, /is completed/, skipped.stderr);
  assert.equal(JSON.parse((await command("runs", "show", id, "--json")).stdout).output, 9);
  const late = await command("runs", "cancel", id);
  assert.match(late.stdout, /is completed/, "what has ended stays as it ended");
});

test("data folders that are not ours are refused with one line, and left as they are", async () => {
  mkdirSync(join(folder, "bad"));
  write("bad/flyball.db", "a text, no database");
  const refused = await command("runs", "list", "--home", "bad");
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /^.*flyball\.db cannot be used: it is not a SQLite database\.\n$/);
  const none = await command("runs", "list", "--home", "none");
  assert.equal(none.code, 3);
  assert.match(none.stderr, /There is no data folder/);
});

test("a second serve on the same folder is refused; the first answers the API", async () => {
  const first = start(["serve", ".", "--port", "0"], { cwd: folder });
  let said = "";
  first.child.stderr?.on("data", (chunk) => {
    said += String(chunk);
  });
  await until(() => said.includes("Serving"));
  const url = /http:\/\/[^ ]+/.exec(said)?.[0] ?? "";
  const second = await command("serve", ".", "--port", "0");
  assert.equal(second.code, 3);
  assert.match(second.stderr, /Another flyball process/);
  const started = await fetch(`${url}/v1/workflows/slow/runs?wait=10s`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "one" },
    body: '{"input":{"n":3}}',
  });
  assert.equal(started.status, 200);
  const run = (await started.json()) as { runId: string; output: unknown };
  assert.equal(run.output, 3);
  const events = await fetch(`${url}/v1/runs/${run.runId}/events`, {
    headers: { accept: "text/event-stream", "last-event-id": "1" },
  });
  assert.match(await events.text(), /^event: step\.waited/);
  const foreign = await fetch(`${url}/v1/runs`, { headers: { origin: "http://evil.example" } });
  assert.equal(foreign.status, 403);
  const wrong = await fetch(`${url}/v1/workflows/slow/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"input":{"n":"x"}}',
  });
  assert.equal(wrong.status, 422);
  assert.equal(wrong.headers.get("content-type"), "application/problem+json");
  first.child.kill("SIGTERM");
  assert.equal((await first.outcome).code, 0);
});

test("run --serve goes on as serve, under the same watch", async () => {
  const served = start(["run", "slow.yaml", "--input", '{"n":1}', "--serve", "--port", "0"], { cwd: folder });
  let said = "";
  served.child.stderr?.on("data", (chunk) => {
    said += String(chunk);
  });
  const engines = () => [...said.matchAll(/Serving http.* \(process (\d+);/g)].map(([, pid]) => Number(pid));
  await until(() => engines().length === 1);
  process.kill(engines()[0] ?? 0, "SIGKILL");
  await until(() => engines().length === 2);
  served.child.kill("SIGINT");
  const { code, stdout } = await served.outcome;
  assert.equal(code, 0, said);
  assert.match(stdout, /1 completed/);
});

test("a flow written as code runs, and goes on from its journal", async () => {
  const door = new URL("../../src/index.ts", import.meta.url).href;
  write(
    "greet.ts",
    `import { flow } from ${JSON.stringify(door)};
export default flow({ name: "greet", version: "1" }, async (ctx, input) => {
  const drawn = await ctx.random("drawn");
  await ctx.sleep("pause", "50ms");
  const name = await ctx.step("name", () => (input as { name: string }).name.toUpperCase());
  return { name, again: drawn === (await ctx.step("same", () => drawn)) };
});
`,
  );
  const ran = await command("run", "greet.ts", "--input", '{"name":"ada"}', "--json");
  assert.equal(ran.code, 0, ran.stderr);
  assert.deepEqual(jsonLines<{ output?: unknown }>(ran.stdout)[0]?.output, { name: "ADA", again: true });
});

test("train and predict: a line for each row", async () => {
  const texts = { fruit: ["apple", "pear", "plum", "cherry"], tool: ["hammer", "saw", "drill", "wrench"] };
  const rows = Object.entries(texts).flatMap(([label, words]) =>
    words.flatMap((a) => words.map((b) => `a ${a} and a ${b},${label}`)),
  );
  write("train.csv", `text,label\n${rows.join("\n")}\n`);
  const trained = await command(
    "train",
    "classifier",
    "--data",
    "train.csv",
    "--text",
    "text",
    "--label",
    "label",
    "--out",
    "m/x.model",
    "--json",
  );
  assert.equal(trained.code, 0, trained.stderr);
  assert.ok(JSON.parse(trained.stdout).measured.accuracy > 0.8);
  write("new.csv", "text\na plum and a pear\na drill\n");
  const predicted = await command(
    "predict",
    "--model",
    "m/x.model",
    "--data",
    "new.csv",
    "--text",
    "text",
    "--json",
  );
  const lines = jsonLines<{ label: string; confidence: number; top: unknown[]; decided: boolean }>(
    predicted.stdout,
  );
  assert.deepEqual(
    lines.map(({ label }) => label),
    ["fruit", "tool"],
  );
  for (const { confidence, top, decided } of lines)
    assert.ok(confidence > 0.5 && confidence <= 1 && top.length === 2 && typeof decided === "boolean");
  const typo = await command("predict", "--model", "m/x.model", "--data", "new.csv", "--text", "txt");
  assert.equal(typo.code, 2);
  assert.match(typo.stderr, /did you mean "text"/);
});

test("the five-stage example in the flat form, with an address that is not built yet", async () => {
  const example = new URL("../../examples/five-stages/", import.meta.url).pathname;
  const ran = await command(
    "run",
    `${example}five-stages.yaml`,
    "--input",
    `${example}inputs.jsonl`,
    "--json",
  );
  assert.equal(ran.code, 0, ran.stderr);
  const { summary } = jsonLines<{ summary?: { status: unknown } }>(ran.stdout).at(-1) ?? {};
  assert.deepEqual(summary?.status, { completed: 4 });
  write("s3.yaml", "workflow:\n  - name: fetch\n    type: retrieval\n    source: s3://bucket/x\n");
  const refused = await command("validate", "s3.yaml");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /s3\.yaml:4:\d+: .*object storage/);
});
