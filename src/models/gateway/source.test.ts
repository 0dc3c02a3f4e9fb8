import assert from "node:assert/strict";
import { test } from "node:test";
import { WorkflowInvalid } from "../../core/workflow/index.ts";
import { gatewayProblems, gatewaySettings } from "./settings.ts";
import { gatewayAssets, gatewaySource } from "./source.ts";

const written = {
  providers: {
    house: { type: "openai-compatible", url: "http://127.0.0.1:9000/v1", key: "{{ secrets.HOUSE_KEY }}" },
  },
  models: {
    small: { provider: "house", name: "small-1", price: { input: "$0.15/M", output: "$0.60/M" } },
    big: {
      provider: "sim",
      price: { input: "$3/M", output: "$15/M" },
      latency: { p50: "800ms", p95: "2s" },
      error_rate: 0.01,
      quality: "95%",
      seed: 7,
      changes: [{ at_call: 600, quality: 0.6 }],
    },
    my_answers: { provider: "local", type: "extractive" },
  },
  routes: { drafting: { try: ["small", "local/extractive"], strategy: "ordered", timeout: "20s" } },
};
const settings = gatewaySettings.parse(written);

test("settings in either spelling become the same pinned content, in base units", () => {
  const assets = gatewaySource({ settings, baseDir: "." });
  assert.deepEqual(structuredClone(assets.find("model", "small")?.content), {
    provider: "house",
    type: "openai-compatible",
    model: "small-1",
    url: "http://127.0.0.1:9000/v1",
    keySecret: "HOUSE_KEY",
    structuredOutputs: true,
    price: { input: 0.15e-6, output: 0.6e-6 },
  });
  const { error_rate, changes, ...big } = written.models.big;
  const camel = {
    ...big,
    errorRate: error_rate,
    changes: changes.map(({ at_call, quality }) => ({ atCall: at_call, quality })),
  };
  const other = gatewaySource({ settings: gatewaySettings.parse({ models: { big: camel } }), baseDir: "." });
  assert.deepEqual(assets.find("model", "big"), other.find("model", "big"));
  assert.deepEqual(structuredClone(assets.find("model", "big")?.content), {
    provider: "sim",
    type: "sim",
    model: "big",
    price: { input: 3e-6, output: 15e-6 },
    latency: { p50Ms: 800, p95Ms: 2_000 },
    errorRate: 0.01,
    quality: 0.95,
    seed: 7,
    labels: [],
    changes: [{ atCall: 600, quality: 0.6 }],
  });
});

test("a route names its models, which are pinned beside it", () => {
  const source = gatewaySource({ settings, baseDir: "." });
  const route = source.find("route", "drafting");
  assert.ok(route);
  assert.deepEqual(structuredClone(route.content), {
    strategy: "ordered",
    tiers: [{ models: ["small", "local/extractive"] }],
    fallback: [],
    timeoutMs: 20_000,
  });
  assert.deepEqual(
    source.references?.(route).map(({ kind, name }) => `${kind}/${name}`),
    ["model/small", "model/local/extractive"],
  );
  const dearer = {
    ...written,
    models: {
      ...written.models,
      small: { ...written.models.small, price: { input: "$1/M", output: "$1/M" } },
    },
  };
  const other = gatewaySource({ settings: gatewaySettings.parse(dearer), baseDir: "." });
  assert.equal(other.find("route", "drafting")?.digest, route.digest);
  assert.notEqual(other.find("model", "small")?.digest, source.find("model", "small")?.digest);
});

test("tiers, weights, fallbacks, cache and regions are pinned in base units", () => {
  const routes = {
    all: {
      tiers: [{ try: ["small"], below: "80%" }, { try: ["big", "my_answers"] }],
      strategy: "weighted",
      weights: { small: 1, big: 3, my_answers: 0 },
      fallback: [{ models: ["local/extractive"] }, { cached: "1h" }, "person"],
      deadline: "1m",
      cache: { for: "10m", share: true },
      regions: ["eu"],
    },
  };
  const parsed = gatewaySettings.parse({ ...written, routes });
  assert.deepEqual(gatewayProblems(parsed), []);
  const source = gatewaySource({ settings: parsed, baseDir: "." });
  const route = source.find("route", "all");
  assert.ok(route);
  assert.deepEqual(structuredClone(route.content), {
    strategy: "weighted",
    tiers: [{ models: ["small"], below: 0.8 }, { models: ["big", "my_answers"] }],
    weights: { small: 1, big: 3, my_answers: 0 },
    fallback: [{ models: ["local/extractive"] }, { cachedMs: 3_600_000 }, { person: true }],
    deadlineMs: 60_000,
    cache: { forMs: 600_000, share: true },
    regions: ["eu"],
  });
  assert.equal(source.references?.(route).length, 4);
});

