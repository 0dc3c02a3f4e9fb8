/**
 * The engine's process under `flyball serve`, killed under load and otherwise ended. Accepted runs complete,
 * refusals are passed on, and nothing is left behind when the one that watches is killed.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { flyball, type Started, start } from "../command.ts";

const limit = { timeout: 60_000 };
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flyball-serve-"));
  writeFileSync(
    join(folder, "pause.yaml"),
    "workflow: pause\nsteps:\n  - id: nap\n    wait: { for: 300ms }\n",
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Serving {
  readonly url: string;
  readonly pid: number;
}

/** What a server says of itself, each time that it serves anew. */
function servings({ child }: Started) {
  const seen: Serving[] = [];
  let text = "";
  let tell = () => {};
  child.stderr?.on("data", (chunk) => {
    text += String(chunk);
    const found = [...text.matchAll(/Serving (\S+) .*\(process (\d+)/g)];
    seen.splice(0, seen.length, ...found.map(([, url = "", pid]) => ({ url, pid: Number(pid) })));
    tell();
  });
  return async (count: number): Promise<Serving> => {
    while (seen.length < count) {
      await new Promise<void>((resolve) => {
        tell = resolve;
      });
    }
    const last = seen[count - 1];
    assert.ok(last);
    return last;
  };
}

const serve = (...args: string[]) =>
  start(["serve", ".", "--port", "0", "--home", join(folder, "home"), ...args], { cwd: folder });

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function post(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/v1/workflows/pause/runs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: null }),
    });
    return answer.status === 202 ? String(((await answer.json()) as { runId: string }).runId) : undefined;
  } catch {
    return undefined;
  }
}

test("killed under load, it serves again, and every accepted run completes", limit, async () => {
  const server = serve();
  const serving = servings(server);
  const accepted: string[] = [];
  for (let kill = 1; kill <= 3; kill++) {
    const { url, pid } = await serving(kill);
    const batch = Promise.all(Array.from({ length: 40 }, () => post(url)));
    if (kill === 2) await batch;
    process.kill(pid, "SIGKILL");
    accepted.push(...(await batch).filter((id) => id !== undefined));
  }
  const { url, pid } = await serving(4);
  assert.ok(accepted.length >= 40, `${accepted.length} were accepted`);
  for (const id of accepted) {
    const status = async () =>
      ((await (await fetch(`${url}/v1/runs/${id}`)).json()) as { status: string }).status;
    while ((await status()) !== "completed") await new Promise((resolve) => setTimeout(resolve, 20));
  }
  server.child.kill("SIGTERM");
  const { code, stderr } = await server.outcome;
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/was ended by SIGKILL; it is started again/g)?.length, 3);
  assert.ok(!isAlive(pid));
});

test("a stop that is told to the engine itself is a stop", limit, async () => {
  const server = serve();
  const { pid } = await servings(server)(1);
  process.kill(pid, "SIGTERM");
  assert.equal((await server.outcome).code, 0);
});

test("an engine whose watcher is killed goes with it", limit, async () => {
  const server = serve();
  const { pid } = await servings(server)(1);
  server.child.kill("SIGKILL");
  await gone(pid);
});

test("a first start that is refused is passed on", limit, async () => {
  writeFileSync(join(folder, "wrong.yaml"), "workflow: wrong\nsteps:\n  - id: a\n    nothing: {}\n");
  const wrong = await serve().outcome;
  assert.equal(wrong.code, 2, wrong.stderr);
  assert.doesNotMatch(wrong.stderr, /started again/);
  rmSync(join(folder, "wrong.yaml"));
  const first = serve();
  await servings(first)(1);
  const second = await serve().outcome;
  assert.equal(second.code, 3, second.stderr);
  first.child.kill("SIGTERM");
  await first.outcome;
});

test("without supervision it is one process, and stays ended", limit, async () => {
  const server = serve("--no-supervise");
  const { pid } = await servings(server)(1);
  assert.equal(pid, server.child.pid);
  process.kill(pid, "SIGKILL");
  assert.equal((await server.outcome).signal, "SIGKILL");
});

test("runs of a flow go on after a kill, also those of an older version beside it", limit, async () => {
  const door = join(import.meta.dirname, "../../src/index.ts");
  const code = (version: string) =>
    `import { flow } from ${JSON.stringify(door)};\nexport default flow({ name: "pause", version: "${version}" }, async (ctx) => { await ctx.sleep("nap", "700ms"); return "${version}"; });\n`;
  rmSync(join(folder, "pause.yaml"));
  mkdirSync(join(folder, "flows"));
  writeFileSync(join(folder, "flows", "pause.ts"), code("1"));
  const server = serve();
  const serving = servings(server);
  const { url, pid } = await serving(1);
  const old = await post(url);
  writeFileSync(join(folder, "flows", "pause@1.ts"), code("1"));
  writeFileSync(join(folder, "flows", "pause.ts"), code("2"));
  process.kill(pid, "SIGKILL");
  const again = await serving(2);
  const young = await post(again.url);
  const outputOf = async (id: string | undefined) => {
    for (;;) {
      const run = (await (await fetch(`${again.url}/v1/runs/${id}`)).json()) as {
        status: string;
        output: unknown;
      };
      if (run.status !== "running" && run.status !== "waiting") return run;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const [first, second] = [await outputOf(old), await outputOf(young)];
  assert.deepEqual([first.status, first.output], ["completed", "1"]);
  assert.deepEqual([second.status, second.output], ["completed", "2"]);
  server.child.kill("SIGTERM");
  await server.outcome;
});

test("a batch over a flow, killed, goes on with the same command", limit, async () => {
  const marker = join(folder, "marker");
  const door = join(import.meta.dirname, "../../src/index.ts");
  writeFileSync(
    join(folder, "batch.ts"),
    `import { flow } from ${JSON.stringify(door)};\nexport default flow({ name: "batch", version: "1" }, async (ctx, input) => { await ctx.step("one", async () => (await import("node:fs")).writeFileSync(${JSON.stringify(marker)}, "")); await ctx.sleep("nap", "900ms"); return input; });\n`,
  );
  const args = ["run", "batch.ts", "--input", "[1,2,3]", "--home", join(folder, "home"), "--json"];
  const first = start(args, { cwd: folder });
  while (!existsSync(marker)) await new Promise((resolve) => setTimeout(resolve, 10));
  first.child.kill("SIGKILL");
  await first.outcome;
  const second = await flyball(args, { cwd: folder });
  assert.equal(second.code, 0, second.stderr);
});
