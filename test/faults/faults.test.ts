import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readProjectFile } from "../source-text.ts";
import type { Fault } from "./fault.ts";
import { lacking } from "./needs.ts";
import { page, pageFile, recordedRows } from "./report.ts";
import { allFaults, runFault } from "./run.ts";

const faults = await allFaults();

describe("faults, at the size of a few seconds; `npm run faults` runs them in full", () => {
  for (const fault of faults) {
    const lacks = lacking(fault.needs);
    const skip = lacks.length > 0 && `this machine lacks ${lacks.join("; ")}`;
    test(`${fault.id} ${fault.title}`, { skip }, async (t) => {
      const { failure, measures, seconds } = await runFault(fault, {
        full: false,
        seed: 1,
        progress: () => {},
      });
      assert.equal(failure, null);
      t.diagnostic(measures.map(({ name, value, unit = "" }) => `${name}: ${value} ${unit}`).join("; "));
      t.diagnostic(`${seconds} s`);
    });
  }
});

describe("the harness", () => {
  const fault = (run: Fault["run"]): Fault => ({ id: "R0", title: "none", promise: "none", run });
  const outcome = (run: Fault["run"]) => runFault(fault(run), { full: false, seed: 1, progress: () => {} });

  test("a row has a number of its own", () => {
    const ids = faults.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^R\d+$/);
  });

  test("a row that misses a target, throws, or measures nothing has failed", async () => {
    assert.equal((await outcome(async () => [{ name: "a", value: 1, ok: true }])).failure, null);
    assert.match(String((await outcome(async () => [{ name: "a", value: 1, ok: false }])).failure), /a: 1/);
    assert.match(String((await outcome(() => Promise.reject(new Error("no")))).failure), /no/);
    assert.match(String((await outcome(async () => [])).failure), /nothing/);
  });

  test(`${pageFile} is what the recorded results give`, () => {
    assert.equal(readProjectFile(pageFile), page(recordedRows()));
  });
});