test("a classifier that is named by its digest needs no file, and a route may name what is elsewhere", () => {
  const sha256 = "ab".repeat(32);
  const own = { provider: "local", type: "classifier", file: "models/own.model", sha256 };
  const parsed = gatewaySettings.parse({ models: { own }, routes: { r: { try: ["own", "far"] } } });
  const problems = gatewayProblems(parsed).map(({ path }) => path.join("."));
  assert.deepEqual(problems, ["routes.r.try.1"]);
  const isElsewhere = (name: string) => name === "far";
  assert.deepEqual(gatewayProblems(parsed, isElsewhere), []);
  const source = gatewaySource({ settings: parsed, baseDir: "/nowhere", isElsewhere });
  assert.equal(Object(source.find("model", "own")?.content).fileSha256, sha256);
  assert.deepEqual(Object(source.find("route", "r")?.content).tiers, [{ models: ["own", "far"] }]);
  assert.equal(gatewaySettings.safeParse({ models: { own: { ...own, sha256: "ab" } } }).success, false);
});

test("what a provider and a model allow is pinned with the model", () => {
  const parsed = gatewaySettings.parse({
    providers: { house: { ...written.providers.house, region: "eu", rate: "600/min" } },
    models: { small: { provider: "house", name: "s", rate: "5/s", tokens_per_minute: 90_000 } },
  });
  const content = Object(gatewaySource({ settings: parsed, baseDir: "." }).find("model", "small")?.content);
  assert.equal(content.region, "eu");
  assert.deepEqual(structuredClone(content.limits), [
    { of: "provider", unit: "calls", limit: 600, perMs: 60_000 },
    { of: "model", unit: "calls", limit: 5, perMs: 1_000 },
    { of: "model", unit: "tokens", limit: 90_000, perMs: 60_000 },
  ]);
});

test("a route that contradicts itself is a problem at its place", () => {
  const problemsOf = (route: unknown) =>
    gatewayProblems(gatewaySettings.parse({ ...written, routes: { r: route } })).map(({ path }) =>
      path.join("."),
    );
  assert.deepEqual(problemsOf({ try: ["small"], tiers: [{ try: ["smal"] }] }), [
    "routes.r.tiers",
    "routes.r.tiers.0.try.0",
  ]);
  assert.deepEqual(problemsOf({}), ["routes.r.try"]);
  assert.deepEqual(problemsOf({ fallback: ["person"] }), []);
  assert.deepEqual(problemsOf({ try: ["small"], strategy: "weighted" }), ["routes.r.weights"]);
  assert.deepEqual(problemsOf({ try: ["small"], weights: { small: 1 } }), ["routes.r.weights"]);
  assert.deepEqual(problemsOf({ try: ["small"], strategy: "weighted", weights: { big: 1 } }), [
    "routes.r.weights.big",
  ]);
  assert.deepEqual(problemsOf({ try: ["small"], fallback: [{ models: ["nobody"] }] }), [
    "routes.r.fallback.0.models.0",
  ]);
});

test("a model is found by its name and as provider/name, an unknown one is not", () => {
  const { find, names } = gatewaySource({ settings, baseDir: "." });
  assert.deepEqual(find("model", "sim/big")?.content, find("model", "big")?.content);
  assert.equal(Object(find("model", "house/org/large")?.content).model, "org/large");
  assert.equal(Object(find("model", "local/my_answers")?.content).type, "extractive");
  assert.equal(Object(find("model", "local/extractive")?.content).type, "extractive");
  for (const name of [
    "nobody/gpt",
    "sim/other",
    "sim/small",
    "local/big",
    "house/",
    "/small",
    "constructor",
    "__proto__/x",
  ])
    assert.equal(find("model", name), undefined, name);
  assert.equal(find("route", "toString"), undefined);
  assert.equal(find("prompt", "small"), undefined);
  assert.deepEqual(names("route"), ["drafting"]);
  assert.equal(gatewayAssets(settings, ".").length, 6);
});

