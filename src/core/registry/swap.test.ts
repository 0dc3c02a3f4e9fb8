import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../../engine.ts";
import { isJsonObject, type Json } from "../base/index.ts";
import { promptText, served, workflowText } from "./testing.ts";

const runs = 1_000;

/** What a release says its runs use: the version in the prompt's text, the model of the route, the threshold. */
async function facts(
  engine: Engine,
  release: string,
): Promise<{ prompt: string; model: string; threshold: number }> {
  const { definition, assets } = (await engine.registry.contentOf(release)) as unknown as {
    definition: { digest: string };
    assets: { kind: string; digest: string }[];
  };
  const textOf = async (digest: string) => JSON.stringify(await engine.registry.contentOf(digest));
  const find = (kind: string) => assets.find((asset) => asset.kind === kind)?.digest ?? "";
  const [, prompt = ""] = /"(v\d) \{\{/.exec(await textOf(find("prompt"))) ?? [];
  const [, model = ""] = /(small|large)/.exec(await textOf(find("route"))) ?? [];
  const [, threshold] =
    /"id":"last","kind":"transform","config":\{"value":(\d+)/.exec(await textOf(definition.digest)) ?? [];
  return { prompt, model, threshold: Number(threshold) };
}

const lines = ["prompt/ask", "route/answers", "workflow/asks"];
/** A Gray code: one label moves at a time, and all eight combinations come up. */
const turns = [0, 1, 0, 2, 0, 1, 0, 2];

/** Starts the runs; after every twenty of them a label goes to the other version, while they are under way. */
async function startWhileSwapping(engine: Engine): Promise<{ ids: string[]; most: number }> {
  const { registry } = engine;
  const started: Promise<string>[] = [];
  let most = 0;
  for (let n = 0; n < runs; n++) {
    started.push(engine.start("asks", { input: { text: `n${n}` } }));
    if (n % 20 !== 19) continue;
    const line = lines[turns[Math.floor(n / 20) % turns.length] ?? 0] ?? "";
    const production = registry.labelled(line, "production");
    const other = registry.store.versions(line).find(({ digest }) => digest !== production);
    const request = { line, label: "production", by: "local", reason: "swapped" };
    await registry.moveLabel({ ...request, to: other?.digest ?? "" });
    most = Math.max(most, engine.executor.loadedCount);
  }
  return { ids: await Promise.all(started), most };
}

test("model, prompt and threshold are swapped while 1,000 runs are under way: none mixes releases, none fails", async (t) => {
  const { engine } = await served(t);
  await engine.add({ kind: "prompt", name: "ask", text: promptText("v2") });
  await engine.add({ kind: "route", name: "answers", text: "try: [large]" });
  await engine.add({ kind: "workflow", name: "asks", text: workflowText(2) });
  const { ids, most } = await startWhileSwapping(engine);
  const statuses = await Promise.all(ids.map((id) => engine.executor.settled(id)));
  assert.deepEqual([...new Set(statuses)], ["completed"]);
  assert.ok(most > 50, `at most ${most} runs were under way while labels moved`);

  const expected = new Map<string, Awaited<ReturnType<typeof facts>>>();
  for (const [n, id] of ids.entries()) {
    const events = await engine.journal.read(`run/${id}`);
    const releases = new Set(
      events.flatMap(({ data }) => (data?.release === undefined ? [] : [String(data.release)])),
    );
    assert.equal(releases.size, 1);
    const [release = ""] = releases;
    if (!expected.has(release)) expected.set(release, await facts(engine, release));
    const { prompt, model, threshold } = expected.get(release) ?? { prompt: "", model: "", threshold: 0 };
    const output = events.at(-1)?.data?.output as Json;
    assert.ok(isJsonObject(output));
    const said = `[simulated] ${prompt} n${n}`;
    assert.deepEqual(output, { prompts: [said, said], models: [model, model], threshold });
  }
  assert.equal(expected.size, 8, "every combination of the three has been run");
});
