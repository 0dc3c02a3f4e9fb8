import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../base/index.ts";
import { ExpressionLimit, type ExpressionLimits, parseTemplate } from "./index.ts";
import { render, scopeOf, testData } from "./testing.ts";

/** The name of the limit that a template passes. */
function limitOf(
  source: string,
  limits: Partial<ExpressionLimits> = {},
  data: JsonObject = testData,
): string {
  try {
    parseTemplate(source, limits).evaluate(scopeOf(data));
  } catch (error) {
    assert.ok(error instanceof ExpressionLimit, `${source.slice(0, 80)}: ${error}`);
    assert.equal(error.code, "EXPRESSION_LIMIT");
    assert.ok(error.message.includes(String(error.max)), error.message);
    return error.limit;
  }
  return "none";
}

test("the length of a template", () => {
  assert.equal(limitOf("x".repeat(256 * 1024)), "none");
  assert.equal(limitOf("x".repeat(256 * 1024 + 1)), "sourceCharactersMax");
});

test("how deep brackets and blocks nest", () => {
  const nested = (depth: number, open: string, close: string, middle = "1") =>
    open.repeat(depth) + middle + close.repeat(depth);
  assert.equal(limitOf(`{{ ${nested(90, "(", ")")} }}`), "none");
  for (const source of [
    `{{ ${nested(200, "(", ")")} }}`,
    `{{ ${nested(200, "[", "]")} }}`,
    `{{ ${nested(200, "{'a':", "}")} }}`,
    `{{ ${nested(200, "not ", "")} }}`,
    `{{ ${nested(200, "- ", "")} }}`,
    `{{ ${nested(200, "1 if 1 else ", "")} }}`,
    `{{ ${nested(200, "f(", ")")} }}`,
    `{{ ${nested(200, "a[", "]")} }}`,
    `{{ ${nested(200, "1 | default(", ")")} }}`,
    nested(200, "{% if 1 %}", "{% endif %}"),
    nested(200, "{% for x in y %}", "{% endfor %}"),
    nested(200, "{% filter upper %}", "{% endfilter %}"),
    `{% set ${nested(200, "(", ")", "x")} = 1 %}`,
    "{% if 1 %}".repeat(20_000),
  ])
    assert.equal(limitOf(source), "nestingMax", source.slice(0, 60));
});

test("how many operators follow each other", () => {
  assert.equal(limitOf(`{{ 1${" + 1".repeat(300)} }}`), "none");
  for (const piece of [" + 1", " * 1", " ** 1", " | string", " is odd and 1", ".a", "[0]", "()", " if 1"])
    assert.match(limitOf(`{{ 1${piece.repeat(1000)} }}`), piece.includes("and") ? /none/ : /chainMax/, piece);
  assert.equal(limitOf(`{{ 1${" ~ 1".repeat(5000)} }}`), "none");
  assert.equal(limitOf(`{{ 1${" and 1".repeat(5000)} }}`), "none");
  assert.equal(limitOf(`{{ 1${" < 2".repeat(5000)} }}`), "none");
});

test("the steps of an evaluation", () => {
  assert.equal(limitOf("{% for a in range(1000) %}{{ a }}{% endfor %}"), "none");
  for (const source of [
    "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
    "{% for a in range(100000) %}{{ a * a + a }}{% endfor %}",
    "{% for a in range(90000) %}{% if a %}{% elif a %}{% endif %}{% set b = a %}{% endfor %}",
    "{{ [0] * 100000000 }}",
    "{% set ns = namespace(a=[1]) %}{% for i in range(60) %}{% set ns.a = ns.a + ns.a %}{% endfor %}",
    "{% set ns = namespace(a='x' * 1000000) %}{% for i in range(1000) %}{% set b = ns.a | upper %}{% endfor %}",
    "{% set a = 'x' * 1000000 %}{% for i in range(9000) %}{% if a == 'x' * 1000000 %}{% endif %}{% endfor %}",
    "{% set a = '\u{1F600}' * 1000000 %}{% for i in range(9000) %}{% set b = a[5] %}{% endfor %}",
    "{% set a = 'x' * 1000000 %}{% for i in range(9000) %}{% set b = a | length %}{% endfor %}",
    "{% set a = 'x' * 1000000 %}{% for i in range(9000) %}{% set b = 'y' in a %}{% endfor %}",
    "{% set a = 'x' * 1000000 %}{% for i in range(9000) %}{% set b = a.find('y') %}{% endfor %}",
    "{% set a = range(100000) %}{% for i in range(1000) %}{% set b = a | reverse %}{% endfor %}",
    "{% set a = range(100000) | list %}{% for i in range(1000) %}{% set b = 1.5 in a %}{% endfor %}",
    "{{ [[]] | batch(1000000000) }}",
    "{{ [] | slice(1000000000) }}",
    "{{ range(100000) | map('string') | map('upper') | map('lower') | list }}",
  ])
    assert.equal(limitOf(source), "stepsMax", source);
  assert.equal(limitOf("{% for a in range(20) %}{{ a }}{% endfor %}", { stepsMax: 30 }), "stepsMax");
});

