import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Json } from "../../core/base/index.ts";
import { promptText, served } from "../../core/registry/testing.ts";
import { createApp } from "../index.ts";

type Body = Record<string, Json>;

async function setup(t: TestContext, isLocal = true) {
  const world = await served(t);
  const app = createApp({ engine: world.engine, isLocal });
  const ask = async (method: string, path: string, body?: Json) => {
    const headers = { "content-type": "application/json", host: "localhost" };
    const answer = await app.request(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Body };
  };
  return { ...world, ask };
}

const asset = "/v1/assets/prompt/ask";

test("a version is added as a text or as JSON, shown, compared and labelled", async (t) => {
  const { ask } = await setup(t);
  const listed = await ask("GET", "/v1/assets?kind=prompt");
  const [{ production: first } = { production: "" }] = listed.body.items as { production: string }[];
  const content = {
    input: { text: "string" },
    messages: [{ role: "user", content: "v2 {{ text }}" }],
  };
  const put = await ask("PUT", asset, { content, message: "shorter" });
  assert.deepEqual([put.status, put.body.production], [200, first]);
  const versions = (await ask("GET", `${asset}/versions`)).body.items as Body[];
  const second = String(versions[0]?.digest);
  assert.deepEqual(
    versions.map(({ source, message, labels }) => [source, message, labels]),
    [
      ["api", "shorter", []],
      ["files", null, ["production"]],
    ],
  );
  const shown = await ask("GET", `${asset}/versions/${second.slice(0, 12)}`);
  assert.match(String(shown.body.text), /v2 \{\{ text \}\}/);
  assert.deepEqual((shown.body.content as Body).messages, content.messages);
  assert.equal((await ask("GET", `${asset}/versions/production`)).body.text, promptText("v1"));
  const { diff } = (await ask("GET", `${asset}/diff?to=${second}`)).body;
  assert.match(String(diff), /^-.*v1 \{\{ text \}\}/m);
  assert.match(String(diff), /^\+.*v2 \{\{ text \}\}/m);

  const labelled = await ask("PUT", `${asset}/labels/tested`, { to: second });
  assert.deepEqual(labelled.body.labels, { production: first, tested: second });
  const moved = await ask("PUT", `${asset}/labels/production`, { to: "tested", reason: "better" });
  assert.equal(moved.body.production, second);
  assert.deepEqual((await ask("DELETE", `${asset}/labels/tested`)).body.labels, { production: second });
  const approved = await ask("POST", `${asset}/labels/production/approvals`, { to: first, by: "ann" });
  assert.deepEqual((approved.body.approvals as Body[])[0]?.verified, false);
  const history = (await ask("GET", `${asset}/history`)).body.items as Body[];
  assert.deepEqual(
    history.map(({ type }) => type),
    [
      "version.added",
      "label.moved",
      "version.added",
      "label.moved",
      "label.moved",
      "label.removed",
      "label.approved",
    ],
  );
  assert.ok(history.every((event) => !("text" in event)));
});

test("a route may name a model that came through the API", async (t) => {
  const { ask } = await setup(t);
  const route = { text: "try: [late]" };
  assert.equal((await ask("PUT", "/v1/assets/route/answers", route)).status, 422);
  const model = { text: "{ provider: sim, quality: 0.9, seed: 3 }" };
  assert.equal((await ask("PUT", "/v1/assets/model/late", model)).status, 200);
  assert.equal((await ask("PUT", "/v1/assets/route/answers", route)).status, 200);
});

test("what is wrong is said with a stable code", async (t) => {
  const { ask } = await setup(t);
  const refused: [string, string, Json | undefined, number, string][] = [
    ["GET", "/v1/assets/prompt/nope", undefined, 404, "ASSET_NOT_FOUND"],
    ["GET", `${asset}/versions/ffffffff`, undefined, 404, "VERSION_NOT_FOUND"],
    ["PUT", asset, {}, 400, "REQUEST_INVALID"],
    ["PUT", asset, { text: "messages: 1" }, 422, "WORKFLOW_INVALID"],
    ["PUT", "/v1/assets/index/help", { text: "folder: help" }, 422, "INDEX_SOURCE_UNREADABLE"],
    ["PUT", "/v1/assets/flow/help", { text: "x" }, 422, "ASSET_UNWRITABLE"],
    ["PUT", `${asset}/labels/canary`, { to: "production" }, 409, "LABEL_RESERVED"],
    ["PUT", `${asset}/labels/No!`, { to: "production" }, 422, "LABEL_INVALID"],
    ["POST", "/v1/rollouts", { asset: "prompt/ask", to: "production", share: 0.1 }, 422, "ROLLOUT_INVALID"],
    ["POST", "/v1/rollouts", { asset: "ask", to: "production", share: 0.1 }, 400, "REQUEST_INVALID"],
    ["GET", "/v1/rollouts/none", undefined, 404, "ROLLOUT_NOT_FOUND"],
    ["POST", "/v1/runs/none/scores", { name: "right", value: 1, source: "user" }, 404, "RUN_NOT_FOUND"],
  ];
  for (const [method, path, body, status, code] of refused) {
    const answer = await ask(method, path, body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], `${method} ${path}`);
  }
  const outside = await setup(t, false);
  assert.equal((await outside.ask("POST", "/v1/assets/push", { folder: "/", files: [] })).status, 404);
});

test("names with a slash are found", async (t) => {
  const { ask } = await setup(t);
  const text =
    "workflow: others\nsteps:\n  - id: only\n    inference: { model: local/extractive, input: { text: x } }\n";
  assert.equal((await ask("PUT", "/v1/assets/workflow/others", { text })).status, 200);
  const shown = await ask("GET", `/v1/assets/model/${encodeURIComponent("local/extractive")}`);
  assert.deepEqual([shown.status, shown.body.name], [200, "local/extractive"]);
});

