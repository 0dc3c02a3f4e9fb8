import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpressionFailed, parseTemplate } from "./index.ts";
import { evaluate, failureOf, render, scopeOf, testData } from "./testing.ts";

const uses = [
  "{{ missing }}",
  "a {{ missing }}",
  "{{ missing.member }}",
  "{{ user.missing }}",
  "{{ user['missing'] }}",
  "{{ user[prose] }}",
  "{{ rows[3] }}",
  "{{ rows[-4] }}",
  "{{ 'abc'[3] }}",
  "{{ n.member }}",
  "{{ none.member }}",
  "{{ [missing] }}",
  "{{ (missing, 1) }}",
  "{{ {'a': missing} }}",
  "{{ {missing: 1} }}",
  "{{ missing ~ 'a' }}",
  "{{ missing + 1 }}",
  "{{ -missing }}",
  "{{ not missing }}",
  "{{ missing == missing }}",
  "{{ missing != 1 }}",
  "{{ missing < 1 }}",
  "{{ missing in [1] }}",
  "{{ 1 in missing }}",
  "{{ missing and 1 }}",
  "{{ missing or 1 }}",
  "{{ 1 if missing else 2 }}",
  "{{ missing if true else 2 }}",
  "{{ missing[1:] }}",
  "{{ prose[missing:] }}",
  "{{ rows[missing] }}",
  "{{ missing | upper }}",
  "{{ missing | list }}",
  "{{ missing | length }}",
  "{{ missing | items }}",
  "{{ missing | tojson }}",
  "{{ 'a' | replace('a', missing) }}",
  "{{ rows | map(attribute='missing') | list }}",
  "{{ rows | map(attribute='missing') | join }}",
  "{{ rows | sum(attribute='missing') }}",
  "{{ rows | sort(attribute='missing') }}",
  "{{ rows | groupby('missing') }}",
  "{{ rows | selectattr('missing') | list }}",
  "{{ rows | unique(attribute='missing') }}",
  "{{ [{}] | sort(attribute='missing') }}",
  "{{ missing is none }}",
  "{{ missing is string }}",
  "{{ 1 is eq(missing) }}",
  "{{ missing() }}",
  "{{ missing.member() }}",
  "{{ user.get(missing) }}",
  "{{ user.missing() }}",
  "{{ range(missing) }}",
  "{{ dict(a=missing) }}",
  "{{ namespace(a=missing) }}",
  "{{ '%s' | format(missing) }}",
  "{{ '{}'.format(missing) }}",
  "{{ [] | first }}",
  "{{ [] | max }}",
  "{{ missing | default(also_missing) }}",
  "{{ user.missing.deeper | default(1) }}",
  "{{ missing.member is defined }}",
  "{% if missing %}{% endif %}",
  "{% for x in missing %}{% endfor %}",
  "{% for x in [1] if missing %}{% endfor %}",
  "{% for a, b in missing %}{% endfor %}",
  "{% set x = missing %}{{ x }}",
  "{% with x = missing %}{{ x }}{% endwith %}",
  "{% macro f(a) %}{{ a }}{% endmacro %}{{ f() }}",
  "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(missing) }}",
  "{% macro f(a=missing) %}{{ a }}{% endmacro %}{{ f() }}",
  "{% set missing.a = 1 %}",
  "{% do missing.member() %}",
  "{% for x in [1] %}{{ loop.previtem }}{% endfor %}",
  "{{ loop.index }}",
  "{% for x in [1] %}{% endfor %}{{ x }}",
  "{% with a = 1 %}{% endwith %}{{ a }}",
];

test("any use of what is undefined is an error", () => {
  for (const source of uses) {
    const { code, message } = failureOf(source);
    assert.equal(code, "EXPRESSION_FAILED", source);
    assert.match(message, /undefined|has no method/, source);
  }
});

