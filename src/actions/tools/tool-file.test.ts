import assert from "node:assert/strict";
import { test } from "node:test";
import { FlyballError } from "../../core/base/index.ts";
import { loadTool } from "./index.ts";

const file = (text: string) => loadTool({ file: "tools/reply.yaml", text, name: "reply" });

test("a tool file has a version: the same content, the same digest", () => {
  const yaml = file('http: { url: "https://a.example/{{ input.id }}" }');
  const json = file('{"http":{"url":"https://a.example/{{ input.id }}"},"name":"reply","effect":"read"}');
  assert.equal(yaml.digest, json.digest);
  assert.deepEqual([yaml.kind, yaml.name], ["tool", "reply"]);
  assert.deepEqual(yaml.content, {
    description: "",
    effect: "read",
    http: { url: "https://a.example/{{ input.id }}" },
  });
  assert.notEqual(yaml.digest, file('http: { url: "https://b.example" }').digest);
});

test("problems of a tool file have line and column", () => {
  const problems = (text: string) => {
    try {
      file(text);
      return "";
    } catch (error) {
      return error instanceof FlyballError ? error.message : String(error);
    }
  };
  assert.match(
    problems("http:\n  url: https://a.example\n  metod: GET\n"),
    /^tools\/reply\.yaml:3:3: unknown field "metod"; did you mean "method"/,
  );
  assert.match(problems("http:\n  url: a.example\n"), /:2:3: http\.url: expected an absolute/);
  assert.match(
    problems("http:\n  url: https://a.example\n  method: FETCH\n"),
    /:3:3: http\.method: .*expected one of GET/,
  );
  assert.match(
    problems("http:\n  url: https://a.example\n  headers:\n    Host: x\n"),
    /:4:5: .*"Host" is set by the engine/,
  );
  assert.match(
    problems("http:\n  url: https://a.example\n  timeout: 5 minutes\n"),
    /:3:3: http\.timeout: .*not a duration/,
  );
  assert.match(problems("description: x\n"), /:1:1: .*exactly one of http and outbox/);
  assert.match(
    problems("outbox: { channel: a }\nhttp: { url: 'https://a.example' }\n"),
    /exactly one of http and outbox/,
  );
  assert.match(problems("name: other\noutbox: { channel: a }\n"), /:1:1: name: is "other", but/);
  assert.match(
    problems("outbox: { channel: a }\ninput:\n  type: strnig\n"),
    /:2:1: input: "strnig" is no type/,
  );
  assert.match(problems("outbox: { channel: 'a b' }\n"), /outbox\.channel/);
  assert.match(problems("effect: harmless\noutbox: { channel: a }\n"), /:1:1: effect: /);
  const request = (text: string) =>
    `input: { properties: { to: {} } }\nhttp:\n  url: https://a.example\n  body: { a: [1, "${text}"] }\n`;
  assert.equal(
    problems(request("{{ input.to }} {{ secrets.KEY }} {{ run.id }} {{ input.cc | default('') }}")),
    "",
  );
  assert.match(
    problems(request("{{ input.tos }}")),
    /:4:18: http\.body\.a\.1: `input` has no `tos`; did you mean `to`/,
  );
  assert.match(problems(request("{{ draft.value }}")), /:4:18: .*there is no `draft` in a tool's file/);
  assert.match(problems(request("{{ input. }}")), /:4:18: http\.body\.a\.1: /);
  assert.match(problems("http: [\n"), /^tools\/reply\.yaml:2:1: /);
});
