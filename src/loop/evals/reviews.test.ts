import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type DatasetRow, replay, rowOfRun } from "./index.ts";
import { bench } from "./testing.ts";

const strict = { allow: new Set<string>(), simulate: false };

const workflow = ({ below = 0.5, draft = "{{ input.text }}", tone = "" } = {}) => `
workflow: asks
input: { type: object }
steps:
  - id: approval
    human_review: { draft: "${draft}", evidence: "{{ input.n }}", confidence: "{{ input.confidence }}", below: ${below} }
  - { id: shown, transform: { value: "${tone}{{ approval.value }}" } }
output: "{{ shown.value }}"
`;

/** Three runs: corrected, approved, and not asked about. */
async function reviewed(t: TestContext) {
  const made = await bench(t, { "asks.yaml": workflow() });
  const release = await made.open("asks.yaml");
  const ids: string[] = [];
  for (const [n, confidence] of [0.1, 0.2, 0.9].entries())
    ids.push(await made.run(release, `asks-${n}`, { n, confidence, text: `draft ${n}` }));
  const answers = [{ decision: "correct", value: "better" }, { decision: "approve" }] as const;
  for (const [n, answer] of answers.entries()) {
    const [review] = made.engine.control.reviews({ status: "open", run: String(ids[n]), limit: 1 });
    await made.engine.decide(String(review?.id), { ...answer, reviewer: "ada" });
    await made.engine.executor.settled(String(ids[n]));
  }
  return { ...made, ids };
}

test("a decision stands while draft and evidence are the same, whoever is asked otherwise", async (t) => {
  const made = await reviewed(t);
  made.write("asks.yaml", workflow({ below: 0.15, tone: "So: " }));
  const candidate = await made.open("asks.yaml");
  const { items } = await replay({ runs: made.ids, candidate, permissions: strict }, made.deps);
  assert.deepEqual(
    items.map(({ output, needsReview }) => [output?.candidate, needsReview]),
    [
      ["So: better", 0],
      ["So: draft 1", 0],
      ["So: draft 2", 0],
    ],
  );
});

test("who is asked about another draft, or for the first time, is marked as to review", async (t) => {
  const made = await reviewed(t);
  made.write("asks.yaml", workflow({ below: 1, draft: "{{ input.text }}{{ '!' if input.n == 1 else '' }}" }));
  const candidate = await made.open("asks.yaml");
  const { items, summary } = await replay({ runs: made.ids, candidate, permissions: strict }, made.deps);
  assert.deepEqual(
    items.map(({ steps }) => steps.map(({ how }) => how).join()),
    ["reused,computed", "needs_review,computed", "needs_review,computed"],
  );
  assert.deepEqual(
    items.map(({ output }) => output?.candidate),
    ["better", "draft 1!", "draft 2"],
  );
  assert.equal(summary.needsReview, 2);
});

test("rows of a dataset take what a person said for right, and say where they come from", async (t) => {
  const made = await reviewed(t);
  const rows: (DatasetRow | undefined)[] = [];
  for (const id of made.ids) rows.push(rowOfRun(id, await made.engine.journal.read(`run/${id}`)));
  assert.deepEqual(
    rows.map((row) => [row?.expected, row?.source?.label, row?.source?.by]),
    [
      ["better", "correction", "ada"],
      ["draft 1", "approval", "ada"],
      [undefined, "none", null],
    ],
  );
  const end = (await made.engine.journal.read(`run/${made.ids[0]}`)).at(-1);
  assert.equal(rows[0]?.source?.event, end?.hash);
});