test("absence is fine where it is meant", () => {
  const fine: readonly (readonly [string, unknown])[] = [
    ["{{ missing is defined }}", false],
    ["{{ missing is undefined }}", true],
    ["{{ missing is not defined }}", true],
    ["{{ user.missing is defined }}", false],
    ["{{ rows[7] is defined }}", false],
    ["{{ missing | default('d') }}", "d"],
    ["{{ missing | d(1) }}", 1],
    ["{{ user.missing | default(none) }}", null],
    ["{{ missing | default(missing) | default(2) }}", 2],
    ["{{ user.name | default(missing) }}", "Grace"],
    ["{{ (missing if true else 1) | default(2) }}", 2],
    ["{{ ('x' if false) | default(3) }}", 3],
    ["{{ [] | first | default(4) }}", 4],
    ["{{ 1 or missing }}", 1],
    ["{{ 0 and missing }}", 0],
    ["{{ 1 if true else missing }}", 1],
    ["{{ none.member | default(5) }}", 5],
    ["{{ rows | map(attribute='missing') | select('defined') | list }}", []],
    ["{{ mixed | map(attribute='v', default=0) | list }}", [2, 0, 1]],
    ["{{ mixed | map(attribute='v') | map('default', 7) | list }}", [2, 7, 1]],
    ["{{ mixed | selectattr('v', 'defined') | map(attribute='v') | list }}", [2, 1]],
  ];
  for (const [source, value] of fine) assert.deepEqual(evaluate(source), value, source);
  assert.equal(render("{% set x = missing %}{{ x is defined }}"), "False");
  assert.equal(
    render("{% macro f(a) %}{{ a is defined }}{% endmacro %}{{ f(missing) }}{{ f() }}{{ f(1) }}"),
    "FalseFalseTrue",
  );
});

test("the message names what is undefined and the nearest known member", () => {
  const data = { input: { message: "hi", meta: { language: "en" } }, list: [1, 2] };
  const reason = (source: string) => failureOf(source, data).message;
  assert.equal(
    reason("{{ input.mesage }}"),
    "{{ input.mesage }}: input.mesage is undefined; did you mean message?",
  );
  assert.match(
    reason("{{ input.meta.langage | upper }}"),
    /input\.meta\.langage is undefined; did you mean language\?/,
  );
  assert.match(reason("{{ input['mesage'] }}"), /input\.mesage is undefined; did you mean message\?/);
  assert.match(
    reason("{{ input['mes' ~ 'age2'] }}"),
    /input\["mesage2"\] is undefined; did you mean message\?/,
  );
  assert.match(reason("{{ input['a b'] }}"), /input\["a b"\] is undefined$/);
  assert.match(reason("{{ list[2] }}"), /list\[2\] is undefined; the list has 2 items/);
  assert.match(
    reason("{{ input.message.text }}"),
    /input\.message\.text is undefined, because what stands before it is string/,
  );
  assert.match(reason("{{ inptu }}"), /inptu is undefined$/);
  assert.match(reason("{{ input.message.uper() }}"), /input\.message is string, which has no method uper/);
});

test("values without an order are not compared", () => {
  for (const source of [
    "{{ none < 1 }}",
    "{{ none <= 1 }}",
    "{{ 1 > none }}",
    "{{ 1 >= none }}",
    "{{ none < none }}",
    "{{ 'a' < 1 }}",
    "{{ [1] < 1 }}",
    "{{ {} < {} }}",
    "{{ [1] < (1,) }}",
    "{{ [none, 1] | sort }}",
    "{{ [1, 'a'] | max }}",
    "{{ [2, none] | select('gt', 1) | list }}",
  ])
    assert.match(failureOf(source).message, /have no order/, source);
});

