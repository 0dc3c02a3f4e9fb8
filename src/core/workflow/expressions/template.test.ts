import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTemplate, type Scope } from "./index.ts";
import { evaluate, failureOf, render, scopeOf, testData } from "./testing.ts";

test("a sole expression keeps its type", () => {
  assert.equal(evaluate("{{ n }}"), 3);
  assert.equal(evaluate("  {{ n }}\n"), 3);
  assert.equal(evaluate("{{ rows[0].ok }}"), true);
  assert.equal(evaluate("{{ none }}"), null);
  assert.equal(evaluate("{{ 10 / 5 }}"), 2);
  assert.equal(evaluate("{{ 1.0 }}"), 1);
  assert.equal(evaluate("{{ '1' }}"), "1");
  assert.equal(evaluate("{{ floats | sum }}"), 0.6000000000000001);
  assert.equal(evaluate("{{ n > 2 and user.born < 2000 }}"), true);
  assert.deepEqual(evaluate("{{ [1, 2.0, 'x', none, (3, 4)] }}"), [1, 2, "x", null, [3, 4]]);
  assert.deepEqual(evaluate("{{ 1, 2 }}"), [1, 2]);
  assert.deepEqual(evaluate("{{ range(3) }}"), [0, 1, 2]);
  assert.deepEqual(evaluate("{{ user.items() }}"), [
    ["name", "Grace"],
    ["born", 1906],
  ]);
  assert.deepEqual(evaluate("{{ rows | selectattr('ok') | map(attribute='n') }}"), [5, 9]);
  assert.deepEqual(evaluate("{{ {'a': 1.0, 2: [], none: 3, true: 4, 1.5: 5} }}"), {
    a: 1,
    2: [],
    null: 3,
    true: 4,
    "1.5": 5,
  });
  assert.deepEqual(evaluate("{{ rows | groupby('ok') }}"), [
    [false, [{ id: "r2", n: 2, ok: false }]],
    [
      true,
      [
        { id: "r1", n: 5, ok: true },
        { id: "r3", n: 9, ok: true },
      ],
    ],
  ]);
});

test("anything else is the text that it prints", () => {
  assert.equal(evaluate("n: {{ n }}"), "n: 3");
  assert.equal(evaluate("{{ n }}{{ n }}"), "33");
  assert.equal(evaluate("{# note #}{{ n }}"), "3");
  assert.equal(evaluate("{% if true %}{{ n }}{% endif %}"), "3");
  assert.equal(render("{{ n }}"), "3");
  assert.equal(render("{{ [1.0, true] }}"), "[1.0, True]");
});

test("says whether a text is a constant, one expression, or a template", () => {
  const kind = (source: string) => {
    const template = parseTemplate(source);
    return template.isConstant ? "constant" : template.isExpression ? "expression" : "template";
  };
  assert.equal(kind(""), "constant");
  assert.equal(kind("plain { text } % with #braces"), "constant");
  assert.equal(kind("{{ a }}"), "expression");
  assert.equal(kind(" \n{{- a.b | upper -}}\t"), "expression");
  assert.equal(kind("{{ a }}."), "template");
  assert.equal(kind("{{ a }} {{ b }}"), "template");
  assert.equal(kind("{# c #}"), "template");
  assert.equal(kind("{% raw %}{{ a }}{% endraw %}"), "template");
  assert.equal(kind("{% print a %}"), "template");
});

test("a constant is left as it is, a template loses one line end at its end", () => {
  assert.equal(evaluate("one\r\ntwo\n"), "one\r\ntwo\n");
  assert.equal(render("one\n"), "one\n");
  assert.equal(render("{{ n }}\r\ntwo\r\n"), "3\ntwo");
  assert.equal(render("{{ n }}\n\n"), "3\n");
});

test("data are handed on, not copied", () => {
  const scope = scopeOf(testData);
  assert.equal(parseTemplate("{{ rows }}").evaluate(scope), testData.rows);
  assert.equal(parseTemplate("{{ rows or [] }}").evaluate(scope), testData.rows);
  const [first] = parseTemplate("{{ rows | sort(attribute='n') | list }}").evaluate(scope) as unknown[];
  assert.equal(first, Array.isArray(testData.rows) ? testData.rows[1] : undefined);
});

test("asks the scope for the names that it needs, and for no other", () => {
  const asked: string[] = [];
  const scope: Scope = {
    get(name) {
      asked.push(name);
      return name === "a" ? { b: 1 } : undefined;
    },
  };
  parseTemplate("{{ a.b if a.b else other }}{% set x = 1 %}{{ x }}{{ y | default('') }}").render(scope);
  assert.deepEqual(asked, ["a", "a", "y"]);
});

test("keeps nothing between two evaluations", () => {
  const template = parseTemplate(
    "{% if first %}{% set x = 1 %}{% endif %}{% set c = cycler(1, 2) %}{{ c.next() }}{{ x | default('-') }}",
  );
  assert.equal(template.render(scopeOf({ first: true })), "11");
  assert.equal(template.render(scopeOf({ first: false })), "1-");
});

test("numbers of the data are ints when they are integral, otherwise floats", () => {
  const data = { whole: 2, half: 0.5, large: 1e300, unsafe: 9007199254740992, zero: -0 };
  assert.equal(
    render("{{ whole }} {{ half }} {{ large }} {{ unsafe }} {{ zero }}", data),
    "2 0.5 1e+300 9007199254740992.0 0",
  );
  assert.equal(
    render("{{ whole is integer }} {{ half is float }} {{ unsafe is float }}", data),
    "True True True",
  );
  assert.equal(evaluate("{{ large }}", data), 1e300);
});

test("a whole number beyond 2^53 is an error rather than silently wrong", () => {
  assert.equal(evaluate("{{ 9007199254740991 }}"), 9007199254740991);
  for (const source of [
    "{{ 9007199254740991 + 1 }}",
    "{{ -9007199254740991 - 1 }}",
    "{{ 94906267 * 94906267 }}",
    "{{ 2 ** 53 }}",
    "{{ 3 ** 1000000 }}",
    "{{ '9007199254740993' | int }}",
    "{{ 1e20 | int }}",
    "{{ [9007199254740991, 1] | sum }}",
  ])
    assert.match(failureOf(source).message, /beyond 2\^53/, source);
  assert.equal(failureOf("{{ 9007199254740992 }}").code, "EXPRESSION_SYNTAX");
});

test("what is not JSON is refused as a value", () => {
  assert.match(failureOf("{{ 1e308 * 10 }}").message, /inf, which is not a JSON number/);
  assert.match(failureOf("{{ [1e308 * 10] }}").message, /not a JSON number/);
  assert.match(failureOf("{{ namespace(a=1) }}").message, /the result is a namespace/);
  assert.match(failureOf("{{ {'a': [cycler(1)]} }}").message, /the result is a cycler/);
  assert.match(failureOf("{{ 'x' if false }}").message, /if without else is undefined/);
  assert.equal(render("[{{ 'x' if false }}]"), "[]");
});

test("an own member wins over a method of its name, unless it is called", () => {
  const data = { order: { items: ["a"], get: 1 } };
  assert.deepEqual(evaluate("{{ order.items }}", data), ["a"]);
  assert.equal(
    render("{{ order.items() | length }} {{ order.get }} {{ order.get('items') }}", data),
    "2 1 ['a']",
  );
  assert.match(failureOf("{{ user.items }}").message, /user\.items is undefined; did you mean items\(\)\?/);
});
