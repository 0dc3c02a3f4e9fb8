import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const door = new URL("../index.ts", import.meta.url).href;

/** What a process imports, by name, until the code has run. */
function importedBy(code: string): readonly string[] {
  const script = `
    import { registerHooks } from "node:module";
    const seen = new Set();
    registerHooks({ resolve(name, context, next) { seen.add(name); return next(name, context); } });
    ${code}
    console.log(JSON.stringify([...seen]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  assert.equal(String(stderr), "");
  return JSON.parse(String(stdout));
}

test("no provider's package is loaded before it is asked: together they take longer than a start", () => {
  const isProvider = (name: string) => /^@ai-sdk\//.test(name);
  assert.deepEqual(importedBy(`await import(${JSON.stringify(door)});`).filter(isProvider), []);
  // The look itself can find one.
  assert.equal(
    importedBy(`await import("@ai-sdk/google");`).filter(isProvider).includes("@ai-sdk/google"),
    true,
  );
});