test("values that hold themselves many times are walked within the steps", () => {
  const doubled = (pair: string) =>
    `{% set ns = namespace(a=1) %}{% for i in range(60) %}{% set ns.a = ${pair} %}{% endfor %}`;
  for (const pair of ["[ns.a, ns.a]", "(ns.a, ns.a)", "{'a': ns.a, 'b': ns.a}"]) {
    const start = `${doubled(pair)}{% set a = ns.a %}`;
    for (const use of [
      "{{ a }}",
      "{{ a | tojson }}",
      "{{ a | pprint }}",
      "{{ '%s' % [a] }}",
      "{{ [a] | join }}",
    ])
      assert.match(limitOf(start + use, { stepsMax: 20_000 }), /stepsMax|outputCharactersMax/, pair + use);
    const other = doubled(pair).replaceAll("ns", "ns2");
    assert.equal(
      limitOf(`${doubled(pair)}${other}{{ ns.a == ns2.a }}`, { stepsMax: 20_000 }),
      "stepsMax",
      pair,
    );
  }
});

test("the length of texts", () => {
  const max = "outputCharactersMax";
  for (const source of [
    "{{ 'x' * 5000000 }}",
    "{{ 5000000 * 'x' }}",
    "{{ 'x' * 9007199254740991 }}",
    "{% set ns = namespace(a='x') %}{% for i in range(60) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}",
    "{% set ns = namespace(a='x') %}{% for i in range(60) %}{% set ns.a = ns.a + ns.a %}{% endfor %}",
    "{% set a = 'x' * 1000000 %}{{ a }}{{ a }}{{ a }}{{ a }}{{ a }}",
    "{% set a = 'x' * 1000000 %}{% set b %}{{ a }}{{ a }}{{ a }}{{ a }}{{ a }}{% endset %}",
    "{% set a = 'x' * 1000000 %}{{ [a, a, a, a, a] | join }}",
    "{% set a = 'x' * 1000000 %}{{ [a, a, a, a, a] }}",
    "{% set a = 'x' * 1000000 %}{{ [a, a, a, a, a] | tojson }}",
    "{{ range(10000) | join('x' * 1000) }}",
    "{{ ('x' * 1000).join('y' * 10000) }}",
    "{{ ('x' * 10000) | replace('x', 'y' * 1000) }}",
    "{{ ('x' * 10000) | replace('', 'y' * 1000) }}",
    "{{ ('x' * 10000).replace('x', 'y' * 1000) }}",
    "{{ ('<' * 2000000) | e }}",
    "{{ 'x' | center(5000000) }}",
    "{{ 'x'.center(5000000) }}",
    "{{ 'x'.ljust(5000000) }}",
    "{{ 'x'.zfill(9007199254740991) }}",
    "{{ 'x' | indent(5000000) }}",
    "{{ ('x\\n' * 10000) | indent(1000) }}",
    "{{ [1] | tojson(5000000) }}",
    "{{ '%5000000d' % 1 }}",
    "{{ '%*d' % (5000000, 1) }}",
    "{{ '{:5000000}'.format(1) }}",
    "{{ '{:{w}}'.format(1, w=5000000) }}",
    "{{ ('a ' * 10000) | wordwrap(1, true, 'x' * 1000) }}",
  ])
    assert.equal(limitOf(source), max, source);
  assert.equal(limitOf("{{ 'abc' ~ n }}", { outputCharactersMax: 3 }), max);
  assert.equal(limitOf("{{ 'ab' ~ n }}", { outputCharactersMax: 3 }), "none");
});

