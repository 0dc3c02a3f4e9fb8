import assert from "node:assert/strict";
import { test } from "node:test";
import { redact, revealSecrets, secretMarker, secretNames } from "./secrets.ts";

const value = "s3cret/Value+42 ü";

test("a marker in any text of a value gives way to the secret", () => {
  const request = {
    headers: { Authorization: `Bearer ${secretMarker("API_KEY")}` },
    list: [secretMarker("API_KEY"), 1, null],
  };
  assert.deepEqual(
    revealSecrets(request, (name) => (name === "API_KEY" ? value : undefined)),
    {
      headers: { Authorization: `Bearer ${value}` },
      list: [value, 1, null],
    },
  );
});

test("a marker without an answer stays as it is", () => {
  const text = `a ${secretMarker("OTHER")} b`;
  assert.equal(
    revealSecrets(text, () => undefined),
    text,
  );
});

test("stray NUL characters do not hide a marker", () => {
  assert.equal(
    revealSecrets(`\u0000${secretMarker("A")}\u0000`, () => "x"),
    "\u0000x\u0000",
  );
});

test("a replacement is taken literally", () => {
  assert.equal(
    revealSecrets(secretMarker("A"), () => "$& $1"),
    "$& $1",
  );
});

test("the names of a template are found in both spellings", () => {
  assert.deepEqual(
    [...secretNames("secrets.C {{ secrets.A }} {{ secrets['B_2'] ~ input.secrets.D ~ 'secrets.E' }}")],
    ["A", "B_2"],
  );
});

test("redaction knows the usual encodings, at every alignment of base64", () => {
  const forms = [
    value,
    JSON.stringify({ key: value }),
    encodeURIComponent(value),
    Buffer.from(value).toString("hex"),
    Buffer.from(value).toString("base64"),
    ...["", "u", "us", "usr"].map((user) => Buffer.from(`${user}:${value}`).toString("base64")),
    Buffer.from(`u:${value}`).toString("base64url"),
  ];
  for (const form of forms) {
    const cleaned = redact(`before ${form} after`, [value]);
    assert.match(cleaned, /\[secret\]/, form);
    assert.ok(!cleaned.includes(form), form);
  }
});

test("redaction leaves other text, and very short values, alone", () => {
  assert.equal(redact("nothing here; a b c", [value, "a"]), "nothing here; a b c");
});
