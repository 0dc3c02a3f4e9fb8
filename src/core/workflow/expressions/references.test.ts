import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTemplate } from "./index.ts";
import { scopeOf, testData } from "./testing.ts";

/** References as `path` with `?` behind a guarded one. */
function referencesOf(source: string): string[] {
  return parseTemplate(source).references.map(({ path, guarded }) => path.join(".") + (guarded ? "?" : ""));
}

test("a reference is the longest constant path behind a name", () => {
  assert.deepEqual(referencesOf("{{ input.message }}"), ["input.message"]);
  assert.deepEqual(referencesOf("{{ steps.intent.value }}"), ["steps.intent.value"]);
  assert.deepEqual(referencesOf("{{ steps['intent']['a b'].value }}"), ["steps.intent.a b.value"]);
  assert.deepEqual(parseTemplate("{{ items[0].name }}").references[0]?.path, ["items", 0, "name"]);
  assert.deepEqual(parseTemplate("{{ items[-1].name }}").references[0]?.path, ["items", -1, "name"]);
  assert.deepEqual(parseTemplate("{{ items.0.name }}").references[0]?.path, ["items", 0, "name"]);
  assert.deepEqual(parseTemplate("{{ items['0'] }}").references[0]?.path, ["items", "0"]);
  assert.deepEqual(referencesOf("{{ a[b.c].d }}"), ["a", "b.c"]);
  assert.deepEqual(referencesOf("{{ a.b[1:n].c }}"), ["a.b", "n"]);
  assert.deepEqual(referencesOf("{{ (a.b).c }}"), ["a.b.c"]);
  assert.deepEqual(referencesOf("{{ (a or b).c }}"), ["a", "b"]);
});

test("calls are no part of a path, what they are called on is", () => {
  assert.deepEqual(referencesOf("{{ user.items() }}"), ["user"]);
  assert.deepEqual(referencesOf("{{ a.b.get('c').d }}"), ["a.b"]);
  assert.deepEqual(referencesOf("{{ name.upper().lower() }}"), ["name"]);
  assert.deepEqual(referencesOf("{{ f(a.b, *c.d, e=g.h, **i.j) }}"), ["f", "a.b", "c.d", "g.h", "i.j"]);
  assert.deepEqual(
    referencesOf("{{ range(n) | list }}{{ dict(a=b) }}{{ namespace() }}{{ joiner() }}{{ cycler(c) }}"),
    ["n", "b", "c"],
  );
  assert.deepEqual(referencesOf("{{ range.value }}{{ dict }}"), ["range.value", "dict"]);
});

test("every place of the language is looked into", () => {
  const source = `
    {{ a ~ b + [c, (d, {e: f})] | join(g) }} {{ h is eq(i) }} {{ j if k else l }} {{ not m }} {{ -o < p < q }}
    {% if r %}{{ s }}{% elif t %}{{ u }}{% else %}{{ v }}{% endif %}
    {% for x in w if y %}{{ z }}{% else %}{{ aa }}{% endfor %}
    {% set x1 = bb %}{% set x2 | replace(cc, '') %}{{ dd }}{% endset %}
    {% with x3 = ee %}{{ ff }}{% endwith %}
    {% macro x4(x5=gg) %}{{ hh }}{% endmacro %}{% call x4(ii) %}{{ jj }}{% endcall %}
    {% filter replace(kk, '') %}{{ ll }}{% endfilter %}{% do mm %}{% print nn %}`;
  const names = "a b c d e f g h i k j l m o p q r s t u v w y z aa bb dd cc ee ff gg hh jj ii ll kk mm nn";
  assert.deepEqual(referencesOf(source).toSorted(), names.split(" ").toSorted());
});

test("a reference is guarded where its absence is meant", () => {
  assert.deepEqual(referencesOf("{{ a.b is defined }}"), ["a.b?"]);
  assert.deepEqual(referencesOf("{{ a is undefined }}{{ b is not defined }}"), ["a?", "b?"]);
  assert.deepEqual(referencesOf("{{ a.b | default('c') }}{{ d | d(e) }}"), ["a.b?", "d?", "e"]);
  assert.deepEqual(referencesOf("{{ a | default(b) | default('') }}"), ["a?", "b?"]);
  assert.deepEqual(referencesOf("{{ (a if b else c) | default('') }}"), ["b", "a?", "c?"]);
  assert.deepEqual(referencesOf("{{ a.b | upper | default('') }}"), ["a.b"]);
  assert.deepEqual(referencesOf("{{ a[b] | default('') }}"), ["a", "b"]);
  assert.deepEqual(referencesOf("{{ a.f() is defined }}"), ["a"]);
  assert.deepEqual(referencesOf("{{ a is none }}{{ a or 1 }}"), ["a", "a"]);
});