test("OpenAI, Anthropic and Google are known without settings, and can be given others", () => {
  const bare = gatewaySource({ settings: gatewaySettings.parse({}), baseDir: "." });
  assert.deepEqual(structuredClone(bare.find("model", "anthropic/claude-sonnet-4-5")?.content), {
    provider: "anthropic",
    type: "anthropic",
    model: "claude-sonnet-4-5",
    url: "https://api.anthropic.com/v1",
    keySecret: "ANTHROPIC_API_KEY",
  });
  assert.equal(Object(bare.find("model", "openai/gpt-5-mini")?.content).keySecret, "OPENAI_API_KEY");
  assert.match(Object(bare.find("model", "google/gemini-2.5-flash")?.content).url, /\/v1beta$/);
  const written = gatewaySettings.parse({
    providers: {
      openai: { type: "openai", key: "{{ secrets.TEAM_KEY }}" },
      eu: { type: "google", url: "https://eu.example.com/v1beta" },
    },
    models: { small: { provider: "eu", name: "gemini-2.5-flash", price: { input: "$1/M", output: "$2/M" } } },
  });
  assert.deepEqual(gatewayProblems(written), []);
  const own = gatewaySource({ settings: written, baseDir: "." });
  assert.equal(Object(own.find("model", "openai/gpt-5-mini")?.content).keySecret, "TEAM_KEY");
  assert.deepEqual(structuredClone(own.find("model", "small")?.content), {
    provider: "eu",
    type: "google",
    model: "gemini-2.5-flash",
    url: "https://eu.example.com/v1beta",
    keySecret: "GOOGLE_API_KEY",
    price: { input: 1e-6, output: 2e-6 },
  });
});

test("a key written out, a URL with a password and unknown fields are refused", () => {
  const issuesOf = (value: unknown) =>
    gatewaySettings
      .safeParse(value)
      .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  const provider = written.providers.house;
  assert.match(
    issuesOf({ providers: { a: { ...provider, key: "sk-123" } } })?.[0] ?? "",
    /^providers.a.key: .*never the key/,
  );
  assert.match(
    issuesOf({ providers: { a: { ...provider, url: "http://me:pw@host/v1" } } })?.[0] ?? "",
    /without a user name/,
  );
  assert.match(issuesOf({ providers: { a: { ...provider, url: "file:///etc" } } })?.[0] ?? "", /http/);
  assert.match(issuesOf({ models: { a: { provider: "sim", qualty: 1 } } })?.[0] ?? "", /qualty/);
  assert.match(issuesOf({ models: { a: { provider: "sim", quality: 2 } } })?.[0] ?? "", /share/);
  assert.match(
    issuesOf({ models: { a: { provider: "sim", latency: { p50: "2s", p95: "1s" } } } })?.[0] ?? "",
    /p95/,
  );
  assert.match(issuesOf({ routes: { a: { try: [] } } })?.[0] ?? "", /try/);
});

test("names that lead nowhere and fields of other providers are found, each with its place", () => {
  const wrong = gatewaySettings.parse({
    providers: {
      sim: written.providers.house,
      nowhere: { type: "openai-compatible" },
      strict: { type: "openai", structured_outputs: true },
    },
    models: {
      a: { provider: "hous" },
      b: { provider: "local" },
      c: { provider: "local", type: "classifier" },
      d: { provider: "local", type: "extractive", quality: 1 },
      e: { provider: "sim", file: "x" },
    },
    routes: { r: { try: ["smal", "e"] } },
  });
  assert.deepEqual(
    gatewayProblems(wrong).map(({ path }) => path.join(".")),
    [
      "providers.sim",
      "providers.nowhere.url",
      "providers.strict.structured_outputs",
      "models.a.provider",
      "models.b.type",
      "models.c.file",
      "models.d.quality",
      "models.e.file",
      "routes.r.try.0",
    ],
  );
  assert.throws(() => gatewaySource({ settings: wrong, baseDir: "." }).find("model", "e"), WorkflowInvalid);
  assert.deepEqual(gatewayProblems(settings), []);
});

test("a classifier without its file is a problem at its place in the settings", () => {
  const missing = gatewaySettings.parse({
    models: { intent: { provider: "local", type: "classifier", file: "no/such.model" } },
  });
  const source = gatewaySource({
    settings: missing,
    baseDir: ".",
    locate: (path, message) => ({ file: "flyball.yaml", line: path.length, column: 1, message }),
  });
  assert.throws(
    () => source.find("model", "intent"),
    (error) =>
      error instanceof WorkflowInvalid &&
      error.problems[0]?.line === 3 &&
      /flyball train/.test(error.message),
  );
});
