import assert from "node:assert/strict";
import { test } from "node:test";
import { FlyballError, isJsonObject, type JsonObject } from "../../base/index.ts";
import { parseTemplate } from "./index.ts";
import { evaluate, render, scopeOf } from "./testing.ts";

/** Members that lead out of a sandbox in JavaScript or in Python, and some that only look harmless. */
const keys = [
  ..."constructor __proto__ prototype toString toLocaleString valueOf hasOwnProperty isPrototypeOf".split(
    " ",
  ),
  ..."propertyIsEnumerable __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__".split(" "),
  ..."call apply bind arguments callee caller length name at concat map filter push pop".split(" "),
  ..."charAt charCodeAt codePointAt substring match matchAll search raw then toJSON".split(" "),
  ..."__class__ __mro__ __base__ __bases__ __subclasses__ __globals__ __builtins__ __init__ __dict__".split(
    " ",
  ),
  ..."__import__ __getattribute__ gi_frame f_globals func_globals mro format_map".split(" "),
  ..."process globalThis global require module exports console Function Object eval import".split(" "),
];

/** Expressions of every kind of value that a template can hold. */
const receivers = [
  "data",
  "data.list",
  "data.text",
  "data.number",
  "data.flag",
  "none",
  "1.5",
  "'text'",
  "[1]",
  "(1, 2)",
  "{'a': 1}",
  "range(3)",
  "data.items()",
  "(data.list | groupby(0) | first)",
  "namespace(a=1)",
  "cycler(1)",
  "joiner()",
  "macro",
  "loop",
  "caller",
  "varargs",
];

/** Ways to reach a member. Each must end in an error, or give the default. */
const accesses: readonly ((receiver: string, key: string) => string)[] = [
  (receiver, key) => `(${receiver}).${key}`,
  (receiver, key) => `(${receiver})['${key}']`,
  (receiver, key) => `(${receiver})['${key.slice(0, 3)}' ~ '${key.slice(3)}']`,
  (receiver, key) => `(${receiver}) | attr('${key}')`,
  (receiver, key) => `[${receiver}] | map(attribute='${key}') | list`,
  (receiver, key) => `[${receiver}] | map('attr', '${key}') | list`,
  (receiver, key) => `[${receiver}] | sum(attribute='${key}')`,
  (receiver, key) => `[${receiver}] | join(attribute='${key}')`,
  (receiver, key) => `[${receiver}, ${receiver}] | sort(attribute='${key}.${key}')`,
  (receiver, key) => `'{0.${key}}'.format(${receiver})`,
  (receiver, key) => `'{0[${key}]}'.format(${receiver})`,
  (receiver, key) => `'{a.${key}}'.format(a=${receiver})`,
  (receiver, key) => `(${receiver}).${key}.${key}`,
  (receiver, key) => `'%(${key})s' % (${receiver})`,
];

/** Keys that are members or methods of these values by the rules of the language. */
const isOrdinary = (receiver: string, key: string) =>
  (receiver === "loop" && key === "length") ||
  (receiver === "macro" && /^(name|arguments)$/.test(key)) ||
  (receiver === "caller" && /^(name|arguments)$/.test(key));

const data: JsonObject = { list: [[1], [2]], text: "some text", number: 1, flag: true };

/** What is there only within a macro, its caller or a loop. */
const locals = ["macro", "loop", "caller", "varargs"];

function inTemplate(receiver: string, expression: string): string {
  if (!locals.includes(receiver)) return `{{ ${expression} }}`;
  return (
    "{% macro macro() %}{{ varargs and none }}{{ caller() if false }}" +
    `{% for x in [1] %}{{ ${expression} }}{% endfor %}{% endmacro %}{% call macro() %}{% endcall %}`
  );
}

function outcome(source: string): string {
  try {
    return `printed ${parseTemplate(source).render(scopeOf({ data }))}`;
  } catch (error) {
    assert.ok(error instanceof FlyballError, `${source}: ${error instanceof Error ? error.stack : error}`);
    return error.code;
  }
}

test("no member but own data can be reached, by any way, of any value", () => {
  // Most of the time would go into stack traces that nobody reads.
  Error.stackTraceLimit = 0;
  let attempts = 0;
  for (const receiver of receivers)
    for (const key of keys) {
      if (isOrdinary(receiver, key)) continue;
      for (const access of accesses) {
        attempts += 1;
        const source = inTemplate(receiver, access(receiver, key));
        assert.equal(outcome(source), "EXPRESSION_FAILED", source);
      }
    }
  assert.ok(attempts > 10_000);
});

