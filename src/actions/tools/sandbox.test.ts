import assert from "node:assert/strict";
import { after, test } from "node:test";
import { FlyballError, type Json, ManualClock, systemClock } from "../../core/base/index.ts";
import { type Sandbox, sandbox } from "./sandbox.ts";

const shared = sandbox(systemClock);
after(() => shared.close());

const never = new AbortController().signal;

type Options = { input?: Json; timeoutMs?: number; seed?: number; from?: Sandbox; signal?: AbortSignal };

async function run(source: string, options: Options = {}): Promise<Json> {
  const { input = null, timeoutMs = 5_000, seed = 7, from = shared, signal = never } = options;
  const script = { source, input, timeoutMs, seed, nowMs: Date.UTC(2026, 0, 1), label: "The script" };
  const value = await from.run(script, signal);
  // As the journal gives it back: values have no prototype of ours.
  return JSON.parse(JSON.stringify(value));
}

async function failure(source: string, options: Options = {}): Promise<FlyballError> {
  const error: unknown = await run(source, options).then(
    (value) => assert.fail(`it gave ${JSON.stringify(value)}`),
    (thrown) => thrown,
  );
  assert.ok(error instanceof FlyballError, String(error));
  return error;
}

test("the value is that of the last expression", async () => {
  assert.equal(await run("const x = input.a; x * 2", { input: { a: 21 } }), 42);
  assert.equal(await run("if (input > 1) 'big'; else 'small'", { input: 2 }), "big");
  assert.deepEqual(await run("input.map((x) => ({ x }))", { input: [1, 2] }), [{ x: 1 }, { x: 2 }]);
});

test("with return it is the body of a function", async () => {
  const body = "const { a } = input;\nif (a > 1) return a; // comment\nreturn 0 // last";
  assert.equal(await run(body, { input: { a: 5 } }), 5);
  assert.equal(await run("return", {}), null);
});

test("a promise is settled, where nothing outside is needed for it", async () => {
  assert.equal(await run("(async () => { await null; return input; })()", { input: 3 }), 3);
  assert.match((await failure("Promise.reject(new Error('no'))")).message, /Error: no/);
  assert.match((await failure("new Promise(() => {})")).message, /nothing will settle/);
});

test("the input is a copy, and nothing stays for the next script", async () => {
  const input = { list: [1] };
  assert.deepEqual(
    await run("globalThis.left = 1; Array.prototype.evil = 1; input.list.push(2); input", { input }),
    { list: [1, 2] },
  );
  assert.deepEqual(input, { list: [1] });
  assert.equal(await run("typeof left + [].evil"), "undefinedundefined");
});

test("there is nothing to reach", async () => {
  const names =
    "process require module fetch XMLHttpRequest WebSocket setTimeout setInterval queueMicrotask console performance std os";
  const found = await run(`${JSON.stringify(names)}.split(' ').filter((name) => name in globalThis)`);
  assert.deepEqual(found, []);
  assert.equal(await run("typeof Function('return this')().process"), "undefined");
  assert.equal(await run("typeof [].constructor.constructor('return globalThis')().process"), "undefined");
  assert.match((await failure("import('node:fs')")).message, /could not load module/);
  assert.match((await failure("import fs from 'node:fs'")).message, /SyntaxError/);
});

test("time stands still and chance repeats", async () => {
  const source = `[Date.now(), new Date().toISOString(), +new Date(Date()), new Date(2026, 1, 3).getDate(), Date.UTC(2020, 0),
    new Date() instanceof Date, Object.getPrototypeOf(new Date()).constructor.now(), Math.random(), Math.random()]`;
  const first = await run(source);
  assert.ok(Array.isArray(first));
  const nowMs = Date.UTC(2026, 0, 1);
  assert.deepEqual(first.slice(0, 7), [
    nowMs,
    "2026-01-01T00:00:00.000Z",
    nowMs,
    3,
    Date.UTC(2020, 0),
    true,
    nowMs,
  ]);
  assert.deepEqual(await run(source), first);
  assert.notDeepEqual(await run(source, { seed: 8 }), first);
});