test("a rollout is started, resized, judged by scores, and ended", async (t) => {
  const { ask } = await setup(t);
  await ask("PUT", asset, { text: promptText("v2") });
  const versions = (await ask("GET", `${asset}/versions`)).body.items as Body[];
  const to = String(versions[0]?.digest);
  const guards = [{ metric: "score.right", min: "50%", minRuns: 2 }];
  const started = await ask("POST", "/v1/rollouts", {
    asset: "prompt/ask",
    to: to.slice(0, 10),
    share: "100%",
    guards,
    by: "input.text",
  });
  assert.deepEqual(
    [started.status, started.body.status, started.body.share, started.body.by],
    [201, "running", 1, "{{ input.text }}"],
  );
  const rollout = `/v1/rollouts/${started.body.id}`;
  const again = await ask("POST", "/v1/rollouts", { asset: "prompt/ask", to, share: 1 });
  assert.deepEqual([again.status, again.body.code], [409, "ROLLOUT_RUNNING"]);
  assert.equal((await ask("POST", `${rollout}/share`, { share: "50%" })).body.share, 0.5);
  await ask("POST", `${rollout}/share`, { share: 1 });

  for (const value of [true, false, false]) {
    const run = await ask("POST", "/v1/workflows/asks/runs?wait=10s", { input: { text: "x" } });
    assert.deepEqual(run.body.rollouts, { [String(started.body.id)]: "to" });
    const scores = `/v1/runs/${run.body.runId}/scores`;
    assert.equal(
      (await ask("POST", scores, { name: "right", value, source: "user", comment: "why" })).status,
      201,
    );
    const [score] = (await ask("GET", scores)).body.items as Body[];
    assert.deepEqual([score?.value, score?.by, score?.comment], [Number(value), "local", "why"]);
  }
  const shown = await ask("GET", rollout);
  assert.deepEqual(
    [shown.body.status, shown.body.reason],
    ["rolled_back", "score.right is 0.3333 over 3 scores, below the least allowed 0.5"],
  );
  assert.deepEqual((shown.body.arms as { to: Body }).to.scores, { right: { n: 3, mean: 1 / 3 } });
  assert.equal((shown.body.events as Body[]).at(-1)?.type, "rollout.rolled_back");

  const next = await ask("POST", "/v1/rollouts", { asset: "prompt/ask", to, mode: "ab", share: 0.5 });
  const promoted = await ask("POST", `/v1/rollouts/${next.body.id}/promote`, { reason: "after all" });
  assert.equal(promoted.body.status, "promoted");
  assert.equal((await ask("GET", asset)).body.production, to);
  const third = await ask("POST", "/v1/rollouts", {
    asset: "prompt/ask",
    to: String(versions[1]?.digest),
    share: 0.5,
  });
  const back = await ask("POST", `/v1/rollouts/${third.body.id}/rollback`, { reason: "enough" });
  assert.deepEqual([back.body.status, back.body.reason], ["rolled_back", "enough"]);
  const statuses = ((await ask("GET", "/v1/rollouts")).body.items as Body[]).map(({ status }) => status);
  assert.deepEqual(statuses, ["rolled_back", "promoted", "rolled_back"]);
  const running = await ask("GET", "/v1/rollouts?status=running");
  assert.deepEqual(running.body.items, []);
  assert.deepEqual(((await ask("GET", "/v1/journal/doctor")).body as { ok: boolean }).ok, true);
});

test("a text is checked without adding it, and what is wrong is told with its place", async (t) => {
  const { engine, ask } = await setup(t);
  const before = engine.journal.lastPosition();
  const good = await ask("POST", `${asset}/check`, { text: promptText("v2") });
  assert.match(String(good.body.digest), /^[0-9a-f]{64}$/);
  const bad = await ask("POST", `${asset}/check`, { text: "input: { text: string }\nmessages: 5\n" });
  const [problem] = bad.body.problems as Body[];
  assert.deepEqual([bad.status, problem?.line], [422, 2]);
  const unknown = await ask("POST", "/v1/assets/workflow/asks/check", {
    text: "workflow: asks\nsteps: [{ id: a, inference: { prompt: nobody } }]\n",
  });
  assert.match(JSON.stringify(unknown.body.problems), /nobody/);
  assert.equal(engine.journal.lastPosition(), before);
  const added = await ask("PUT", asset, { text: promptText("v2") });
  assert.equal(added.status, 200);
  assert.equal(engine.registry.version("prompt/ask", "newest"), good.body.digest);
});

test("any version of a prompt is rendered for the variables that it is given", async (t) => {
  const { ask } = await setup(t);
  await ask("PUT", asset, { text: promptText("v2") });
  const rendered = async (version?: string) => {
    const body = { input: { text: "hi" }, ...(version ? { version } : {}) };
    return (await ask("POST", `${asset}/render`, body)).body.messages;
  };
  assert.deepEqual(await rendered(), [{ role: "user", content: "v1 hi" }]);
  assert.deepEqual(await rendered("newest"), [{ role: "user", content: "v2 hi" }]);
  const wrong = await ask("POST", `${asset}/render`, { input: {} });
  assert.deepEqual([wrong.status >= 400, wrong.body.code], [true, "PROMPT_INPUT_INVALID"]);
  assert.equal((await ask("POST", `${asset}/render`, { input: 5 })).status, 400);
});

test("the format's schema knows the kinds that this server has", async (t) => {
  const { ask } = await setup(t);
  const { body } = await ask("GET", "/v1/workflows/schema");
  assert.ok("kind_inference" in Object(body.$defs));
});
