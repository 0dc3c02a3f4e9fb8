import { testPrinted } from "./testing.ts";

// Statements. What is printed was compared with Jinja2 3.1 on Python 3.11.
testPrinted({
  loops: [
    [
      "{{ rows | groupby('ok') }} {{ rows | groupby('ok') | map(attribute='grouper') | list }} {{ rows | groupby('ok') | map(attribute='list') | map('length') | list }} {% for g in rows|groupby('ok') %}{{ g.grouper }}:{{ g.list|length }}:{{ g[0] }};{% endfor %}",
      "[(False, [{'id': 'r2', 'n': 2, 'ok': False}]), (True, [{'id': 'r1', 'n': 5, 'ok': True}, {'id': 'r3', 'n': 9, 'ok': True}])] [False, True] [1, 2] False:1:False;True:2:True;",
    ],
    [
      "{% for k, g in [{'c':'b'},{'c':'A'},{'c':'a'},{'c':'B'}] | groupby('c') %}{{ k }}={{ g }};{% endfor %}|{% for k, g in [{'c':'b'},{'c':'A'},{'c':'a'}] | groupby('c', case_sensitive=true) %}{{ k }}={{ g }};{% endfor %}|{% for k, g in mixed | groupby('v', default=0) %}{{ k }}={{ g|length }};{% endfor %}",
      "A=[{'c': 'A'}, {'c': 'a'}];b=[{'c': 'b'}, {'c': 'B'}];|A=[{'c': 'A'}];a=[{'c': 'a'}];b=[{'c': 'b'}];|0=1;1=1;2=1;",
    ],
    [
      "{% for i in [1,2,3] %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.depth }}{{ loop.depth0 }}{{ loop.cycle('a','b') }}{{ loop.previtem|default('-') }}{{ loop.nextitem|default('-') }}{{ loop.changed(i > 1) }};{% endfor %}",
      "10TrueFalse33210a-2True;21FalseFalse32110b13True;32FalseTrue31010a2-False;",
    ],
    [
      "{% for i in [] %}x{% else %}empty{% endfor %}{% for i in [1] %}x{% else %}empty{% endfor %}{% for i in [1,2,3] if i is odd %}{{ i }}{{ loop.index }}/{{ loop.length }}{% else %}none{% endfor %}{% for i in [2] if i is odd %}x{% else %}none{% endfor %}",
      "emptyx11/232/2none",
    ],
    [
      "{% for a, b in [(1,2),(3,4)] %}{{ a }}{{ b }}{% endfor %}{% for a, (b, c) in [(1,(2,3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}{% for k in user %}{{ k }}{% endfor %}{% for c in 'abc' %}{{ c }}.{% endfor %}{% for i in 1,2,3 %}{{ i }}{% endfor %}",
      "1234123nameborna.b.c.123",
    ],
    [
      "{% for n in tree recursive %}{{ n.v }}{{ loop.depth }}[{{ loop(n.c) }}]{% endfor %}{% for n in tree recursive %}{{ n.v }}{% if n.c %}({{ loop(n.c) }}){% endif %}{% else %}-{% endfor %}",
      "11[22[]]31[]1(2)3",
    ],
    [
      "{% for i in [1,2,3,4] %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}{% for i in [1,2] %}{% for j in [1,2] %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }}{% endfor %};{% endfor %}",
      "1311;21;",
    ],
    ["{% set x = 1 %}{% for i in [1,2] %}{{ x }}{% set x = i + 10 %}{{ x }}{% endfor %}{{ x }}", "1111121"],
    [
      "{% for k, v in user|dictsort %}{{ k }}:{{ v }}{{ ', ' if not loop.last }}{% endfor %}",
      "born:1906, name:Grace",
    ],
    [
      "{% for k, v in {'a': [1,2]}.items() %}{{ k }}{% for x in v %}{{ loop.index }}{{ x }}{% endfor %}{{ loop.index }}{% endfor %}",
      "a11221",
    ],
    [
      "{% set found = namespace(v=false) %}{% for i in rows %}{% if i.n == 2 %}{% set found.v = true %}{% endif %}{% endfor %}{{ found.v }}",
      "True",
    ],
    [
      "{% for i in range(3) %}{% if loop.first %}[{% endif %}{{ i }}{% if not loop.last %},{% else %}]{% endif %}{% endfor %}",
      "[0,1,2]",
    ],
    ["{% for i in [1,1,2,2,3] %}{% if loop.changed(i) %}{{ i }}{% endif %}{% endfor %}", "123"],
    [
      "{% for i in [1,2] %}{% set y = i %}{% for j in [1,2] %}{{ y }}{{ i }}{{ j }}{{ loop.index }}{% endfor %}{% endfor %}{{ y is defined }}{{ i is defined }}{{ loop is defined }}",
      "1111112222112222FalseFalseFalse",
    ],
    [
      "{% for i in [3,4] %}{% set outer = loop %}{% for j in [1] %}{{ outer.index }}{{ loop.index }}{% endfor %}{% endfor %}",
      "1121",
    ],
  ],
  macros: [
    [
      "{% macro f(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }}{{ f(1, 5) }}{{ f(1, c='z') }}{{ f(a=3) }}{{ f(1,2,3)|length }}",
      "12x15x12z32x3",
    ],
    ["{% macro f(a) %}{{ a is defined }}{% endmacro %}{{ f() }}{{ f(1) }}{{ f(missing) }}", "FalseTrueFalse"],
    [
      "{% macro f(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1,2,3,x=4) }}{{ f(1) }}",
      "1(2, 3){'x': 4}1(){}",
    ],
    ["{% macro f(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ f(1) }}{{ f(1, 2) }}", "1112"],
    [
      "{% macro f() %}[{{ caller() }}]{% endmacro %}{% call f() %}hi {{ n }}{% endcall %}{% macro g() %}{{ caller(1, 2) }}{% endmacro %}{% call(a, b) g() %}{{ a }}-{{ b }}{% endcall %}{% macro h() %}{% if caller %}{{ caller() }}{% endif %}x{% endmacro %}{% call h() %}C{% endcall %}",
      "[hi 3]1-2Cx",
    ],
    [
      "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}",
      "3210B",
    ],
    [
      "{% macro f() %}{{ x }}{% endmacro %}{% set x = 5 %}{{ f() }}{% set x = 6 %}{{ f() }}{% macro g() %}{{ n }}{% endmacro %}{{ g() }}{% for i in [1,2] %}{% macro h() %}{{ i }}{% endmacro %}{{ h() }}{% endfor %}",
      "56312",
    ],
    [
      "{% macro f(x) %}<{{ x }}>{% endmacro %}{{ [1,2]|map('string')|map('upper')|join }}{{ f(*[1]) }}{{ f(**{'x': 2}) }}{{ f(f(1)) }}{{ f.name }}{{ f.arguments }}",
      "12<1><2><<1>>f('x',)",
    ],
    [
      "{% macro input(name, value='', type='prose') -%}<input type=\"{{ type }}\" value=\"{{ value|e }}\" name=\"{{ name }}\">{%- endmacro %}<p>{{ input('user') }}</p>",
      '<p><input type="prose" value="" name="user"></p>',
    ],
    [
      "{% set x = 5 %}{% macro m() %}{% set x = 6 %}{{ x }}{% endmacro %}{{ m() }}{{ x }}{% filter upper %}{% set x = 7 %}{{ x }}{% endfilter %}{{ x }}{% set y %}{% set x = 8 %}{{ x }}{% endset %}{{ y }}{{ x }}",
      "657585",
    ],
  ],
  "white space and raw text": [
    ["a  {%- if true %} b {% endif -%}  c{{- ' d ' -}}   e {#- comment -#} f", "a b c d ef"],
    ["{%- raw %} {{ x }} {% if %} {% endraw -%}  b", " {{ x }} {% if %} b"],
    ["{% raw -%}  x  {%- endraw %}|", "x|"],
    ["x {%+ if true %} y {% endif +%} z", "x  y  z"],
    ["{%- for i in [1,2] %}\n  {{ i }},\n{%- endfor %}\n", "\n  1,\n  2,"],
    ["{#\n c\n#}\nx", "\nx"],
    ["{{- 1 -}}\u2003x", "1x"],
    ["{{ 1 -}}\n\n\n x", "1x"],
    ["a{% raw %}{% endraw %}b", "ab"],
    ["{% raw %}{% raw %}{% endraw %}", "{% raw %}"],
  ],
  "variables and branches": [
    [
      "{% set ns = namespace(a=1) %}{% set ns.b = 2 %}{{ ns.a }}{{ ns.b }}{% set ns.a = ns.a + 5 %}{{ ns.a }}",
      "126",
    ],
    [
      "{% set j = joiner() %}{{ j() }}a{{ j() }}b{{ j() }}c {% set k = joiner('|') %}{{ k() }}{{ k() }}",
      "a, b, c |",
    ],
    [
      "{% set c = cycler('a','b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}",
      "ababNonea",
    ],
    [
      "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}{% if false %}{% set y = 2 %}{% endif %}{{ y is defined }}",
      "2False",
    ],
    [
      "{% if n == 1 %}a{% elif n == 3 %}b{% else %}c{% endif %}{% if false %}a{% elif false %}b{% endif %}{% if 1 %}{% if 0 %}x{% else %}y{% endif %}{% endif %}",
      "by",
    ],
    ["{% if false %}{% set n = 9 %}{% endif %}{{ n }}", "3"],
    ["{{ n }}{% set n = 5 %}{{ n }}", "35"],
    [
      "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c = 1, 2 %}{{ c }}{% set (d, e) = (3, 4) %}{{ d }}{{ e }}{% set f = [] %}{{ f }}",
      "12(1, 2)34[]",
    ],
    [
      "{% set x %}a{{ n }}b{% endset %}{{ x }}{% set y | upper %}abc{% endset %}{{ y }}{% set z | trim | length | string %} ab {% endset %}{{ z }}",
      "a3bABC2",
    ],
    [
      "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% set c = 3 %}{{ c }}{% endwith %}{{ c is defined }}{% with %}{% set q = 1 %}{{ q }}{% endwith %}{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}",
      "123False1211",
    ],
    [
      "{% filter upper %}abc{{ n }}{% endfilter %}{% filter replace('a','b')|upper %}aaa{% endfilter %}{% filter trim %}  x {% endfilter %}",
      "ABC3BBBx",
    ],
    ["{% do [1].index(1) %}x{% print 1 + 2 %}", "x3"],
    ["{{ '{{ x }}' }} {{ \"{% if %}\" }}", "{{ x }} {% if %}"],
    [
      "{% set l = [1,2] + [3] %}{{ l }}{{ l|length }}{{ l[::-1] }}{% set d = dict(user, x=1) %}{{ d }}",
      "[1, 2, 3]3[3, 2, 1]{'name': 'Grace', 'born': 1906, 'x': 1}",
    ],
    ["{% if user.name and user.born > 18 and not (user.born is divisibleby 5) %}ok{% endif %}", "ok"],
    [
      "{% set x = [1,2,3]|map('string')|list %}{{ x|join('+') }} {{ x[0] + x[1] }} {{ [1,2,3]|map('float')|list }} {{ [1.5,2.5]|map('round')|list }} {{ ['1','x']|map('int', default=9)|list }} {{ [1,2]|map('add') if false }}",
      "1+2+3 12 [1.0, 2.0, 3.0] [2.0, 2.0] [1, 9] ",
    ],
    [
      "{% set t = (1, 2, 3) %}{{ t }} {{ t[1:] }} {{ t|list }} {{ t|sum }} {{ t + (4,) }} {{ 2 in t }} {{ t|join('-') }} {{ t|first }} {{ t is sequence }}",
      "(1, 2, 3) (2, 3) [1, 2, 3] 6 (1, 2, 3, 4) True 1-2-3 1 True",
    ],
    [
      "{% if a is defined %}x{% else %}y{% endif %}{% if user is defined and user.name is defined %}x{% endif %}{{ a|default(user.name) }}{{ (a|default({})).b|default('c') }}",
      "yxGracec",
    ],
    ["{% if true %}\n  a\n{% endif %}\n", "\n  a\n"],
    ["{%if 1%}a{%endif%}", "a"],
    ["{{ 1 }}\n{% if 0 %}{% endif %}\nx", "1\n\nx"],
  ],
});
