import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { reference } from "../scripts/reference.ts";

test("docs/reference and the client's types are what the sources say; `node scripts/reference.ts` writes it anew", async () => {
  const pages = await reference();
  const errors = pages["docs/reference/errors.md"] ?? "";
  assert.match(errors, /\| `STALE_APPEND` \| 409 \|/);
  const codes = [...errors.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code);
  assert.equal(new Set(codes).size, codes.length, "each code belongs to one class");
  for (const [name, text] of Object.entries(pages)) {
    const committed = readFileSync(join(import.meta.dirname, "..", name), "utf8");
    assert.ok(committed === text, `${name} is out of date`);
  }
});
