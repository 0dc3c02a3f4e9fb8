import assert from "node:assert/strict";
import { test } from "node:test";
import { askFiles, promptText, served, workflowText } from "./testing.ts";

const line = "prompt/ask";
const other = `workflow: others
input: { type: object }
steps:
  - id: only
    inference: { prompt: ask, route: answers, input: { text: "{{ input.text }}" } }
`;

test("files and requests see the same versions; the same content is the same version", async (t) => {
  const { engine } = await served(t);
  const { registry } = engine;
  const first = registry.version(line, "production");
  const content = {
    input: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    messages: [{ role: "user", content: "v1 {{ text }}" }],
  };
  await engine.add({ kind: "prompt", name: "ask", text: JSON.stringify(content) });
  assert.deepEqual(
    registry.store.versions(line).map(({ digest, source }) => [digest, source]),
    [[first, "files"]],
  );
  assert.deepEqual(
    registry.store.lines().map(({ id }) => id),
    ["model/small", "policy/http", "prompt/ask", "route/answers", "workflow/asks"],
  );
});

test("a promotion outlives a restart with unchanged files; a changed file becomes production", async (t) => {
  const world = await served(t);
  const { registry } = world.engine;
  await world.engine.add({ kind: "prompt", name: "ask", text: promptText("v2") });
  const promoted = registry.store.versions(line).at(-1)?.digest ?? "";
  await registry.moveLabel({ line, label: "production", to: promoted, by: "local", reason: null });
  const first = registry.store.versions(line)[0]?.digest ?? "";

  const engine = await world.reopen();
  assert.deepEqual(await world.serve(), { added: [], moved: [], kept: [] });
  assert.equal(engine.registry.labelled(line, "production"), promoted);

  world.write("prompts/ask.yaml", promptText("v3"));
  assert.deepEqual(await world.serve(), { added: [line], moved: [line], kept: [] });
  world.write("prompts/ask.yaml", promptText("v1"));
  assert.deepEqual(await world.serve(), { added: [], moved: [line], kept: [] });
  assert.equal(engine.registry.labelled(line, "production"), first);
  const types = (await engine.registry.history(line)).map(({ type }) => type);
  assert.deepEqual(types.slice(-4), ["version.added", "label.moved", "version.synced", "label.moved"]);
});

test("a draft is a version that the files have, and moves no label, not even after a restart", async (t) => {
  const world = await served(t);
  const production = world.engine.registry.labelled(line, "production");
  world.write("prompts/ask.yaml", promptText("v2"));
  const files = [`${world.folder}/asks.yaml`];
  assert.deepEqual((await world.engine.intake.push(files, world.folder, { isDraft: true })).added, [
    line,
    "model/large",
  ]);
  const engine = await world.reopen();
  assert.deepEqual((await world.serve()).moved, []);
  assert.equal(engine.registry.labelled(line, "production"), production);
  assert.notEqual(engine.registry.version(line, "newest"), production);
});

test("to run a file adds its versions and moves nothing; it runs in its own", async (t) => {
  const world = await served(t);
  const { engine } = world;
  const production = engine.registry.labelled(line, "production");
  world.write("prompts/ask.yaml", promptText("v9"));
  const { release } = await engine.open(`${world.folder}/asks.yaml`);
  assert.equal(engine.registry.labelled(line, "production"), production);
  const id = await engine.executor.start({ release, input: { text: "x" } });
  await engine.executor.settled(id);
  const events = await engine.journal.read(`run/${id}`);
  assert.match(JSON.stringify(events.at(-1)?.data), /v9 x/);
  // Served for the first time, it becomes production, although the version is known.
  assert.deepEqual((await world.serve()).moved, [line]);
});

test("files move nothing while a rollout runs, without an approval, or into what does not fit; and say so", async (t) => {
  const labels = "labels: { production: { approvals: 1 } }\n";
  const files = { ...askFiles, "others.yaml": other };
  const world = await served(t, files, ["asks.yaml", "others.yaml"]);
  const { engine } = world;
  const { registry } = engine;
  const production = registry.labelled(line, "production");

  world.write(
    "prompts/ask.yaml",
    'input: { text: string, tone: string }\nmessages: [{ role: user, content: "{{ text }}{{ tone }}" }]\n',
  );
  const [unfit] = (await world.serve()).kept;
  assert.match(
    unfit?.why ?? "",
    /asks: step first: the prompt ask needs a variable `tone`, which is not given/,
  );
  assert.match(unfit?.why ?? "", /others: step only/);

  await engine.add({ kind: "prompt", name: "ask", text: promptText("v2") });
  const to = registry.store.versions(line).at(-1)?.digest ?? "";
  const request = {
    kind: "prompt",
    name: "ask",
    mode: "canary" as const,
    share: 0.5,
    guards: [],
    by: "local",
  };
  const { id } = await registry.rollouts.start({ ...request, to });
  world.write("prompts/ask.yaml", promptText("v3"));
  assert.deepEqual(
    (await world.serve()).kept.map(({ why }) => why),
    [`rollout ${id} is running`],
  );
  await registry.rollouts.rollBack(id, { by: "local", reason: "enough" });

  world.write("flyball.yaml", `${labels}${askFiles["flyball.yaml"]}`);
  await world.serve();
  world.write("prompts/ask.yaml", promptText("v4"));
  const { added, kept } = await world.serve();
  assert.deepEqual(added, [line]);
  assert.match(kept[0]?.why ?? "", /production of prompt\/ask asks for 1 approval; version \w+ has 0/);
  assert.equal(registry.labelled(line, "production"), production);
  // The rules are an asset too: to be rid of them needs what they ask for.
  world.write("flyball.yaml", askFiles["flyball.yaml"] ?? "");
  assert.match((await world.serve()).kept.map((each) => each.line).join(), /policy\/labels/);
});

