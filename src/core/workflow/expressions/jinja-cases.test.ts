import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { isJsonObject } from "../../base/index.ts";
import { render } from "./testing.ts";

const file = resolve(import.meta.dirname, "../../../../../shared/data/jinja2/cases.json");

test("prints the recorded cases of Jinja2's immutable sandbox", (t) => {
  if (!existsSync(file)) return t.skip("skipped: no data");
  const { context, cases } = JSON.parse(readFileSync(file, "utf8"));
  assert.ok(isJsonObject(context) && Array.isArray(cases) && cases.length > 0);
  const printed = cases.map(({ name, template }) => ({
    name,
    template,
    expected: render(template, context),
  }));
  assert.deepEqual(printed, cases);
});
