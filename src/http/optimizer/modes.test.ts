import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type World, world } from "../../loop/optimizer/testing.ts";
import { asked } from "./testing.ts";

const files = (optimizer: string, labels = "") => ({
  "flyball.yaml": `models:
  large: { provider: sim, price: { input: $9/M, output: $9/M }, latency: { p50: 1ms, p95: 2ms }, quality: 0.97, seed: 1, labels: [a, b, c, d] }
  small: { provider: sim, price: { input: $1/M, output: $1/M }, latency: { p50: 1ms, p95: 2ms }, quality: 0.97, seed: 2, labels: [a, b, c, d] }
routes:
  intent: { try: [large] }
optimizer: ${optimizer}
${labels}`,
  "flow.yaml": `workflow: flow
input: { type: object }
targets: { accuracy: 90% }
steps:
  - id: intent
    inference: { route: intent, prompt: { text: "Classify {{ input.text }}" } }
`,
});

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly experiment: string | null;
  readonly stage: string;
  readonly share: number;
  readonly reason: string;
  readonly by: string;
  readonly declined: { readonly by: string; readonly reason: string } | null;
  readonly proposals: readonly Shown[];
  readonly items: readonly Shown[];
  readonly finding: { readonly evidence: { readonly replayed: number; readonly replayCostUsd: number } };
}

/** A served project, and its API as a script sees it. */
async function served(t: TestContext, optimizer: string, labels?: string) {
  const made = await world(t, files(optimizer, labels));
  const ask = async (method: string, path: string, body?: object): Promise<Shown> =>
    (await asked(made, method, path, body)).body;
  return { made, ask, proposals: async (query = "") => (await ask("GET", `/v1/proposals?${query}`)).items };
}

const cyclesOf = async ({ engine }: World) =>
  (await engine.journal.read("optimizer/flow")).filter(({ type }) => type === "cycle.completed");

test("advise, the default, looks when it is asked and begins nothing", async (t) => {
  const { made, proposals } = await served(t, "{ every: 100 runs }");
  await made.runs(200);
  assert.deepEqual([await proposals(), await cyclesOf(made)], [[], []]);
});

test("propose looks after so many runs, also over a restart; a person approves, and the proof begins", async (t) => {
  const { made, ask, proposals } = await served(t, "{ mode: propose, every: 150 runs }");
  await made.runs(100);
  assert.deepEqual(await cyclesOf(made), []);
  await made.reopen();
  await made.runs(50);
  const [open, ...others] = await proposals("workflow=flow&status=open");
  assert.ok(open && others.length === 0);
  const [cycle] = await cyclesOf(made);
  assert.deepEqual([cycle?.data?.mode, cycle?.data?.by], ["propose", "schedule"]);
  await made.runs(150);
  assert.equal((await cyclesOf(made)).length, 2);
  assert.deepEqual(made.engine.registry.store.rollouts({}), [], "nothing begins by itself");
  const [latest] = await proposals("status=open");
  const begun = await ask("POST", `/v1/proposals/${latest?.id}/experiments`, { by: "ann" });
  await made.engine.optimizer.settled();
  const shown = await ask("GET", `/v1/experiments/${begun.id}`);
  assert.deepEqual([shown.stage, shown.by], ["shadow", "ann"]);
  assert.deepEqual(await proposals("status=open"), []);
  assert.deepEqual(made.troubles, []);
});

