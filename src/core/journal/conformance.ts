import { test } from "node:test";
import { appendCases } from "./conformance-appends.ts";
import { bodyCases } from "./conformance-bodies.ts";
import { pruneCases } from "./conformance-pruning.ts";
import { type JournalSetup, opened } from "./conformance-subject.ts";
import { tamperCases } from "./conformance-tampering.ts";

/**
 * What every journal must do, written once; each store's own test file runs it on the stores that `setup`
 * makes, a fresh one for each case.
 */
export function journalConformance<Change>(name: string, setup: JournalSetup<Change>): void {
  for (const { what, run } of [...appendCases, ...bodyCases, ...pruneCases, ...tamperCases])
    test(`${name}: ${what}`, () => run(opened(setup())));
}
