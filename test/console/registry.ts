import assert from "node:assert/strict";
import { classify } from "./project.ts";
import type { World } from "./world.ts";

/** What a person did before, through the API. */
async function ask(
  world: World,
  method: string,
  path: string,
  body: object,
): Promise<Record<string, unknown>> {
  const response = await fetch(world.url + path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${text}`);
  return JSON.parse(text);
}

/** A version of the prompt that the triage asks; no label moves to it. */
export async function addVersion(world: World, words: string): Promise<void> {
  await ask(world, "PUT", "/v1/assets/prompt/classify", { text: classify(words), message: "shorter" });
}

/** What new runs get from now on. */
export async function moveProduction(world: World, to: string): Promise<void> {
  await ask(world, "PUT", "/v1/assets/prompt/classify/labels/production", { to, reason: "shorter" });
}

/** A canary of the newest version of that prompt. */
export async function startRollout(world: World): Promise<string> {
  const guards = [{ metric: "error_rate", max: "50%" }];
  const request = { asset: "prompt/classify", to: "newest", share: 1, guards };
  const { id } = await ask(world, "POST", "/v1/rollouts", request);
  return String(id);
}