test("what a person declines is not proposed again, nor begun, until what it would change is another version", async (t) => {
  const optimizer = "{ mode: propose, every: 150 runs }";
  const { made, ask, proposals } = await served(t, optimizer);
  await made.runs(150);
  const [open] = await proposals("status=open");
  assert.equal(open?.declined, null);
  const no = (body: object, id = open?.id) => asked(made, "POST", `/v1/proposals/${id}/decline`, body);
  const refused = await Promise.all([no({}), no({ reason: "" }), no({ reason: "not now" }, "none")]);
  assert.deepEqual(
    refused.map(({ status, body }) => [status, body.code]),
    [
      [400, "REQUEST_INVALID"],
      [400, "REQUEST_INVALID"],
      [404, "PROPOSAL_NOT_FOUND"],
    ],
  );
  const said = await no({ by: "ann", reason: "small answers in another tone" });
  assert.equal(said.status, 200);
  const late = [
    await no({ by: "bob", reason: "too soon" }),
    await asked(made, "POST", `/v1/proposals/${open?.id}/experiments`, {}),
  ];
  assert.deepEqual(
    late.map(({ status, body }) => [status, body.code, body.detail]),
    ["declined", "tried"].map((verb) => [
      409,
      "PROPOSAL_STALE",
      `Proposal ${open?.id} cannot be ${verb}: it is declined.`,
    ]),
  );
  const { at, ...declined } = said.body.declined;
  assert.deepEqual(declined, { by: "ann", reason: "small answers in another tone" });
  assert.ok(Date.parse(at) > 0);

  await made.reopen();
  await made.runs(150);
  assert.equal((await cyclesOf(made)).length, 2);
  const look = (mode: string) => ask("POST", "/v1/optimizer/cycles", { workflow: "flow", mode });
  assert.deepEqual((await look("act_within")).proposals, []);
  assert.deepEqual(await proposals("status=open"), []);
  assert.deepEqual(await proposals(), await proposals("status=declined"));
  assert.deepEqual(await ask("GET", `/v1/proposals/${open?.id}`), said.body);
  assert.deepEqual(made.engine.registry.store.rollouts({}), [], "nothing has begun");

  // Another text of the workflow leaves the route as it is.
  await made.write("flow.yaml", files(optimizer)["flow.yaml"].replace("Classify", "Sort"));
  await made.runs(100);
  assert.deepEqual((await look("act_within")).proposals, []);
  const [latest] = await made.engine.optimizer.cycles("flow");
  assert.deepEqual([latest?.findings.map(({ kind }) => kind), latest?.proposals], [["swap_model"], []]);

  const changed = files(optimizer)["flyball.yaml"].replace("try: [large]", "try: [large], timeout: 60s");
  await made.write("flyball.yaml", changed);
  await made.runs(100);
  const { proposals: anew } = await look("advise");
  assert.equal(anew.length, 1);
  assert.deepEqual(await proposals("status=open"), anew);
  const { optimizer: own } = made.engine;
  const id = anew[0]?.id ?? "";
  const [begun, declinedLate] = await Promise.allSettled([
    own.experiment(id),
    own.decline(id, { by: "ann", reason: "at the same moment" }),
  ]);
  assert.deepEqual([begun.status, declinedLate.status], ["fulfilled", "rejected"]);
  const { status, declined: none } = await ask("GET", `/v1/proposals/${id}`);
  assert.deepEqual([status, none], ["testing", null]);
  assert.deepEqual(made.troubles, []);
});

test("a schedule by the clock looks again after its time", async (t) => {
  const { made } = await served(t, "{ mode: propose, every: 20ms }");
  await made.runs(70);
  while ((await cyclesOf(made)).length < 3)
    await new Promise<void>((resolve) => void made.engine.clock.after(10, resolve));
  const [first, second] = await cyclesOf(made);
  assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 20);
});

test("act_within begins by itself what its bounds allow, with the share that they allow", async (t) => {
  const { made, ask, proposals } = await served(t, "{ mode: act_within, every: 150 runs, max_share: 5% }");
  await made.runs(150);
  const [proposal] = await proposals();
  assert.equal(proposal?.status, "testing");
  const shown = () => ask("GET", `/v1/experiments/${proposal?.experiment}`);
  while (["replay", "shadow"].includes((await shown()).stage)) await made.runs(50);
  const { stage, share, by, reason } = await shown();
  assert.deepEqual([stage, share, by], ["canary", 0.05, "optimizer"], reason);
  assert.deepEqual(made.troubles, []);
});

test("act_within keeps to its kinds and to what trials may cost, and labels keep their approvals", async (t) => {
  const kinds = await served(t, "{ mode: act_within, every: 150 runs, kinds: [add_cache] }");
  await kinds.made.runs(150);
  assert.deepEqual(
    (await kinds.proposals()).map(({ status }) => status),
    ["open"],
    "it is proposed, and left to a person",
  );

  const spend = await served(t, "{ mode: act_within, every: 300 runs, max_spend: $0.0003 }");
  await spend.made.runs(300);
  assert.equal((await cyclesOf(spend.made)).length, 1);
  assert.deepEqual(await spend.proposals(), [], "what so little money shows is too little");
  const trials = spend.made.engine.control
    .runs({ workflow: "flow", withShadows: true, limit: 1_000 })
    .filter(({ shadowOf }) => shadowOf);
  const spentUsd = trials.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
  assert.ok(trials.length > 10 && spentUsd <= 0.0003, `${trials.length} trials for $${spentUsd}`);

  const approved = await served(
    t,
    "{ mode: act_within, every: 150 runs }",
    "labels: { production: { approvals: 1 } }\n",
  );
  await approved.made.runs(150);
  const [proposal] = await approved.proposals();
  const shown = () => approved.ask("GET", `/v1/experiments/${proposal?.experiment}`);
  for (let round = 0; round < 30 && !/approval/.test((await shown()).reason); round++)
    await approved.made.runs(50);
  assert.match((await shown()).reason, /^production of route\/intent asks for 1 approval/);
  assert.equal((await shown()).stage, "canary");
});
