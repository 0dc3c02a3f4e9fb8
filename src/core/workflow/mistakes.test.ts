import assert from "node:assert/strict";
import test from "node:test";
import { mistakeTable, problemsOf, right, steps } from "./testing.ts";

// What a user may get wrong, and every word that is said about it. Lines and columns count from 1.

const top = (...lines: string[]) => ["workflow: w", ...lines, "steps:", right, ""].join("\n");

mistakeTable("document", [
  ["", "1:1 expected a workflow: a mapping with `workflow` and `steps`"],
  ["[]", "1:1 expected a workflow: a mapping with `workflow` and `steps`, found an empty list"],
  ["hello", '1:1 expected a workflow: a mapping with `workflow` and `steps`, found text "hello"'],
  ["workflow: w\n", "1:1 `steps`: missing; expected a list of steps"],
  ["workflow: w\nsteps: []\n", "2:8 `steps`: expected at least 1 item, found an empty list"],
  ["workflow: w\nsteps: no\n", '2:8 `steps`: expected a list, found text "no"'],
  [
    `steps:\n${right}\n`,
    "1:1 `workflow`: missing; expected a name: letters, digits, - and _, a letter first, at most 100",
  ],
  [
    `workflow: 9lives\nsteps:\n${right}\n`,
    "1:11 `workflow`: expected a name: letters, digits, - and _, a letter first, at most 100",
  ],
  [`workflow: w\nstep:\n${right}\n`, "2:1 `step`: unknown field; did you mean `steps`?"],
  [top("descripton: x"), "2:1 `descripton`: unknown field; did you mean `description`?"],
  [top("description: [a]"), "2:14 `description`: expected text, found a list"],
  [top("budget: much"), '2:9 `budget`: expected an amount of money such as $0.01, found "much"'],
  [top("expires: soon"), '2:10 `expires`: expected a duration such as 500ms, 2s, 4h or 1h30m, found "soon"'],
  [
    top("concurrency: 0"),
    '2:14 `concurrency`: expected a limit such as 10, or { limit: 5, key: "{{ input.tenant }}" }, found 0',
  ],
  [
    top('concurrency: { limit: 1, key: "tenant" }'),
    '2:31 expected a key as one expression: "{{ … }}", found text',
  ],
  [top('rate: { limit: 1, per: 1s, key: "{{ draft.value }}" }'), "2:37 there is no step or name `draft`"],
  [top("constructor: 1"), "2:1 `constructor`: unknown field"],
  [
    top("targets: { automated: 170% }"),
    '2:23 `automated`: expected a share such as 70% or 0.7, found "170%"',
  ],
  [
    top("targets:", "  time_to_result_p50: 2 parsecs", "  cost_mean: cheap", "  acuracy: 1"),
    '3:23 `time_to_result_p50`: expected a duration such as 500ms, 2s, 4h or 1h30m, found "2 parsecs"',
    '4:14 `cost_mean`: expected an amount of money such as $0.01, found "cheap"',
    "5:3 `acuracy`: unknown field; did you mean `accuracy`?",
  ],
  [top("targets: { review_minutes_mean: -1 }"), "2:33 `review_minutes_mean`: expected at least 0, found -1"],
  [top("on: [{ webhok: x }]"), "2:8 `webhok`: unknown field; did you mean `webhook`?"],
  [top("on: [{ webhook: x, schedule: y }]"), "2:6 `on[0]`: expected one trigger in each item of the list"],
  [top("on: webhook"), '2:5 `on`: expected a list, found text "webhook"'],
  [top('output: "{{ b.value }}"'), "2:13 there is no step or name `b`"],
  [top('output: { x: ["{{ a.vale }}"] }'), "2:19 `a` has no field `vale`; did you mean `value`?"],
]);

mistakeTable("input schema", [
  [top("input: message"), '2:8 `input`: expected a mapping, found text "message"'],
  [
    top("input: { type: objekt }"),
    "2:16 `type`: expected `array`, `boolean`, `integer`, `null`, `number`, `object` or `string`, " +
      'found text "objekt"; did you mean `object`?',
  ],
  [top("input: { required: message }"), '2:20 `required`: expected a list of names, found text "message"'],
  [
    top("input: { properties: [a] }"),
    "2:22 `properties`: expected a mapping of schemas by name, found a list",
  ],
  [
    top("input: { properties: { a: string } }"),
    '2:27 `a`: expected a schema: a mapping, true or false, found text "string"',
  ],
  [
    top("input: { properties: { a: { pattern: '(', minLength: -1 } } }"),
    '2:38 `pattern`: expected a regular expression, found text "("',
    "2:54 `minLength`: expected a whole number, at least 0, found -1",
  ],
  [
    top("input: { properties: { a: { $ref: '#/$defs/b' } } }"),
    "2:35 `$ref`: there is nothing at #/$defs/b within this schema",
  ],
  [
    top("input: { properties: { a: { $dynamicRef: '#x' } } }"),
    "2:29 `$dynamicRef` is not supported here; use `$ref`",
  ],
  [
    top("input: { properties: { a: { $ref: https://example.com/a.json } } }"),
    "2:35 `$ref`: there is nothing at https://example.com/a.json within this schema",
  ],
  [
    top("input: { properties: { a: { anyOf: [] } } }"),
    "2:36 `anyOf`: expected a list of schemas, found an empty list",
  ],
  [
    'workflow: w\ninput: { properties: { message: {} } }\nsteps:\n  - { id: a, transform: { value: "{{ input.mesage }}" } }\n',
    "4:38 the input has no member `mesage`; did you mean `message`?",
  ],
]);