test("what a workflow could not run with is refused when the label is moved, before any run fails", async (t) => {
  const { engine } = await served(t);
  const { registry } = engine;
  const refuse = async (kind: string, name: string, text: string, message: RegExp) => {
    await engine.add({ kind, name, text });
    const of = `${kind}/${name}`;
    const to = registry.store.versions(of).at(-1)?.digest ?? "";
    await assert.rejects(
      registry.moveLabel({ line: of, label: "production", to, by: "local", reason: null }),
      {
        code: "RELEASE_UNFIT",
        message,
      },
    );
    const rollout = { kind, name, to, mode: "canary" as const, share: 0.1, guards: [], by: "local" };
    await assert.rejects(registry.rollouts.start(rollout), { code: "RELEASE_UNFIT", message });
  };
  const wants =
    'input: { text: string, tone: string }\nmessages: [{ role: user, content: "{{ text }}{{ tone }}" }]\n';
  await refuse("prompt", "ask", wants, /^asks: step first: the prompt ask needs a variable `tone`/);
  await assert.rejects(registry.removeLabel({ line, label: "production", by: "local", reason: null }), {
    code: "RELEASE_UNFIT",
    message: "workflow/asks names prompt/ask, which has no production version",
  });
  // A workflow that nobody needs any more does not stand in the way once it is taken off.
  await registry.removeLabel({ line: "workflow/asks", label: "production", by: "local", reason: "gone" });
  await registry.removeLabel({ line, label: "production", by: "local", reason: null });
  await assert.rejects(engine.start("asks", { input: {} }), { code: "ASSET_NOT_FOUND" });
});

test("a workflow that comes as a text brings what it names along, or is refused", async (t) => {
  const { engine } = await served(t);
  await assert.rejects(
    engine.add({ kind: "workflow", name: "others", text: other.replace("prompt: ask", "prompt: nope") }),
    {
      code: "WORKFLOW_INVALID",
      message: /there is no prompt `nope`/,
    },
  );
  await assert.rejects(
    engine.add({ kind: "workflow", name: "wrong", text: other }),
    /called others, not wrong/,
  );
  await assert.rejects(engine.add({ kind: "policy", name: "http", text: "allow: []" }), {
    code: "ASSET_UNWRITABLE",
  });
  await engine.add({
    kind: "workflow",
    name: "others",
    text: other.replace("route: answers", "model: large"),
  });
  assert.ok(engine.registry.labelled("model/large", "production"));
  const id = await engine.start("others", { input: { text: "x" } });
  assert.equal(await engine.executor.settled(id), "completed");
  await engine.add({ kind: "model", name: "tiny", text: "{ provider: sim, seed: 3 }" });
  await engine.add({
    kind: "workflow",
    name: "others",
    text: other.replace("route: answers", "model: tiny"),
  });
});

test("a parent gets its child's production version, with all that the child names", async (t) => {
  const parent =
    'workflow: parent\ninput: { type: object }\nsteps:\n  - id: child\n    workflow: { name: asks, input: "{{ input }}" }\n';
  const { engine } = await served(t, { ...askFiles, "parent.yaml": parent }, ["parent.yaml"]);
  const { registry } = engine;
  const outputs = async () => {
    const id = await engine.start("parent", { input: { text: "x" } });
    await engine.executor.settled(id);
    for (;;) {
      const events = await engine.journal.read(`run/${id}`);
      if (engine.control.run(id)?.endedAt)
        return events.at(-1)?.data?.output as { prompts: string[]; threshold: number };
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  assert.deepEqual((await outputs()).threshold, 1);
  await engine.add({ kind: "workflow", name: "asks", text: workflowText(5) });
  await engine.add({ kind: "prompt", name: "ask", text: promptText("v2") });
  for (const each of ["workflow/asks", line]) {
    const to = registry.store.versions(each).at(-1)?.digest ?? "";
    await registry.moveLabel({ line: each, label: "production", to, by: "local", reason: null });
  }
  const { prompts, threshold } = await outputs();
  assert.deepEqual([prompts[0], threshold], ["[simulated] v2 x", 5]);
  const circle = "workflow: asks\nsteps:\n  - id: again\n    workflow: { name: parent }\n";
  await engine.add({ kind: "workflow", name: "asks", text: circle });
  const to = registry.store.versions("workflow/asks").at(-1)?.digest ?? "";
  await assert.rejects(
    registry.moveLabel({ line: "workflow/asks", label: "production", to, by: "local", reason: null }),
    {
      code: "RELEASE_UNFIT",
      message: /in a circle/,
    },
  );
});
