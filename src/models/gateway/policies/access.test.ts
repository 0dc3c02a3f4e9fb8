import assert from "node:assert/strict";
import { test } from "node:test";
import { FlyballError } from "../../../core/base/index.ts";
import { callOf, completion, fakeProvider, gatewayOf, respond } from "../testing.ts";
import type { Asked } from "./access.ts";

class Forbidden extends FlyballError {
  readonly code = "FORBIDDEN";
}

const settings = (url: string) => ({
  providers: {
    near: { type: "openai-compatible", url, region: "eu" },
    far: { type: "openai-compatible", url, region: "us" },
    unsaid: { type: "openai-compatible", url },
  },
  routes: {
    open: { try: ["near/a", "far/b"] },
    european: { try: ["unsaid/c", "far/b", "near/a"], regions: ["eu"] },
    fallen: { try: ["near/broken"], fallback: [{ models: ["far/b"] }], regions: ["eu"] },
    cached: { try: ["near/a"], cache: "1h" },
  },
});

async function withProvider(body: (url: string, seen: readonly { body: unknown }[]) => Promise<void>) {
  const provider = await fakeProvider((request, response) =>
    request.body.model === "broken" ? respond(response, 500, {}) : respond(response, 200, completion("So.")),
  );
  try {
    await body(provider.url, provider.seen);
  } finally {
    await provider.close();
  }
}

test("access is asked for the route, and again for each model that is turned to", async () => {
  await withProvider(async (url, seen) => {
    const asked: string[] = [];
    const access = (_: unknown, { kind, name }: Asked) => {
      asked.push(`${kind} ${name}`);
      if (name === "near/a") throw new Forbidden("not you");
    };
    const { ask } = gatewayOf(settings(url), { access });
    assert.equal((await ask("open")(callOf())).provider, "far");
    assert.deepEqual(asked, ["route open", "model near/a", "model far/b"]);
    assert.equal(seen.length, 1);
  });
});

test("who may not ask does not see an answer that is kept", async () => {
  await withProvider(async (url) => {
    let isAllowed = true;
    const access = () => {
      if (!isAllowed) throw new Forbidden("not you");
    };
    const { ask } = gatewayOf(settings(url), { access });
    await ask("cached")(callOf());
    isAllowed = false;
    await assert.rejects(ask("cached")(callOf()), { code: "FORBIDDEN" });
  });
});

test("texts are redacted for the route, and again for each model by where it is", async () => {
  await withProvider(async (url, seen) => {
    const redact = (text: string, { kind, region }: Asked) => {
      const named = text.replaceAll("Ada", "[name]");
      return kind === "model" && region !== "eu" ? named.replaceAll("Berlin", "[place]") : named;
    };
    const { ask } = gatewayOf(settings(url), { redact });
    const messages = [
      { role: "system" as const, content: "Ada asks." },
      { role: "user" as const, content: [{ type: "text" as const, text: "Ada in Berlin" }] },
    ];
    await ask("near/a")(callOf({ messages }));
    await ask("far/b")(callOf({ messages }));
    const sent = seen.map(({ body }) => JSON.stringify(body));
    assert.match(String(sent[0]), /\[name\] in Berlin/);
    assert.match(String(sent[1]), /\[name\] in \[place\]/);
    assert.ok(sent.every((text) => !text.includes("Ada")));
  });
});

test("a route's regions hold for each model, fallbacks too, and what has no region is in none", async () => {
  await withProvider(async (url, seen) => {
    const { ask } = gatewayOf(settings(url));
    const reply = await ask("european")(callOf());
    assert.equal(reply.provider, "near");
    assert.match(
      reply.trace?.route.reason ?? "",
      /unsaid\/c: MODEL_REGION_REFUSED; far\/b: MODEL_REGION_REFUSED/,
    );
    const before = seen.length;
    await assert.rejects(ask("fallen")(callOf()), { code: "NO_MODEL_ANSWERED" });
    assert.equal(seen.length, before + 1);
  });
});
