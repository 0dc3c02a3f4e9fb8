import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { after, test } from "node:test";
import { FlyballError, type Json, type JsonObject, ManualClock, systemClock } from "../../core/base/index.ts";
import { EffectDenied, type StepContext, WorkflowInvalid } from "../../core/workflow/index.ts";
import { children } from "./child.ts";
import { createTools, loadScript } from "./index.ts";
import { testContext } from "./testing.ts";

const never = new AbortController().signal;
const shared = children(systemClock);
after(() => shared.close());

function run(
  file: string,
  text: string,
  input: Json = null,
  { from = shared, signal = never, timeoutMs = 20_000, memoryMb = 1_024 } = {},
) {
  return from.run({ file, text, input, timeoutMs, memoryMb, label: `The script "${file}"` }, signal);
}

async function failure(promise: Promise<unknown>): Promise<FlyballError> {
  const error: unknown = await promise.then(
    (value) => assert.fail(`it gave ${JSON.stringify(value)}`),
    (thrown) => thrown,
  );
  assert.ok(error instanceof FlyballError, String(error));
  return error;
}

const plain = (value: Json): unknown => JSON.parse(JSON.stringify(value));

const hasPython = spawnSync("python3", ["--version"]).status === 0;

test("Python gets JSON and gives JSON", { skip: hasPython ? false : "skipped: no python3" }, async () => {
  const text =
    "import json, sys\nx = json.load(sys.stdin)\nprint(json.dumps({'sum': sum(x['items']), 'text': x['text']}))\n";
  assert.deepEqual(plain(await run("sum.py", text, { items: [1, 2.5], text: "grün \u2028" })), {
    sum: 3.5,
    text: "grün \u2028",
  });
});

test("a traceback is told", { skip: hasPython ? false : "skipped: no python3" }, async () => {
  const error = await failure(run("bad.py", "print('x')\nraise ValueError('no such order')\n"));
  assert.equal(error.code, "SCRIPT_FAILED");
  assert.match(
    error.message,
    /^The script "bad\.py" failed: it ended with exit code 1: Traceback[\s\S]*ValueError: no such order$/,
  );
});

test("JavaScript and TypeScript run on this Node, shells on sh, and others as their first line says", async () => {
  const read =
    "import { readFileSync } from 'node:fs';\nconst input: number = JSON.parse(readFileSync(0, 'utf8'));\n";
  const write = "console.log(JSON.stringify([input + 1, process.version]));";
  assert.deepEqual(await run("a.ts", read + write, 1), [2, process.version]);
  assert.deepEqual(await run("a.mjs", read.replace(": number", "") + write, 1), [2, process.version]);
  assert.deepEqual(await run("a.sh", 'read -r line; echo "[$line]"', 7), [7]);
  assert.deepEqual(await run("a", "#!/bin/sh\ncat", { a: [null] }).then(plain), { a: [null] });
});

test("it sees nothing of our environment, and a folder of its own that goes away", async () => {
  process.env.FLYBALL_TEST_SECRET = "s3cret";
  const text = `console.log(JSON.stringify({ names: Object.keys(process.env).sort(), cwd: process.cwd(), home: process.env.HOME, files: require("node:fs").readdirSync(".") }));`;
  const seen = await run("env.js", text).then(plain);
  delete process.env.FLYBALL_TEST_SECRET;
  assert.ok(
    typeof seen === "object" &&
      seen &&
      "names" in seen &&
      Array.isArray(seen.names) &&
      "cwd" in seen &&
      "home" in seen &&
      "files" in seen,
  );
  // The last three are the shell's own.
  const known = ["HOME", "LANG", "PATH", "TMPDIR", "OLDPWD", "PWD", "SHLVL", "_"];
  assert.deepEqual(
    seen.names.filter((name) => !known.includes(String(name))),
    [],
  );
  assert.equal(seen.cwd, seen.home);
  assert.deepEqual(seen.files, ["env.js"]);
  assert.ok(!existsSync(String(seen.cwd)), "the folder is gone");
});

test("what is no JSON value on standard output is told", async () => {
  assert.match((await failure(run("a.sh", "true"))).message, /wrote nothing/);
  assert.match((await failure(run("a.sh", "echo hello"))).message, /expected one JSON value/);
  assert.match((await failure(run("a.sh", "echo 1; echo 2"))).message, /expected one JSON value/);
  assert.match((await failure(run("a.sh", "echo 1; exit 3"))).message, /exit code 3$/);
  assert.match((await failure(run("a.sh", "kill -SEGV $$"))).message, /ended by SIGSEGV/);
  assert.match((await failure(run("a", "#!/no/such/program\n"))).message, /exit code 12[67]/);
});

test("a script that does not read its input can answer", async () => {
  assert.equal(await run("a.sh", "exec 0<&-; echo 5", "x".repeat(1_000_000)), 5);
});

