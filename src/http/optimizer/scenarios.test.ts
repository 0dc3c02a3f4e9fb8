import assert from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../loop/optimizer/testing.ts";
import { filesOf, type Scenario, Script, scenarios } from "./testing.ts";

// One seed each; `npm run bench -- optimizer` has twenty.

for (const [name, kind] of Object.entries(scenarios))
  test(`${name}: ${kind ?? "nothing"} is proposed within 500 runs`, async (t) => {
    const scenario = name as Scenario;
    const made = await world(t, filesOf(scenario, 1));
    const script = new Script(made, scenario);
    await script.runs(500);
    const { proposals } = await script.cycle();
    assert.deepEqual(
      proposals.map((proposal) => proposal.kind),
      kind === null ? [] : [kind],
    );
    if (kind === "swap_model") await proves(script, scenario, proposals[0]?.id ?? "");
    assert.deepEqual(made.troubles, []);
  });

async function proves(script: Script, scenario: Scenario, proposal: string): Promise<void> {
  const { id, stage, reason, maxShare } = await script.proved(proposal);
  if (scenario === "a candidate good on the past and bad in the present")
    return assert.deepEqual([stage, maxShare <= 0.1], ["rolledBack", true], reason);
  assert.equal(stage, "promoted", reason);
  await script.runs(300);
  const { comparison } = await script.ask("GET", `/v1/experiments/${id}`);
  const { low, mid, high, isInside } = comparison?.savedUsdPerRun ?? {};
  assert.ok(isInside && (comparison?.runs ?? 0) >= 300, JSON.stringify(comparison));
  assert.ok((high ?? 0) - (low ?? 0) <= (mid ?? 0));
}