test("values of the wrong type are refused with what was expected", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["{{ 'a' + 1 }}", /\+ is not possible between string and int; ~ joins/],
    ["{{ [1] + (2,) }}", /between list and tuple/],
    ["{{ 1 / 0 }}", /\/ by zero/],
    ["{{ 1 // 0 }}", /by zero/],
    ["{{ 1.0 % 0 }}", /by zero/],
    ["{{ 0 ** -1 }}", /negative power/],
    ["{{ (-8) ** 0.5 }}", /no real power/],
    ["{{ 1e300 ** 2 }}", /too large/],
    ["{{ -'a' }}", /- needs a number, not string/],
    ["{{ 1 in 'abc' }}", /a text holds only texts/],
    ["{{ 1 in 2 }}", /int is not a list/],
    ["{{ n() }}", /int cannot be called/],
    ["{{ n[1:] }}", /cannot be sliced/],
    ["{{ [1]['a':] }}", /cut at ints/],
    ["{{ [1][::0] }}", /step of a slice is zero/],
    ["{{ {[]: 1} }}", /a list cannot be the key/],
    ["{{ 5 | length }}", /int has no length/],
    ["{{ 'a' | round }}", /round needs a number, not string/],
    ["{{ 'abc' | truncate(1) }}", /expected at least 3/],
    ["{{ 'a' | center('w') }}", /width is string; expected an int/],
    ["{{ 'a' | replace('a') }}", /replace needs the argument new/],
    ["{{ 'a' | upper(1) }}", /upper takes no arguments/],
    [
      "{{ 'a' | indent(1, 2, 3, 4) }}",
      /indent takes at most 3 arguments, not 4; its arguments are width, first, blank/,
    ],
    ["{{ 'a' | truncate(size=1) }}", /truncate has no argument size; its arguments are length/],
    ["{{ 'a' | truncate(3, length=1) }}", /given the argument length twice/],
    ["{{ [1] | map('nope') }}", /there is no filter nope/],
    ["{{ [1] | select('nope') }}", /there is no test nope/],
    ["{{ [1].append(2) }}", /append would change a list/],
    ["{{ user.update({}) }}", /update would change a dict/],
    ["{{ '%d' % 'a' }}", /%d needs a number/],
    ["{{ '%d' % (1e308 * 10) }}", /needs a whole number, not inf/],
    ["{{ '%s %s' % 'a' }}", /more places/],
    ["{{ '%q' % 1 }}", /%q is no place/],
    ["{{ '{:d}'.format('a') }}", /needs a number/],
    ["{{ '{x}'.format(1) }}", /names x, which is not given/],
    ["{{ '{'.format(1) }}", /has no end/],
    ["{{ ','.join([1]) }}", /takes strings only/],
    ["{{ {'a b': 1} | xmlattr }}", /cannot be the name of an attribute/],
    ["{% for a, b in [[1, 2, 3]] %}{% endfor %}", /3 values cannot be unpacked into 2 names/],
    ["{% set x = 1 %}{% set x.y = 2 %}", /x is int; only a namespace can be assigned to/],
    ["{% set user.name = 2 %}", /user is dict; only a namespace/],
    ["{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", /f takes at most 1 arguments, not 2/],
    ["{% macro f(a) %}{% endmacro %}{{ f(b=1) }}", /f has no argument b/],
    ["{% macro f(a) %}{% endmacro %}{{ f(1, a=1) }}", /given the argument a twice/],
    ["{% macro f() %}{% endmacro %}{% call f() %}x{% endcall %}", /f never calls its caller/],
    ["{% for x in [1] %}{{ loop([2]) }}{% endfor %}", /not recursive/],
    ["{{ cycler() }}", /at least one item/],
    ["{{ range(1, 2, 0) }}", /step of a range is zero/],
  ];
  for (const [source, expected] of refused) assert.match(failureOf(source).message, expected, source);
});

test("a failure knows its expression and where it stands", () => {
  const source = "first line\n{{ user.name }} and\n{% if n %}{{ user.nam | upper }}{% endif %}";
  assert.throws(
    () => parseTemplate(source).render(scopeOf(testData)),
    (error) =>
      error instanceof ExpressionFailed &&
      error.code === "EXPRESSION_FAILED" &&
      error.expression === "{{ user.nam | upper }}" &&
      error.offset === source.lastIndexOf("user.nam") &&
      error.reason === "user.nam is undefined; did you mean name?" &&
      error.retry === null,
  );
  const long = `{{ ${"'a' ~ ".repeat(100)} missing }}`;
  assert.ok(failureOf(long).message.length < 200);
});