test("names that the template binds are no references", () => {
  const sources = [
    "{% set x = 1 %}{{ x }}",
    "{% set a, (b, c) = [1, [2, 3]] %}{{ a }}{{ b.d }}{{ c[0] }}",
    "{% set x %}text{% endset %}{{ x }}",
    "{% set x = 1 %}{% if x %}{{ x }}{% endif %}{% for i in [x] %}{{ x }}{{ i }}{% endfor %}",
    "{% for x in [1] %}{{ x.a }}{{ loop.index }}{% endfor %}",
    "{% for k, v in {}.items() %}{{ k }}{{ v.w }}{% endfor %}",
    "{% for x in [1] if x %}{% endfor %}",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}",
    "{% macro f(a, b=a) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{{ caller() }}{{ f(1) }}{% endmacro %}{{ f() }}",
    "{% macro f() %}{{ g() }}{{ x }}{% endmacro %}{% macro g() %}{% endmacro %}{% set x = 1 %}{{ f() }}",
    "{% macro f() %}{{ caller(1) }}{% endmacro %}{% call(a) f() %}{{ a }}{% endcall %}",
    "{% set ns = namespace(a=1) %}{% set ns.a = 2 %}{{ ns.a }}",
    "{% if true %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% for x in [1] recursive %}{{ loop([x]) }}{% endfor %}",
  ];
  for (const source of sources) assert.deepEqual(referencesOf(source), [], source);
});

test("what is bound somewhere else is still read from the scope", () => {
  assert.deepEqual(referencesOf("{{ x }}{% set x = 1 %}"), ["x"]);
  assert.deepEqual(referencesOf("{% set x = x %}"), ["x"]);
  assert.deepEqual(referencesOf("{% for x in x %}{{ x }}{% endfor %}{{ x }}"), ["x", "x"]);
  assert.deepEqual(referencesOf("{% with x = x %}{{ x }}{% endwith %}{{ x }}"), ["x", "x"]);
  assert.deepEqual(referencesOf("{% for i in [1] %}{% set x = i %}{% endfor %}{{ x }}"), ["x"]);
  assert.deepEqual(referencesOf("{% for i in [1] %}{{ x }}{% set x = i %}{% endfor %}"), ["x"]);
  assert.deepEqual(referencesOf("{% macro f(a) %}{{ a }}{% endmacro %}{{ a }}"), ["a"]);
  assert.deepEqual(referencesOf("{{ loop.index }}{{ caller }}"), ["loop.index", "caller"]);
});

test("a name that is set on some ways only is a guarded reference, and read from the scope on the others", () => {
  const source = "{% if flag %}{% set x = 'set' %}{% endif %}{{ x | default('none') }}";
  assert.deepEqual(referencesOf(source), ["flag", "x?"]);
  assert.deepEqual(referencesOf("{% if flag %}{% set x = 1 %}{% endif %}{{ x }}"), ["flag", "x?"]);
  const nested = (inner: string) =>
    `{% if a %}{% if b %}{% set x = 1 %}${inner}{% endif %}{% else %}{% set x = 2 %}{% endif %}{{ x }}`;
  assert.deepEqual(referencesOf(nested("{% else %}{% set x = 3 %}")), ["a", "b"]);
  assert.deepEqual(referencesOf(nested("{% elif c %}{% set x = 3 %}")), ["a", "b", "c", "x?"]);
  const template = parseTemplate(source);
  assert.equal(template.render(scopeOf({ flag: true, x: "scope" })), "set");
  assert.equal(template.render(scopeOf({ flag: false, x: "scope" })), "scope");
  assert.equal(template.render(scopeOf({ flag: false })), "none");
});

test("every name that is asked of the scope is among the references", () => {
  const sources = [
    "{% for r in rows %}{% if r.ok %}{% set n = r.n %}{% endif %}{{ n }}{% endfor %}{{ n }}",
    "{% macro f(x) %}{{ x }}{{ prose }}{% endmacro %}{{ f(user.name) }}{{ f(tree[0].v) }}",
    "{{ prose }}{% macro f() %}{{ prose }}{% endmacro %}{{ f() }}{% set prose = 1 %}{{ f() }}",
    "{% if n > 5 %}{% set prose = 1 %}{% endif %}{% macro f() %}{{ prose }}{% endmacro %}{{ f() }}",
    "{{ rows | map(attribute='id') | join(user.name) }}{{ missing | default(n) }}",
  ];
  for (const source of sources) {
    const template = parseTemplate(source);
    const known = new Set(template.references.map(({ path }) => path[0]));
    const scope = scopeOf(testData);
    template.render({
      get(name) {
        assert.ok(known.has(name), `${name} in ${source}`);
        return scope.get(name);
      },
    });
  }
});

test("an offset points to the name in the source", () => {
  const source = "line one\n{{ a.b ~ (c | default(d)) }}";
  for (const { path, offset } of parseTemplate(source).references)
    assert.ok(source.startsWith(String(path[0]), offset), `${path} at ${offset}`);
});