test("every such member is undefined, so that a default stands in for it", () => {
  for (const receiver of ["data", "data.list", "data.text", "data.number", "{}", "[]", "'x'", "namespace()"])
    for (const key of keys) {
      assert.equal(render(`{{ (${receiver}).${key} | default('safe') }}`, { data }), "safe");
      assert.equal(render(`{{ (${receiver})['${key}'] is defined }}`, { data }), "False");
      assert.equal(render(`{{ '${key}' in {} }}`, { data }), "False");
    }
  for (const key of keys) assert.equal(render(`{{ data.get('${key}', 'safe') }}`, { data }), "safe");
});

test("no name but those of the scope is known", () => {
  for (const name of [
    ...keys,
    "this",
    "self",
    "window",
    "Math",
    "JSON",
    "Array",
    "String",
    "Promise",
    "Reflect",
    "config",
    "request",
    "lipsum",
    "environment",
    "context",
    "super",
    "undefined",
    "NaN",
  ]) {
    if (name === "import") continue;
    assert.equal(render(`{{ ${name} is defined }}`, {}), "False", name);
    assert.throws(() => render(`{{ ${name}('x') }}`, {}), /is undefined/, name);
  }
});

const payloads = [
  "{{ constructor.constructor('return process')() }}",
  "{{ ''.constructor.constructor('return this')() }}",
  "{{ [].constructor.constructor('return globalThis.process.env')() }}",
  "{{ {}.constructor.assign({}.__proto__, {'polluted': 1}) }}",
  "{{ range.constructor('return 1')() }}",
  "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
  "{{ joiner.__init__.__globals__ }}",
  "{{ namespace.__init__.__globals__ }}",
  "{{ lipsum.__globals__['os'].popen('id').read() }}",
  "{{ self.__init__.__globals__.__builtins__ }}",
  "{{ self._TemplateReference__context.cycler }}",
  "{{ ''.__class__.__mro__[1].__subclasses__() }}",
  "{{ ''['__class__']['__mro__'][1]['__subclasses__']() }}",
  "{{ ''|attr('__class__')|attr('__mro__') }}",
  "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
  "{{ ()|attr('__class__')|attr('__base__')|attr('__subclasses__')() }}",
  "{{ request['application']['__globals__'] }}",
  "{{ config.items() }}",
  "{{ get_flashed_messages.__globals__ }}",
  "{{ url_for.__globals__ }}",
  "{{ dict.__base__.__subclasses__() }}",
  "{{ dict(__proto__=1).polluted }}",
  "{{ {'__proto__': {'polluted': 1}}.polluted }}",
  "{{ {'constructor': {'prototype': {'polluted': 1}}}.x.polluted }}",
  "{{ namespace(__proto__={'polluted': 1}).polluted }}",
  "{% set ns = namespace() %}{% set ns.__proto__ = {'polluted': 1} %}{{ ns.polluted }}",
  "{% set ns = namespace() %}{% set ns.constructor = 1 %}{{ ns.constructor.prototype.x }}",
  "{% set x = {} %}{% set x.__proto__ = 1 %}",
  "{% set data.__proto__ = 1 %}",
  "{% set range.constructor = 1 %}",
  "{% for x in data.__proto__ %}{{ x }}{% endfor %}",
  "{% for k, v in data.constructor.items() %}{{ k }}{% endfor %}",
  "{% macro f() %}{% endmacro %}{{ f.constructor('return 1')() }}",
  "{% macro f() %}{% endmacro %}{{ f.__globals__ }}",
  "{% macro f() %}{% endmacro %}{{ f.call(none) }}",
  "{% macro f() %}{% endmacro %}{{ f.bind.constructor }}",
  "{% macro f() %}{{ caller.constructor }}{% endmacro %}{% call f() %}{% endcall %}",
  "{% macro f() %}{{ kwargs.constructor }}{% endmacro %}{{ f(a=1) }}",
  "{% macro f() %}{{ varargs.constructor }}{% endmacro %}{{ f(1) }}",
  "{% for x in [1] %}{{ loop.constructor }}{% endfor %}",
  "{% for x in [1] %}{{ loop.__proto__ }}{% endfor %}",
  "{% for x in [1] %}{{ loop.items }}{% endfor %}",
  "{% for x in [1] %}{{ loop.recurse }}{% endfor %}",
  "{% for x in [1] %}{{ loop['cycle'].constructor }}{% endfor %}",
  "{{ cycler(1).items }}",
  "{{ cycler(1).next.constructor }}",
  "{{ cycler(1)['next'] }}",
  "{{ namespace(a=1).members }}",
  "{{ joiner().call }}",
  "{{ (1.5).value }}",
  "{{ [1].items }}",
  "{{ [1]['items'] }}",
  "{{ {'a': 1}.members }}",
  "{{ {'a': 1}['size'] }}",
  "{{ 'a'.length }}",
  "{{ 'a'['length'] }}",
  "{{ [1].length }}",
  "{{ [1]['length'] }}",
  "{{ 'a'.constructor.fromCharCode(97) }}",
  "{{ 'a'.at(0) }}",
  "{{ 'a'.sub('x') }}",
  "{{ 'a'.replaceAll('a', 'b') }}",
  "{{ 'a'.replace('a', data.constructor) }}",
  "{{ [1].map(data.f) }}",
  "{{ [1].filter(1) }}",
  "{{ [1].reduce(1) }}",
  "{{ [1].at(0) }}",
  "{{ [1].push(2) }}",
  "{{ [1].concat([2]) }}",
  "{{ data.hasOwnProperty('a') }}",
  "{{ data.toString() }}",
  "{{ data.valueOf() }}",
  "{{ data.__defineGetter__('x', data) }}",
  "{{ data.__lookupGetter__('x') }}",
  "{{ data.get.constructor }}",
  "{{ data.items.__self__ }}",
  "{{ data['get']('a') }}",
  "{{ data['items']() }}",
  "{{ data | map('constructor') | list }}",
  "{{ data | map('__proto__') | list }}",
  "{{ [1] | map('toString') | list }}",
  "{{ [1] | select('constructor') | list }}",
  "{{ [1] | select('__proto__') | list }}",
  "{{ [1] | selectattr('constructor') | list }}",
  "{{ [data] | selectattr('constructor', 'callable') | list }}",
  "{{ [data] | groupby('constructor') }}",
  "{{ [data] | groupby('__proto__') }}",
  "{{ [data] | unique(attribute='constructor') }}",
  "{{ [data] | max(attribute='__proto__') | string ~ [data, data] | max(attribute='__proto__') }}",
  "{{ [data] | sum(attribute='constructor.prototype') }}",
  "{{ [data] | map(attribute='constructor.constructor') | list }}",
  "{{ [data] | map(attribute='list.constructor') | list }}",
  "{{ [data] | map(attribute='list.0.constructor') | list }}",
  "{{ '{0.constructor}'.format(data) }}",
  "{{ '{0.constructor.constructor}'.format('') }}",
  "{{ '{0.__class__.__mro__}'.format('') }}",
  "{{ '{0[__proto__]}'.format(data) }}",
  "{{ '{a.__init__.__globals__}'.format(a=cycler(1)) }}",
  "{{ '{:{0.constructor}}'.format(1) }}",
  "{{ '%(constructor)s' % data }}",
  "{{ '%(__proto__)s' % data }}",
  "{{ '%(constructor)s' | format(**data) }}",
  "{{ data | xmlattr | attr('constructor') }}",
  "{{ 1 | constructor }}",
  "{{ 1 | __proto__ }}",
  "{{ 1 | toString }}",
  "{{ 1 is constructor }}",
  "{{ 1 is __proto__ }}",
  "{% constructor %}",
  "{% __proto__ %}",
  "{% toString %}",
  "{% include '/etc/passwd' %}",
  "{% import 'os' as os %}",
  "{% extends '/etc/passwd' %}",
  "{% from 'x' import y %}",
  "{{ `x` }}",
  "{{ \x24{7*7} }}",
  "{{ #{7*7} }}",
  "{{ 7*7; 1 }}",
  "{{ x => x }}",
  "{{ function() { return 1 } }}",
  "{{ new Date() }}",
  "{{ import('fs') }}",
  "{{ this.constructor }}",
  "{{ typeof 1 }}",
  "{{ a?.b }}",
  "{{ (1).constructor }}",
  "{{ data.list[0].constructor }}",
  "{{ data.list['constructor'] }}",
  "{{ data.list['-1'] }}",
  "{{ data.list[1.5] }}",
  "{{ data.list[none] }}",
  "{{ data[['constructor']] }}",
  "{{ data[['text']] }}",
  "{{ data[0] }}",
  "{{ data[true] }}",
];

