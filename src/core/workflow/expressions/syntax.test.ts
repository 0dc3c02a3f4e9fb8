import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTemplate, positionOf, TemplateSyntaxError } from "./index.ts";

function syntaxError(source: string): TemplateSyntaxError {
  try {
    parseTemplate(source);
  } catch (error) {
    assert.ok(error instanceof TemplateSyntaxError, `${source}: ${error}`);
    return error;
  }
  assert.fail(`${source} was parsed`);
}

test("a syntax error says what was found and what was expected, and where", () => {
  const rows: readonly (readonly [source: string, message: RegExp, offset: number])[] = [
    ["{{ }}", /expected an expression/, 3],
    ["{{ 1 + }}", /unexpected the end of the tag; expected an expression/, 7],
    ["{{ (1 }}", /unexpected }; expected \)/, 6],
    ["{{ [1, 2 }}", /expected ]/, 9],
    ["{{ [1 2] }}", /unexpected 2; expected , or ]/, 6],
    ["{{ {'a' 1} }}", /unexpected 1; expected :/, 8],
    ["{{ 1 ) }}", /unexpected \); expected }}/, 5],
    ["{{ 'abc }}", /this string has no end; expected '/, 3],
    ["{{ a b }}", /unexpected b; expected the end of the tag \(}}\)/, 5],
    ["{{ a. }}", /expected the name of a member/, 6],
    ["{{ a[] }}", /expected a key or an index/, 5],
    ["{{ a | }}", /expected the name of a filter/, 7],
    ["{{ a | uper }}", /there is no filter uper; did you mean upper\?/, 7],
    ["{{ a is }}", /expected the name of a test/, 8],
    ["{{ a is definde }}", /there is no test definde; did you mean define/, 8],
    ["{{ a is odd is even }}", /expected and between two tests/, 12],
    ["{{ a ! b }}", /unexpected "!"; expected an expression/, 5],
    ["{{ a ? b : c }}", /unexpected "\?"/, 5],
    ["{{ a && b }}", /unexpected "&"/, 5],
    ["{{ a => b }}", /unexpected =/, 5],
    ["{{ a = 1 }}", /unexpected =; expected the end of the tag/, 5],
    ["{{ `a` }}", /unexpected "`"/, 3],
    ["{{ a; b }}", /unexpected ";"/, 4],
    ["{{ f(a=1, 2) }}", /expected an argument with a name/, 10],
    ["{{ f(a=1, a=2) }}", /the argument a is given twice/, 10],
    ["{{ 1__0 }}", /1__0 is not a number/, 3],
    ["{{ 012 }}", /012 is not a number/, 3],
    ["{{ 0x }}", /0x is not a number/, 3],
    ["{{ 12345678901234567890 }}", /beyond 2\^53/, 3],
    ["text {{ a", /the template ends within this tag; expected }}/, 5],
    ["text {% if a", /the template ends within this tag; expected %}/, 5],
    ["{{ (a", /the template ends within this tag; expected \)/, 0],
    ["x{# never closed", /this comment has no end; expected #}/, 1],
    ["x{% raw %}{{ a }}", /this raw block has no end; expected {% endraw %}/, 1],
    ["{% %}", /expected the name of a tag/, 3],
    ["{% fore x in y %}", /unknown tag fore; did you mean for/, 3],
    ["{% if %}{% endif %}", /expected an expression/, 6],
    ["{% if a %}", /this tag has no end; expected elif or else or endif/, 0],
    ["{% if a %}{% endfor %}", /unexpected endfor; no open tag expects it/, 13],
    ["{% else %}", /unexpected else/, 3],
    ["{% for %}{% endfor %}", /expected a name to assign to/, 7],
    ["{% for x %}{% endfor %}", /expected in/, 9],
    ["{% for x in y z %}{% endfor %}", /unexpected z/, 14],
    ["{% set 1 = 2 %}", /expected a name to assign to/, 7],
    ["{% set true = 2 %}", /cannot assign to true/, 7],
    ["{% set x.y.z = 2 %}", /unexpected \./, 10],
    ["{% break %}", /break stands outside a loop/, 0],
    [
      "{% for x in y %}{% macro f() %}{% continue %}{% endmacro %}{% endfor %}",
      /continue stands outside a loop/,
      31,
    ],
    ["{% macro f(a, a) %}{% endmacro %}", /the parameter a is given twice/, 14],
    ["{% macro f(a=1, b) %}{% endmacro %}", /b needs a default/, 16],
    ["{% macro none() %}{% endmacro %}", /none cannot be the name of a macro/, 9],
    ["{% call f %}{% endcall %}", /expected the call of a macro/, 8],
    ["{% with a %}{% endwith %}", /expected =/, 10],
    ["{% filter %}{% endfilter %}", /expected the name of a filter/, 10],
  ];
  for (const [source, message, offset] of rows) {
    const error = syntaxError(source);
    assert.equal(error.code, "EXPRESSION_SYNTAX");
    assert.match(error.message, message, source);
    assert.equal(error.offset, offset, source);
  }
});

test("what reaches beyond the template says so", () => {
  for (const tag of [
    "include 'x'",
    "import 'x' as y",
    "from 'x' import y",
    "extends 'x'",
    "block x",
    "autoescape true",
    "trans",
  ])
    assert.match(syntaxError(`{% ${tag} %}`).message, /is not available here: /, tag);
  assert.match(
    syntaxError("{% include 'x' %}").message,
    /the tag include is not available here: a template stands alone/,
  );
});

test("lines and columns count from 1, within the source", () => {
  const at = (source: string) => {
    const { line, column } = syntaxError(source);
    return [line, column];
  };
  assert.deepEqual(at("{{ ! }}"), [1, 4]);
  assert.deepEqual(at("one\ntwo {{ ! }}"), [2, 8]);
  assert.deepEqual(at("one\r\ntwo {{ ! }}"), [2, 8]);
  assert.deepEqual(at("one\rtwo {{ ! }}"), [2, 8]);
  assert.deepEqual(at("\n\n{{\n  ! }}"), [4, 3]);
  assert.deepEqual(at("{{ a }}\n{% if a %}\n\n  {{ b"), [4, 3]);
  assert.deepEqual(positionOf("ab\ncd", 3), { offset: 3, line: 2, column: 1 });
  assert.deepEqual(positionOf("", 0), { offset: 0, line: 1, column: 1 });
});