test("the size of a typed result that holds the same data many times", () => {
  const data = { document: { text: "x".repeat(100_000) } };
  assert.equal(limitOf("{{ [document, document] }}", {}, data), "none");
  assert.equal(limitOf("{{ [document] * 100 }}", {}, data), "outputCharactersMax");
  const large = { document: { text: "x".repeat(5_000_000) } };
  assert.equal(limitOf("{{ document }}", {}, large), "none");
  assert.equal(limitOf("{{ document.text }}", {}, large), "none");
});

test("the size of a range", () => {
  assert.equal(limitOf("{{ range(100000) | length }}"), "none");
  assert.equal(limitOf("{{ range(100001) }}"), "rangeItemsMax");
  assert.equal(limitOf("{{ range(-9007199254740991, 9007199254740991) }}"), "rangeItemsMax");
  assert.equal(limitOf("{{ range(9007199254740991, 0, -1) }}"), "rangeItemsMax");
  assert.equal(limitOf("{{ range(10) }}", { rangeItemsMax: 9 }), "rangeItemsMax");
});

test("how deep macros and recursive loops call themselves", () => {
  assert.equal(limitOf("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"), "callsNestedMax");
  assert.equal(limitOf("{% macro f(n) %}{{ n }}{{ f(n - 1) if n > 0 }}{% endmacro %}{{ f(90) }}"), "none");
  assert.equal(limitOf("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}"), "callsNestedMax");
  const deep = `${"(".repeat(80)}f()${")".repeat(80)}`;
  assert.equal(
    limitOf(
      `{% macro f() %}${"{% if 1 %}".repeat(15)}{{ ${deep} }}${"{% endif %}".repeat(15)}{% endmacro %}{{ f() }}`,
    ),
    "callsNestedMax",
  );
});

test("how deep a value nests", () => {
  const deep = "{% set ns = namespace(a=1) %}{% for i in range(2000) %}{% set ns.a = [ns.a] %}{% endfor %}";
  for (const use of [
    "{{ ns.a }}",
    "{{ ns.a | tojson }}",
    "{{ ns.a | pprint }}",
    "{{ ns.a == [ns.a][0][0] }}",
    "{{ ns.a < ns.a[0] }}",
  ])
    assert.match(limitOf(deep + use), /valueDepthMax/, use);
  let data: JsonObject = { end: 1 };
  for (let depth = 0; depth < 400; depth++) data = { in: data };
  assert.ok(render("{{ data }}", { data }).length > 2000);
});

test("time is linear in the length of a template and of its data", () => {
  const long = 200_000;
  const sources = [
    "{".repeat(long),
    "{{".repeat(long / 2),
    "{%".repeat(long / 2),
    "{#".repeat(long / 2),
    "{% raw %}".repeat(long / 10),
    `{{ '${"\\".repeat(long)}`,
    `{{ ${"1".repeat(long)} }}`,
    `{{ ${"1_".repeat(long / 2)} }}`,
    `{{ ${"a".repeat(long)} }}`,
    `{{ ${" ".repeat(long)} }}`,
    `{{ ${"[]".repeat(long / 2)} }}`,
    Array.from({ length: long / 50 }, (_, index) => `{% if b %}{% set a${index} = 1 %}{% endif %}`).join(""),
    `{{ f(${Array.from({ length: long / 10 }, (_, index) => `a${index}=1`).join()}) }}`,
    `{{- ${"\n".repeat(long)}`,
    `${" ".repeat(long)}{{- 1 -}}${" ".repeat(long / 5)}`,
  ];
  for (const source of sources)
    try {
      parseTemplate(source).evaluate(scopeOf({}));
    } catch (error) {
      assert.ok(error instanceof Error && "code" in error, String(error));
    }
  const data = {
    s: "<".repeat(long),
    o: "&#".repeat(long / 2),
    p: "%(".repeat(long / 2),
    d: "9".repeat(long),
    b: `{0${"[".repeat(long)}}`,
  };
  for (const use of [
    "s | striptags",
    "o | striptags",
    "p | format",
    "d | float",
    "(d ~ 'x') | float",
    "d | int(0)",
    "(d ~ '_x') | int",
    "b.format(1)",
    "s | wordcount",
    "s | urlencode",
    "s | title",
    "s | wordwrap(3)",
    "d | filesizeformat",
  ])
    try {
      parseTemplate(`{{ ${use} }}`).evaluate(scopeOf(data));
    } catch (error) {
      assert.ok(error instanceof Error && "code" in error, `${use}: ${error}`);
    }
});
