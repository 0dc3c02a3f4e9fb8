import assert from "node:assert/strict";
import test from "node:test";
import { WorkflowInvalid } from "./errors.ts";
import { yamlSource } from "./yaml-source.ts";

const read = (text: string) => yamlSource(text, "file.yaml").value;

function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    assert.ok(error instanceof WorkflowInvalid);
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`).join("\n");
  }
  return "";
}

const place = (text: string, path: (string | number)[], where: "key" | "value" | number = "value") => {
  const { line, column } = yamlSource(text, "file.yaml").problem(path, "", where);
  return `${line}:${column}`;
};

test("YAML 1.2: no surprise booleans, no dates, no octal zeros", () => {
  assert.deepEqual(read("on: yes\noff: no\nday: 2024-01-01\nzip: 0123\nn: 1e3\nnothing: ~\n"), {
    on: "yes",
    off: "no",
    day: "2024-01-01",
    zip: 123,
    n: 1000,
    nothing: null,
  });
});

test("a directive does not bring back YAML 1.1", () => {
  assert.deepEqual(read("%YAML 1.1\n---\non: yes\n"), { on: "yes" });
});

test("JSON is read, tabs and escapes included", () => {
  assert.deepEqual(read('{\n\t"a": [1, 2.5, true, null],\n\t"b\\/c": "\\ud83d\\ude00 \\u0041"\n}'), {
    a: [1, 2.5, true, null],
    "b/c": "😀 A",
  });
});

test("aliases stand for the value of their anchor, the latest before them", () => {
  assert.deepEqual(read("a: &x { n: 1 }\nb: *x\nc: &x 2\nd: [*x, *x]\n"), {
    a: { n: 1 },
    b: { n: 1 },
    c: 2,
    d: [2, 2],
  });
});

test("merge keys are plain keys here", () => {
  assert.deepEqual(read("<<: { a: 1 }\n"), { "<<": { a: 1 } });
});

test("names of prototypes are ordinary members", () => {
  const value = read("constructor: 1\ntoString: { hasOwnProperty: 2 }\n");
  assert.deepEqual(Object.entries(value ?? {}), [
    ["constructor", 1],
    ["toString", { hasOwnProperty: 2 }],
  ]);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test("`__proto__` is refused at any depth, in YAML and in JSON", () => {
  assert.equal(refusal("a:\n  - __proto__: { polluted: 1 }\n"), "2:5 `__proto__` cannot be a key");
  assert.equal(refusal('{ "a": { "__proto__": { "polluted": 1 } } }'), "1:10 `__proto__` cannot be a key");
});

test("a billion laughs ends early", () => {
  const lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"];
  for (let level = 1; level < 10; level++)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  assert.match(refusal(lines.join("\n")), /^\d+:\d+ aliases of this file stand for more than 10000 values$/);
});

test("an alias within its own anchor ends early", () => {
  assert.match(refusal("a: &a [*a]\n"), /nest deeper than 100/);
  assert.match(refusal("a: &a [*a, *a, *a]\n"), /nest deeper than 100|more than 10000 values/);
  assert.match(refusal("a: &a { b: *a, c: *a }\n"), /nest deeper than 100|more than 10000 values/);
});

test("deep nesting is refused, ours at 100 and the parser's beyond", () => {
  assert.equal(refusal(`a: ${"[".repeat(99)}1${"]".repeat(99)}\n`), "");
  assert.match(
    refusal(`a: ${"[".repeat(101)}1${"]".repeat(101)}\n`),
    /^1:\d+ lists and mappings nest deeper than 100$/,
  );
  for (const opening of ["[", "{a: ", "- ", "? "])
    assert.match(refusal(opening.repeat(1_500)), /^1:\d+ lists and mappings nest deeper than 100$/);
});

test("a file larger than 1 MiB is refused before it is read", () => {
  assert.match(
    refusal(`a: ${"x".repeat(1024 * 1024)}\n`),
    /^1:1 the file has 1048580 bytes; at most 1048576 are read$/,
  );
});

test("many keys are read in time that grows with their number", () => {
  const count = 5_000;
  const text = Array.from({ length: count }, (_, index) => `k${index}: 1\n`).join("");
  assert.equal(Object.keys(read(text) ?? {}).length, count);
});

test("a broken file gives a few problems, not thousands", () => {
  assert.ok(refusal("a: ]\n".repeat(500)).split("\n").length <= 10);
});

test("places of keys and values, through aliases, in either spelling", () => {
  const text = "first_key: &x\n  inner: [1, { deep: 2 }]\nother: *x\n";
  assert.equal(place(text, ["firstKey"], "key"), "1:1");
  assert.equal(place(text, ["first_key", "inner", 1, "deep"]), "2:22");
  assert.equal(place(text, ["first_key", "inner", 1, "deep"], "key"), "2:16");
  assert.equal(place(text, ["other", "inner", 0]), "2:11");
  assert.equal(place(text, ["other"]), "3:8");
});

test("what is missing is placed at the nearest thing around it", () => {
  const text = "a:\n  b: { c: 1 }\n  d:\n";
  assert.equal(place(text, ["a", "b", "nope"]), "2:3");
  assert.equal(place(text, ["a", "b", "c", "nope", 4]), "2:8");
  assert.equal(place(text, ["a", "d"]), "3:3");
  assert.equal(place(text, ["nope"]), "1:1");
  assert.equal(place("", ["nope"]), "1:1");
});

test("places within texts, however they are written", () => {
  const at = (text: string, word: string) => {
    const value = read(text);
    assert.ok(typeof value === "object" && value !== null && "a" in value && typeof value.a === "string");
    return place(text, ["a"], value.a.indexOf(word));
  };
  assert.equal(at("a: plain text here\n", "here"), "1:15");
  assert.equal(at('a: "in quotes: here"\n', "here"), "1:16");
  assert.equal(at("a: 'it''s here'\n", "here"), "1:11");
  assert.equal(at("a: |\n  one\n    two here\n", "here"), "3:9");
  assert.equal(at("a: >-\n  folded\n  lines here\n", "here"), "3:9");
  assert.equal(at("a: over\n  two lines here\n", "here"), "2:13");
  assert.equal(at('{ "a": "\\"quoted\\" here" }', "here"), "1:20");
});

test("windows line ends and a byte order mark do not move anything", () => {
  assert.deepEqual(read("\ufeffa: 1\r\nb:\r\n  - 2\r\n"), { a: 1, b: [2] });
  assert.equal(place("a: 1\r\nb:\r\n  - 2\r\n", ["b", 0]), "3:5");
});