test("standard output has a limit, and of standard error only the end is kept", async () => {
  const flood = await failure(run("a.sh", "exec yes"));
  assert.equal(flood.code, "SCRIPT_LIMIT_EXCEEDED");
  const noisy = "for (let i = 0; i < 20000; i++) console.error('line ' + i); process.exitCode = 2;";
  const { message } = await failure(run("a.mjs", noisy));
  assert.ok(message.length < 5_000 && message.endsWith("line 19999"), message.slice(-100));
});

/** A process that should have ended and has not would otherwise be waited for without end. */
const limit = { timeout: 20_000 };

/** Programs under test connect to it: a connection says that one runs, and its end that it has ended. */
async function lifeLine() {
  const waiting: ((socket: Socket) => void)[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.resume();
    waiting.shift()?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  return {
    port: address.port,
    next: () => new Promise<Socket>((resolve) => waiting.push(resolve)),
    [Symbol.dispose]: () => void server.close(),
  };
}

const ended = (socket: Socket) =>
  new Promise((resolve) => (socket.destroyed ? resolve(null) : socket.once("close", resolve)));

const connect = "import { connect } from 'node:net'; import { readFileSync } from 'node:fs';";
/** Connects, and never ends by itself. */
const endless = `${connect} connect(JSON.parse(readFileSync(0, 'utf8')), '127.0.0.1');`;
/** The same, and a child that it leaves behind, and neither listens to polite signals. */
const stubborn = `${connect} import { spawn } from 'node:child_process';
process.on('SIGTERM', () => {});
const port = JSON.parse(readFileSync(0, 'utf8'));
connect(port, '127.0.0.1', () => spawn(process.execPath,
  ['-e', 'process.on("SIGTERM", () => {}); require("node:net").connect(' + port + ', "127.0.0.1")'], { stdio: 'inherit' }));`;

test("a script ends at its time limit", limit, async () => {
  using line = await lifeLine();
  const clock = new ManualClock();
  const from = children(clock);
  const connected = line.next();
  const error = failure(run("a.mjs", endless, line.port, { from, timeoutMs: 1_000 }));
  const socket = await connected;
  clock.advance(1_000);
  await ended(socket);
  assert.deepEqual([(await error).code, (await error).retry], ["SCRIPT_TIMEOUT", "timeout"]);
  await from.close();
});

test("one that does not listen is killed, with its children", limit, async () => {
  using line = await lifeLine();
  const clock = new ManualClock();
  const from = children(clock);
  const connected = [line.next(), line.next()];
  const error = failure(run("a.mjs", stubborn, line.port, { from, timeoutMs: 1_000 }));
  const sockets = await Promise.all(connected);
  clock.advance(1_000);
  clock.advance(2_000);
  await Promise.all(sockets.map(ended));
  assert.equal((await error).code, "SCRIPT_TIMEOUT");
  await from.close();
});

test("what a script leaves running ends with it", limit, async () => {
  using line = await lifeLine();
  const connected = line.next();
  const child = `require("node:net").connect(${line.port}, "127.0.0.1", () => console.log(1))`;
  const value = run(
    "a.sh",
    `'${process.execPath}' -e '${child}' > out & until [ -s out ]; do :; done; cat out`,
  );
  const socket = await connected;
  assert.equal(await value, 1);
  await ended(socket);
});

test("a script is stopped with its step, and by close", limit, async () => {
  using line = await lifeLine();
  const from = children(systemClock);
  const stop = new AbortController();
  const [first, second] = [line.next(), line.next()];
  const one = failure(run("a.mjs", endless, line.port, { from, signal: stop.signal }));
  await first;
  stop.abort();
  assert.equal((await one).code, "STEP_STOPPED");
  const two = failure(run("a.mjs", endless, line.port, { from }));
  const socket = await second;
  await from.close();
  await ended(socket);
  assert.equal((await two).code, "STEP_STOPPED");
  assert.equal((await failure(run("a.sh", "echo 1", null, { from }))).code, "STEP_STOPPED");
});

test("when we are killed with SIGKILL, scripts, their children and their folders go", limit, async () => {
  using line = await lifeLine();
  const source = `import { children } from ${JSON.stringify(new URL("./child.ts", import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(new URL("../../core/base/index.ts", import.meta.url).href)};
    const text = 'console.log = () => {}; process.stderr.write(""); ' + ${JSON.stringify(stubborn)};
    void children(systemClock).run({ file: "a.mjs", text, input: ${line.port}, label: "x" }, new AbortController().signal);`;
  const connected = [line.next(), line.next()];
  const parent = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const sockets = await Promise.all(connected);
  const folders = spawnSync("sh", [
    "-c",
    `ps -eo args | grep -o '[^ ]*flyball-script-[^ ]*a\\.mjs' | sort -u`,
  ]).stdout.toString();
  parent.kill("SIGKILL");
  await Promise.all(sockets.map(ended));
  for (const path of folders.split("\n").filter((each) => each !== ""))
    assert.ok(!existsSync(dirname(path)), path);
});

test("what runs is the pinned text, by way of the kind", async () => {
  const tools = createTools({ clock: systemClock, allowHttp: [], secrets: () => undefined });
  const kind = tools.kinds.find((each) => each.name === "script");
  assert.ok(kind?.runsUserCode);
  const asset = loadScript({
    file: "/project/scripts/double.sh",
    text: 'read -r n; echo "$((n * 2))"',
    name: "scripts/double.sh",
  });
  const execute = async (config: JsonObject, parts: Partial<StepContext> = {}) => {
    const outcome = await kind.execute(config, testContext({}, { asset: () => asset, ...parts }));
    assert.ok("result" in outcome);
    return outcome.result;
  };
  assert.deepEqual(kind.references?.({ file: "scripts/double.sh" }), [
    { kind: "script", name: "scripts/double.sh", path: ["file"] },
  ]);
  assert.deepEqual(await execute({ file: "scripts/double.sh", input: 21 }), { value: 42, simulated: false });
  assert.deepEqual(await execute({ js: "[input.a, Date.now(), Math.random()]", input: { a: 1 } }), {
    value: [1, Date.UTC(2026, 0, 1), (await execute({ js: "Math.random()" })).value],
    simulated: false,
  });
  assert.ok((await failure(execute({ file: "x" }, { effects: "denied" }))) instanceof EffectDenied);
  assert.deepEqual(await execute({ file: "x" }, { effects: "simulated" }), { value: null, simulated: true });
  assert.deepEqual(await execute({ file: "x", input: 1, effect: "none" }, { effects: "denied" }), {
    value: 2,
    simulated: false,
  });
  assert.equal((await execute({ js: "2" }, { effects: "denied" })).value, 2);
  assert.equal((await failure(execute({ js: "for (;;) {}", timeout: "50ms" }))).code, "SCRIPT_TIMEOUT");
  await tools.close();
});

test("what can be known at load is told at load", () => {
  const tools = createTools({ clock: systemClock, allowHttp: [], secrets: () => undefined });
  const kind = tools.kinds.find((each) => each.name === "script");
  const messages = (config: JsonObject) =>
    (kind?.check?.(config) ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
  assert.deepEqual(messages({ js: "1", timeout: "1s" }), []);
  assert.match(messages({})[0] ?? "", /exactly one of js and file; found none/);
  assert.match(messages({ js: "1", file: "a.py" })[0] ?? "", /^file: .*found both/);
  assert.match(messages({ js: "1", effect: "read" })[0] ?? "", /^effect: /);
  assert.match(messages({ file: "a.py", timeout: "long" })[0] ?? "", /^timeout: .*not a duration/);
  assert.equal(kind?.effect({ js: "1" }), "none");
  assert.equal(kind?.effect({ file: "a.py" }), "write");
  assert.equal(kind?.effect({ file: "a.py", effect: "read" }), "read");
});

test("a script file is pinned by name and text", () => {
  const load = (file: string, text: string) => loadScript({ file, text, name: "s" });
  assert.deepEqual(load("/a/b.py", "x").content, { file: "b.py", text: "x" });
  assert.equal(load("/a/b.py", "x").digest, load("/c/b.py", "x").digest);
  assert.notEqual(load("b.py", "x").digest, load("b.py", "y").digest);
  assert.throws(() => load("b", "echo"), WorkflowInvalid);
  assert.throws(() => load("b.exe", "MZ\u0000"), WorkflowInvalid);
  assert.throws(() => load("b.py", "x".repeat(1024 * 1024 + 1)), /b\.py:1:1: is longer than/);
});

const eaters = {
  "eat.mjs": "const all = []; for (;;) all.push(Buffer.alloc(4e6, 1));\n",
  "fork.mjs":
    "import { spawn } from 'node:child_process'; spawn(process.execPath, ['-e', 'const all = []; for (;;) all.push(Buffer.alloc(4e6, 1))'], { stdio: 'inherit' }); setInterval(() => {}, 1e6);\n",
  "eat.sh": "x=0123456789abcdef; while :; do x=$x$x; done\n",
  ...(hasPython
    ? { "eat.py": "a = []\nwhile True: a.append(bytearray(4_000_000))\n", "once.py": "x = b'x' * 10**10\n" }
    : {}),
};

test("a script file that eats memory is ended, whatever runs it, and others beside it are not", async () => {
  const quiet = run("quiet.mjs", "setTimeout(() => console.log(7), 1500);\n", null, { memoryMb: 200 });
  const errors = await Promise.all(
    Object.entries(eaters).map(([file, text]) => failure(run(file, text, null, { memoryMb: 200 }))),
  );
  for (const error of errors) {
    assert.equal(error.code, "SCRIPT_MEMORY_EXCEEDED", error.message);
    assert.match(error.message, /took more than 200 MB of memory/);
  }
  assert.equal(await quiet, 7);
});
