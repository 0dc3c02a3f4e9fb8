import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Validator } from "@cfworker/json-schema";
import { type Random, seededRandom } from "../../core/base/index.ts";
import { openEngine } from "../../engine.ts";
import { createApp } from "../index.ts";
import type { DescribedOperation, OpenapiDocument } from "./document.ts";
import { type Schema, Values } from "./testing.ts";

// Every operation is asked with requests made of its own description, right and wrong ones: none is
// answered with an error that should not happen, and every answer is what the document says.

const folder = mkdtempSync(join(tmpdir(), "flyball-openapi-"));
writeFileSync(
  join(folder, "ask.yaml"),
  `workflow: ask
input: {}
steps:
  - { id: half, transform: { value: "{{ 10 // input.n }}" }, on_failure: fail }
  - { id: ask, human_review: { draft: "{{ half.value }}" } }
`,
);
const engine = await openEngine({ home: join(folder, "home") });
await engine.open(join(folder, "ask.yaml"));
for (const n of [1, 0, 2]) {
  const id = await engine.start("ask", { input: { n }, tags: { tenant: "acme" } });
  await engine.executor.settled(id);
}
after(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const app = createApp({ engine, isLocal: true });
const document: OpenapiDocument = JSON.parse(await (await app.request("/openapi.json")).text());
const schemas = document.components.schemas;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => ({ path, method, described })),
);
const codes = new Set(
  readFileSync(new URL("../../../docs/reference/errors.md", import.meta.url), "utf8")
    .split("\n")
    .flatMap((line) => /^\| `([A-Z_]+)`/.exec(line)?.[1] ?? []),
);

/** What there is, so that not every request is for nothing. */
const known = {
  id: [...engine.control.runs({ limit: 10 }), ...engine.control.reviews({ limit: 10 })].map(({ id }) => id),
  name: ["ask"],
  kind: ["workflow"],
  version: ["production", "newest"],
  label: ["production", "canary"],
  path: ["half", "ask"],
};

function requestOf(random: Random, path: string, { parameters, requestBody }: DescribedOperation) {
  const values = new Values(random, schemas);
  const query = new URLSearchParams();
  let address = path;
  for (const { name, in: place, required, schema } of parameters) {
    const given = random.next() < 0.7 ? values.of(schema) : values.anything();
    if (place === "path") {
      const choices: readonly string[] = known[name as keyof typeof known] ?? [];
      const word = random.next() < 0.8 ? choices[Math.floor(random.next() * choices.length)] : values.text();
      address = address.replace(`{${name}}`, encodeURIComponent(word || "x"));
    } else if (place === "query" && (required || random.next() < 0.4))
      query.append(name, typeof given === "string" ? given : JSON.stringify(given));
  }
  const schema = requestBody?.content["application/json"]?.schema;
  const body = schema && (random.next() < 0.6 ? values.of(schema) : values.broken(values.of(schema)));
  return { address: query.size > 0 ? `${address}?${query}` : address, body };
}

/** A document that is checked against a part of the API's description. */
function problemsOf(schema: Schema, value: unknown): string[] {
  const whole = { ...schema, components: { schemas } };
  const { valid, errors } = new Validator(whole, "2020-12", false).validate(value);
  return valid ? [] : errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}

async function check(
  { method, address, body }: { method: string; address: string; body: unknown },
  described: DescribedOperation,
  more: Readonly<Record<string, string>> = {},
) {
  const headers = { "content-type": "application/json", ...more };
  const init =
    body === undefined ? { method, headers: more } : { method, headers, body: JSON.stringify(body) };
  const answer = await app.request(address, { ...init, method: method.toUpperCase() });
  const text = await answer.text();
  const tag = answer.headers.get("etag");
  if (answer.ok) assert.equal(tag !== null, described.responses[answer.status]?.headers !== undefined);
  if (tag && method === "get") await checkKnown(address, tag);
  const said = `${method} ${address} ${JSON.stringify(body)}: ${answer.status} ${text.slice(0, 300)}`;
  assert.notEqual(answer.status, 500, said);
  const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
  const response =
    described.responses[answer.status] ?? (answer.ok ? undefined : described.responses.default);
  const schema = response?.content?.[type]?.schema;
  assert.ok(schema, `${said}: ${type} is not described`);
  for (const value of valuesOf(type, text)) {
    assert.deepEqual(problemsOf(schema, value), [], said);
    if (type === "application/problem+json") assert.ok(codes.has(value.code), said);
  }
  return answer.status;
}

/** Between two reads nothing has happened here. */
async function checkKnown(address: string, tag: string) {
  const again = await app.request(address, { headers: { "if-none-match": tag } });
  assert.deepEqual([again.status, await again.text(), again.headers.get("etag")], [304, "", tag], address);
}

function valuesOf(type: string, text: string) {
  if (/^application\/(problem\+)?json$/.test(type)) return [JSON.parse(text)];
  return type === "application/x-ndjson"
    ? text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
}

const requestsEach = Number(process.env.FLYBALL_REQUESTS ?? 25);
const seed = process.env.FLYBALL_SEED ?? "openapi";

test("every operation answers as it says, whatever it is asked", { timeout: 120_000 }, async () => {
  assert.ok(operations.length > 45, `only ${operations.length} operations`);
  let answered = 0;
  for (const { path, method, described } of operations) {
    const random = seededRandom(`${seed} ${described.operationId}`);
    for (let request = 0; request < requestsEach; request++) {
      const { address, body } = requestOf(random, path, described);
      const asked = { method, address, body };
      const isKeyed = described.parameters.some(({ name }) => name === "Idempotency-Key");
      const keyed = isKeyed && random.next() < 0.3 ? { "idempotency-key": `key-${request}` } : {};
      const status = await check(asked, described, keyed);
      if (status < 300) answered += 1;
      if (status < 300 && "idempotency-key" in keyed)
        assert.equal((await check(asked, described, keyed)) < 300, true, `${method} ${address} again`);
    }
  }
  // A generator that makes only refusals would show nothing.
  assert.ok(answered > operations.length, `only ${answered} requests were answered`);
});

test("every route under /v1 and /openai is described", () => {
  const described = new Set(operations.map(({ path, method }) => `${method} ${path}`));
  const routed = app.routes
    .filter(({ path, method }) => /^\/(v1|openai)\//.test(path) && method !== "ALL")
    .map(({ path, method }) => `${method.toLowerCase()} ${path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`);
  assert.deepEqual(
    routed.filter((route) => !described.has(route)),
    [],
  );
});

test("what reads files of this machine is on the local socket alone", async () => {
  const port = createApp({ engine, isLocal: false });
  const asked = await port.request("/openapi.json", { headers: { host: "localhost" } });
  const { paths }: OpenapiDocument = JSON.parse(await asked.text());
  assert.deepEqual(
    Object.keys(document.paths).filter((path) => !(path in paths)),
    ["/v1/assets/push", "/v1/batches", "/v1/batches/{id}", "/v1/evals"],
  );
});

test("operations have names of their own", () => {
  const names = operations.map(({ described }) => described.operationId);
  assert.equal(new Set(names).size, names.length);
});

test("what does not fit its schema is found", () => {
  const schema = { $ref: "#/components/schemas/Problem" };
  assert.deepEqual(problemsOf(schema, { title: "t", status: 400, code: "A", detail: "d" }), []);
  assert.notDeepEqual(problemsOf(schema, { title: "t", status: "400", code: "A", detail: "d" }), []);
});
