import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../base/index.ts";
import { assetOf, type ReleaseParts, releaseDigest } from "./release.ts";
import { assertSound, restart, setup } from "./testing.ts";

const definition = assetOf("workflow", "w", { workflow: "w", steps: [] });

function partsOf(...prompts: readonly (readonly [name: string, content: Json])[]): ReleaseParts {
  const assets = prompts.map(([name, content]) => assetOf("prompt", name, content));
  return { workflow: "w", version: "v", definition, assets };
}

test("an asset's version follows from its kind and content, whatever the order of its members", () => {
  assert.equal(
    assetOf("prompt", "p", { a: 1, b: 2 }).digest,
    assetOf("prompt", "other", { b: 2, a: 1 }).digest,
  );
  assert.notEqual(assetOf("prompt", "p", { a: 1 }).digest, assetOf("prompt", "p", { a: 2 }).digest);
  assert.notEqual(assetOf("prompt", "p", { a: 1 }).digest, assetOf("route", "p", { a: 1 }).digest);
});

test("a release pins its assets: any change of one is another release, their order is not", () => {
  const one = releaseDigest(partsOf(["p", 1], ["q", 2]));
  assert.equal(releaseDigest(partsOf(["q", 2], ["p", 1])), one);
  for (const other of [partsOf(["p", 1], ["q", 3]), partsOf(["p", 1]), partsOf(["p", 1], ["r", 2])])
    assert.notEqual(releaseDigest(other), one);
});

test("what is published twice is in the journal once, also twice at once and by the next process", async () => {
  const bundle = setup();
  const parts = partsOf(["p", { text: "hello" }]);
  await Promise.all([bundle.releases.publish(parts), bundle.releases.publish(parts)]);
  const before = bundle.journal.lastPosition();
  assert.equal(before, 3);
  await bundle.releases.publish(parts);
  const next = restart(bundle);
  await next.releases.publish(partsOf(["p", { text: "hello" }]));
  assert.equal(next.journal.lastPosition(), before);
  await assertSound(next);
});

test("a release is read back by its digest, with every asset by kind and name", async () => {
  const bundle = setup();
  const { digest } = await bundle.releases.publish(partsOf(["p", { text: "one" }], ["q", { text: "two" }]));
  const release = await restart(bundle).releases.load(digest);
  assert.deepEqual([release.digest, release.workflow, release.version], [digest, "w", "v"]);
  assert.equal(release.definition.type, "document");
  assert.deepEqual(release.asset("prompt", "q"), assetOf("prompt", "q", { text: "two" }));
  assert.throws(() => release.asset("prompt", "nothing"), /prompt nothing is not in the release/);
});

test("two names for the same content are both there after a restart", async () => {
  const bundle = setup();
  const { digest } = await bundle.releases.publish(partsOf(["p", { text: "same" }], ["q", { text: "same" }]));
  const release = await restart(bundle).releases.load(digest);
  assert.deepEqual([release.asset("prompt", "p").name, release.asset("prompt", "q").name], ["p", "q"]);
});

test("a release that is not there is a typed refusal", async () => {
  await assert.rejects(setup().releases.load("0".repeat(64)), { code: "RELEASE_MISSING", exitCode: 3 });
});