test("what a script throws is told, with its line", async () => {
  assert.match((await failure("\n\nnull.x")).message, /^The script failed: TypeError: .* \(line 3\)$/);
  assert.match((await failure("return null.x")).message, /TypeError: .* \(line 1\)$/);
  assert.match((await failure("let x = ;")).message, /SyntaxError/);
  assert.match((await failure("return ;)")).message, /SyntaxError/);
  assert.match((await failure("JSON.parse('{')")).message, /SyntaxError/);
  assert.match((await failure("throw { a: 1 }")).message, /threw \{"a":1\}/);
  assert.match((await failure("throw null")).message, /threw null/);
  assert.equal((await failure("null.x")).retry, null);
});

test("only JSON comes out", async () => {
  for (const source of ["0 / 0", "[1n]", "() => 1", "({ f() {} })", "Symbol()", "const a = {}; a.a = a; a"])
    assert.equal((await failure(source)).code, "SCRIPT_FAILED", source);
  for (const source of ["undefined", "null", "", "var x = 1"]) assert.equal(await run(source), null, source);
  assert.match((await failure("'x'.repeat(5 * 1024 * 1024)")).message, /longer than/);
  assert.deepEqual(await run("JSON.stringify = () => 'x'; Number.isFinite = () => true; [1]"), [1]);
});

const endless = [
  "while (true) {}",
  "for (;;) { try { for (;;) {} } catch {} }",
  "(async () => { while (true) await 0; })()",
  "({ toJSON() { while (true); } })",
  "/(a+)+$/.test('a'.repeat(40) + 'b')",
  "const p = new Proxy({}, { get() { while (true); } }); p.x",
];

test("what does not end is ended", async () => {
  for (const source of endless) {
    const error = await failure(source, { timeoutMs: 60 });
    assert.deepEqual([error.code, error.retry], ["SCRIPT_TIMEOUT", "timeout"], source);
  }
  assert.equal(await run("1 + 1"), 2);
});

test("what does not even look at its limit is ended from outside, and the next script runs", async () => {
  const clock = new ManualClock();
  const from = sandbox(clock);
  assert.equal(await run("1", { from }), 1);
  const stuck = failure("[].indexOf.call({ length: 2 ** 53 - 1 }, 1)", { from, timeoutMs: 60 });
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(1_060);
  assert.equal((await stuck).code, "SCRIPT_TIMEOUT");
  assert.equal(await run("2", { from }), 2);
  await from.close();
});

const bombs = [
  "const a = []; while (true) a.push({ a })",
  "'x'.repeat(2 ** 29)",
  "new ArrayBuffer(2 ** 30)",
  "const m = new Map(); for (let i = 0; ; i++) m.set(i, [i])",
];

test("memory has a limit, and its end does not end us", async () => {
  const beforeBytes = process.memoryUsage().rss;
  for (const source of bombs) assert.match((await failure(source)).code, /SCRIPT_LIMIT_EXCEEDED/, source);
  assert.ok(process.memoryUsage().rss - beforeBytes < 400 * 1024 * 1024, "memory comes back");
  assert.equal(await run("1 + 1"), 2);
});

test("calls have a limit", async () => {
  assert.equal((await failure("function f() { return f() + 1 } f()")).code, "SCRIPT_LIMIT_EXCEEDED");
  assert.equal((await failure("let a = []; for (let i = 0; i < 2e3; i++) a = [a]; a")).code, "INVALID_JSON");
});

test("a script is stopped with its step, in the queue and while it runs", async () => {
  const from = sandbox(systemClock);
  const stop = new AbortController();
  const stopped = [1, 2, 3, 4].map(() => failure("while (true) {}", { from, signal: stop.signal }));
  stop.abort();
  for (const error of await Promise.all(stopped)) assert.equal(error.code, "STEP_STOPPED");
  assert.equal(await run("1", { from }), 1);
  await from.close();
});

test("closing ends what runs, and nothing starts after it", async () => {
  const from = sandbox(systemClock);
  await run("1", { from });
  const running = failure("while (true) {}", { from });
  await from.close();
  assert.equal((await running).code, "STEP_STOPPED");
  assert.equal((await failure("1", { from })).code, "STEP_STOPPED");
});

test("many at once all get their own answer", async () => {
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) => run("input * 2", { input: index })),
  );
  assert.deepEqual(
    answers,
    Array.from({ length: 60 }, (_, index) => index * 2),
  );
});