mistakeTable("step", [
  [steps("  - just text"), '3:5 expected a step: a mapping with `id` and a kind, found text "just text"'],
  [
    steps("  - transform: { value: 1 }"),
    "3:5 `id`: missing; expected an id: small letters, digits and _, a letter first",
  ],
  [
    steps("  - id: Draft-1", "    transform: { value: 1 }"),
    "3:9 `id`: expected an id: small letters, digits and _, a letter first",
  ],
  [steps("  - id: 5", "    transform: { value: 1 }"), "3:9 `id`: expected text, found 5"],
  [
    steps("  - id: input", "    transform: { value: 1 }"),
    "3:9 `input` has a meaning of its own and cannot be an id",
  ],
  [steps("  - id: true", "    transform: { value: 1 }"), "3:9 `id`: expected text, found true"],
  [steps(right, right), "4:11 two steps of this block are called `a`"],
  [
    steps("  - id: a"),
    "3:5 a step needs a kind; expected one of inference, retrieval, transform, human_review, tool, script, " +
      "quality_check, emit, parallel, map, branch or loop",
  ],
  [
    steps("  - id: a", "    infrence: { prompt: classify-intent }"),
    "4:5 `infrence`: unknown field; did you mean `inference`?",
  ],
  [
    steps("  - id: a", "    inference: { prompt: classify-intent }", "    transform: { value: 1 }"),
    "5:5 a step has exactly one kind, and this has `inference` and `transform`",
  ],
  [
    steps("  - id: a", "    transform: { value: 1 }", "    undo: { tool: x }"),
    '5:19 `tool`: expected a mapping, found text "x"',
  ],
  [
    steps("  - id: a", "    transform: { value: 1 }", "    on_unknown: pause", "    priority: high"),
    "5:5 `on_unknown` needs `once: true`",
    '6:15 `priority`: expected a number or an expression, found text "high"',
  ],
  [
    steps(
      "  - id: a",
      "    parallel: [{ id: b, transform: { value: 1 } }]",
      "    undo: { emit: { event: x } }",
    ),
    "5:5 `undo` belongs to a step that does work; give it to the steps inside `parallel`",
  ],
  [
    steps(
      "  - id: a",
      "    transform: { value: 1 }",
      "    undo: { transform: { value: '{{ a.value }} {{ b.value }}' } }",
      "  - id: b",
      "    transform: { value: 1 }",
    ),
    "5:51 `b` does not surely come before this step",
  ],
  [
    steps("  - id: a", "    transform: { value: 1 }", "    budget: 1"),
    "5:5 `budget` is part of the format but not built yet",
  ],
  [
    steps("  - id: a", "    transform: { value: 1 }", "    cache: 1h"),
    "5:5 a step of kind `transform` has no cache: it belongs to steps that ask a model",
  ],
  [
    steps("  - id: a", "    transform: { value: 1 }", "    on_failure: stop"),
    '5:17 `on_failure`: expected `pause` or `fail`, found text "stop"',
  ],
  [
    steps("  - id: a", "    transform: { value: 1 }", "    onfailure: pause"),
    "5:5 `onfailure`: unknown field; did you mean `on_failure`?",
  ],
  [
    steps("  - id: a", "    transform: { value: 1 }", "    on_failure: pause", "    onFailure: fail"),
    "6:5 `onFailure` is here twice, in two spellings",
  ],
  [
    steps("  - id: a", "    transform: { value: 1 }", "    timeout: soon"),
    '5:14 `timeout`: expected a duration such as 500ms, 2s, 4h or 1h30m, found "soon"',
  ],
  [
    steps("  - id: a", "    tool: { name: x }", "    retry: { attempts: 0 }"),
    "5:24 `attempts`: expected at least 1, found 0",
  ],
  [
    steps("  - id: a", "    tool: { name: x }", "    retry: { atempts: 2 }"),
    "5:14 `atempts`: unknown field; did you mean `attempts`?",
  ],
  [
    steps("  - id: a", "    tool: { name: x }", "    retry: { on: [server, ratelimit] }"),
    '5:27 `on[1]`: expected `rate_limit`, `server`, `network` or `timeout`, found text "ratelimit"; ' +
      "did you mean `rate_limit`?",
  ],
  [
    steps("  - id: a", "    tool: { name: x }", "    retry: { backoff: fast }"),
    '5:23 `backoff`: expected a duration such as 500ms, 2s, 4h or 1h30m, found "fast"',
  ],
  [steps("  - id: a", "    tool: { name: x }", "    retry: 3"), "5:12 `retry`: expected a mapping, found 3"],
  [
    steps(
      "  - id: a",
      "    tool: { name: x }",
      "    fallback: { transform: { value: 1 }, emit: { event: x } }",
    ),
    "5:15 `fallback` is exactly one kind: `fallback: { transform: { … } }`",
  ],
  [
    steps("  - id: a", "    tool: { name: x }", "    fallback: { tranform: { value: 1 } }"),
    "5:17 `tranform`: unknown field; did you mean `transform`?",
  ],
  [
    steps("  - id: a", "    tool: { name: x }", "    fallback: { retrieval: { index: nope, query: x } }"),
    "5:37 there is no index `nope`",
  ],
  [
    steps("  - id: a", "    tool: { name: x }", '    fallback: { transform: { value: "{{ b }}" } }'),
    "5:41 there is no step or name `b`",
  ],
  [
    steps("  - id: a", "    tool: { name: x }", "    fallback: transform"),
    '5:15 `fallback`: expected a mapping, found text "transform"',
  ],
]);

