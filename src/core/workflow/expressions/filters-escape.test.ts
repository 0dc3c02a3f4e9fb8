import { testPrinted } from "./testing.ts";

// Filters that make text safe for somewhere else. What is printed was compared with Jinja2 3.1 on Python 3.11.
testPrinted({
  escape: [
    ["{{ '<a href=\"x\">\\'&' | e }}", "&lt;a href=&#34;x&#34;&gt;&#39;&amp;"],
    ["{{ '<b>' | e | e }}", "&lt;b&gt;"],
    ["{{ '<b>' | escape | upper }}", "&LT;B&GT;"],
    ["{{ '<b>' | e | forceescape }}", "&amp;lt;b&amp;gt;"],
    ["{{ 5 | e }}", "5"],
    ["{{ ('<' | e) is escaped }}", "True"],
    ["{{ 'a'|e ~ 'b' }}", "ab"],
  ],
  forceescape: [["{{ '<b>' | forceescape }}", "&lt;b&gt;"]],
  safe: [
    ["{{ '<b>' | safe }}", "<b>"],
    ["{{ '<b>' | safe | e }}", "<b>"],
    ["{{ '<'|safe is escaped }}", "True"],
  ],
  striptags: [
    [
      "{{ '<p>Hello <b>World</b></p>  &amp; <!-- c --> x &lt;y&gt; &#65; &#x42;' | striptags }}",
      "Hello World & x <y> A B",
    ],
    ["{{ 'a < b' | striptags }}", "a < b"],
    ["{{ '<a' | striptags }}", "<a"],
    ["{{ 'x <b\\n>y' | striptags }}", "x y"],
  ],
  tojson: [
    ["{{ user | tojson }}", '{"born": 1906, "name": "Grace"}'],
    [
      "{{ [1, 1.0, 'é<>&\\'\"', none, true, {'b':1,'a':[]}] | tojson }}",
      '[1, 1.0, "\\u00e9\\u003c\\u003e\\u0026\\u0027\\"", null, true, {"a": [], "b": 1}]',
    ],
    ["{{ '😀\\x7f\\n' | tojson }}", '"\\ud83d\\ude00\\u007f\\n"'],
    ["{{ [] | tojson }}", "[]"],
    ["{{ [[]] | tojson(2) }}", "[\n  []\n]"],
    ["{{ {1:2} | tojson }}", '{"1": 2}'],
    ["{{ (1,2)|tojson }}", "[1, 2]"],
    ["{{ {'b':1,'B':2,'a':3}|tojson }}", '{"B": 2, "a": 3, "b": 1}'],
    ["{{ '</script>'|tojson }}", '"\\u003c/script\\u003e"'],
    ["{{ [1,[2]]|tojson(indent=0) }}", "[\n1,\n[\n2\n]\n]"],
    ["{{ 1e20|tojson }}", "1e+20"],
  ],
  urlencode: [
    ["{{ 'a b&c/d?é!*()\\'~' | urlencode }}", "a%20b%26c/d%3F%C3%A9%21%2A%28%29%27~"],
    ["{{ {'a b': 1, 'c': 'x&y/z'} | urlencode }}", "a+b=1&c=x%26y%2Fz"],
    ["{{ [('a', 1), ('b', 'é')] | urlencode }}", "a=1&b=%C3%A9"],
    ["{{ 5 | urlencode }}", "5"],
  ],
  xmlattr: [
    ["{{ {'class': 'a b', 'id': 'x\"y', 'n': none, 'v': 3} | xmlattr }}", ' class="a b" id="x&#34;y" v="3"'],
    ["{{ {'a': 1} | xmlattr(false) }}", 'a="1"'],
    ["{{ {} | xmlattr }}", ""],
  ],
});