test("known ways out end in an error", () => {
  assert.ok(payloads.length >= 100);
  for (const source of payloads) assert.match(outcome(source), /^EXPRESSION_(FAILED|SYNTAX)$/, source);
  assert.equal("polluted" in {}, false);
});

test("keys of the data are only data, whatever they are called", () => {
  const hostile = JSON.parse(
    '{"d": {"__proto__": {"admin": true}, "constructor": {"prototype": 1}, "toString": "t", "hasOwnProperty": 1, "get": 2}}',
  );
  assert.equal(
    render("{{ d.__proto__.admin }} {{ d.constructor.prototype }} {{ d.toString }}", hostile),
    "True 1 t",
  );
  assert.equal(
    render("{{ d.admin is defined }} {{ d.hasOwnProperty }} {{ d.get('toString') }}", hostile),
    "False 1 t",
  );
  assert.equal(
    render("{{ d | length }} {{ d | list }}", hostile),
    "5 ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'get']",
  );
  assert.throws(() => render("{{ d.toString() }}", hostile), /has no method toString/);
  assert.throws(() => render("{{ d.constructor() }}", hostile), /has no method constructor/);
});

test("what is made with such keys has them as own members and nothing more", () => {
  const made = evaluate("{{ {'__proto__': {'admin': true}, 'constructor': 1} }}", {});
  assert.ok(isJsonObject(made));
  assert.deepEqual(Object.keys(made), ["__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(made), Object.prototype);
  assert.equal(Object.hasOwn(made, "admin"), false);
  assert.equal(render("{{ dict(__proto__={'a': 1}).a is defined }}", {}), "False");
  assert.equal(render("{{ {'__proto__': 1} | tojson }}", {}), '{"__proto__": 1}');
  assert.equal("admin" in {}, false);
});

test("a template in the data stays text", () => {
  const texts = [
    "{{ 7 * 7 }}",
    "\x24{{7*7}}",
    "{% if 1 %}x{% endif %}",
    "{# c #}",
    "{{ secret }}",
    "{% raw %}",
    "{{ '{{' }}",
    "}}{{",
    "{{constructor.constructor('x')()}}",
    "a{%- set x = 1 -%}b",
  ];
  for (const text of texts) {
    const scope = { text, list: [text, [text]], secret: "hidden", nested: { [text]: text } };
    assert.equal(evaluate("{{ text }}", scope), text);
    assert.equal(render("[{{ text }}]", scope), `[${text}]`);
    assert.equal(render("{{ list[1][0] ~ '' }}", scope), text);
    assert.equal(render("{% set x %}{{ text }}{% endset %}{{ x }}", scope), text);
    assert.equal(render("{% macro f(a) %}{{ a }}{% endmacro %}{{ f(text) }}", scope), text);
    assert.equal(render("{% filter trim %}{{ text }}{% endfilter %}", scope), text.trim());
    assert.equal(render("{% for k in nested %}{{ k }}{{ nested[k] }}{% endfor %}", scope), text + text);
    assert.equal(render("{{ list | first | string | default('') }}", scope), text);
    assert.doesNotMatch(
      render("{{ '%s' % text }}{{ '{}'.format(text) }}{{ list }}{{ nested | tojson }}", scope),
      /49|hidden/,
    );
  }
});

test("data are never changed", () => {
  const before = { list: [3, 1, 2], map: { b: 1, a: [1] } };
  const frozen = structuredClone(before);
  const uses =
    "{{ list | sort }}{{ list | reverse | list }}{{ list + [4] }}{{ map | dictsort }}{{ dict(map, c=1) }}" +
    "{% for x in list %}{% set list = [] %}{% endfor %}{% set map = {} %}{{ list | unique | list }}{{ [list] | map('sort') | list }}";
  render(uses, frozen);
  assert.deepEqual(frozen, before);
});