mistakeTable("config", [
  [
    steps("  - id: a", "    retrieval: { index: help-center, query: x, limit: three }"),
    '4:55 `limit`: expected a whole number or an expression, found text "three"',
  ],
  [
    steps("  - id: a", "    retrieval: { index: help-center, query: x, limit: 500 }"),
    "4:55 `limit`: expected at most 100, found 500",
  ],
  [steps("  - id: a", "    retrieval: { index: help-center }"), "4:5 `query`: missing; expected text"],
  [
    steps("  - id: a", "    retrieval: { index: help-center, query: x, limt: 3 }"),
    "4:48 `limt`: unknown field; did you mean `limit`?",
  ],
  [
    steps("  - id: a", "    retrieval: { indx: help-center, query: x }"),
    "4:18 `indx`: unknown field; did you mean `index`?",
  ],
  [steps("  - id: a", "    retrieval:"), "4:5 `retrieval`: expected a mapping, found nothing"],
  [steps("  - id: a", "    retrieval: help"), '4:16 `retrieval`: expected a mapping, found text "help"'],
  [
    steps("  - id: a", "    inference: { prompt: { txt: hi } }"),
    "4:28 `txt`: unknown field; did you mean `text`?",
  ],
  [steps("  - id: a", "    inference: { prompt: 5 }"), "4:26 `prompt`: expected text or a mapping, found 5"],
  [
    steps("  - id: a", "    inference: { prompt: classify-intent, max_tokens: -1 }"),
    "4:55 `max_tokens`: expected at least 1, found -1",
  ],
  [
    steps("  - id: a", "    inference: { prompt: clasify-intent }"),
    "4:26 there is no prompt `clasify-intent`; did you mean `classify-intent`?",
  ],
  [
    steps("  - id: a", "    inference: { prompt: classify-intent, route: nowhere }"),
    "4:50 there is no route `nowhere`",
  ],
  [
    steps("  - id: a", '    inference: { prompt: "{{ input.p }}" }'),
    "4:26 expected the name of a prompt, which is pinned before a run and so cannot be an expression",
  ],
  [steps("  - id: a", "    tool: { input: {} }"), "4:11 `tool`: expected either `name` or `http`"],
  [
    steps("  - id: a", "    tool: { http: { method: PATCH, url: x } }"),
    '4:29 `method`: expected `GET` or `POST`, found text "PATCH"',
  ],
  [
    steps("  - id: a", "    tool: { http: { url: x, headers: { a: 1 } } }"),
    "4:43 `a`: expected text, found 1",
  ],
  [
    steps("  - id: a", "    human_review: { draft: x, on_reject: skip }"),
    '4:42 `on_reject`: expected `end` or `continue`, found text "skip"',
  ],
  [
    steps("  - id: a", "    human_review: { draft: x, within: 4 fortnights }"),
    '4:39 `within`: expected a duration such as 500ms, 2s, 4h or 1h30m, found text "4 fortnights"',
  ],
  [
    steps("  - id: a", "    emit: { evnt: x, event: y }"),
    "4:13 `evnt`: unknown field; did you mean `event`?",
  ],
]);

mistakeTable("YAML", [
  ["workflow: w\nsteps:\n\t- id: a\n", "3:1 indentation must be spaces, and this is a tab"],
  ["a: 1\nb: 2\na: 2\n", "3:1 `a` is here twice"],
  ["a: !!js/function x\n", "1:4 tags (`!name`) mean nothing here: expected plain data"],
  ["a: *b\n", "1:4 `*b` stands for nothing: no `&b` before it"],
  ["a: .inf\n", "1:4 .inf is not a number that JSON knows"],
  [
    "a: 12345678901234567890\n",
    "1:4 12345678901234567890 is too large to be kept exactly: write it as text, in quotes",
  ],
  ["a: { __proto__: 1 }\n", "1:6 `__proto__` cannot be a key"],
  ["a: 1\n---\nb: 2\n", "2:1 a file holds one workflow, and this has a second document after `---`"],
  ["? [a]\n: 1\n", "1:3 a key must be text"],
  ['a: "\\uD83D"\n', "1:4 this text holds half of a surrogate pair, which is no character"],
  [
    steps("  - id: a", "    transform: { value: {{ input.x }} }"),
    '4:26 an expression at the start of a value needs quotes: "{{ … }}"',
  ],
  [
    steps("  - id: a", "    if: {{ input.x }}", "    transform: { value: 1 }"),
    '4:10 an expression at the start of a value needs quotes: "{{ … }}"',
  ],
]);

mistakeTable("JSON", [
  [
    '{ "workflow": "w", "steps": [{ "id": "a", "humanReview": { "draft": 1, "onRejct": "end" } }] }',
    "1:72 `onRejct`: unknown field; did you mean `onReject`?",
  ],
  [
    '{ "workflow": "w", "steps": [\n  { "id": "a", "humanReview": { "draft": 1, "onReject": 3 }, "onFailur": 1 }\n] }',
    "2:57 `onReject`: expected `end` or `continue`, found 3",
    "2:62 `onFailur`: unknown field; did you mean `onFailure`?",
  ],
]);

test("a text that is no template is told where it breaks", () => {
  const [first, ...rest] = problemsOf(steps("  - id: a", '    transform: { value: "{{ 1 + }}" }'));
  assert.match(first ?? "", /^4:3\d ./);
  assert.deepEqual(rest, []);
});

test("a wrong asset is reported in its own file, after the workflow's problems", () => {
  const text = steps("  - id: a", "    inference: { prompt: broken, rout: x }");
  assert.deepEqual(problemsOf(text), ["4:34 `rout`: unknown field; did you mean `route`?"]);
  const only = steps(
    "  - id: a",
    "    inference: { prompt: broken }",
    "  - id: input",
    "    transform: { value: 1 }",
  );
  assert.deepEqual(problemsOf(only), [
    "5:9 `input` has a meaning of its own and cannot be an id",
    "3:1 no messages",
  ]);
});

test("one wrong step does not hide what is wrong with the others", () => {
  const text = steps(
    "  - id: a",
    "    retrieval: { index: nope, query: 1 }",
    "  - id: b",
    "    retry: 5",
    "    needs: [c]",
    '    transform: { value: "{{ a.documents }} {{ a.nope }}" }',
  );
  assert.deepEqual(problemsOf(text), [
    "4:38 `query`: expected text, found 1",
    "6:12 `retry`: expected a mapping, found 5",
    "7:13 there is no step `c` in this block",
    "8:29 `a` does not surely come before this step; name it in `needs`",
    "8:47 `a` does not surely come before this step; name it in `needs`",
  ]);
});

test("a step of unknown kind has any field, so that one typo is one problem", () => {
  const text = steps(
    "  - id: a",
    "    infrence: { prompt: classify-intent }",
    '  - { id: b, transform: { value: "{{ a.confidence }}" } }',
  );
  assert.deepEqual(problemsOf(text), ["4:5 `infrence`: unknown field; did you mean `inference`?"]);
});

test("a thousand steps are enough", () => {
  const many = Array.from({ length: 1_200 }, (_, index) => `  - { id: s${index}, transform: { value: 1 } }`);
  assert.deepEqual(problemsOf(steps(...many)), ["1003:5 a workflow has at most 1000 steps"]);
});

test("a hundred problems are enough", () => {
  const many = Array.from({ length: 300 }, (_, index) => `  - { id: s${index}, transform: {} }`);
  assert.equal(problemsOf(steps(...many)).length, 100);
});
