import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import type { Json } from "../base/index.ts";
import { duration, expression } from "./fields.ts";
import { fit } from "./fit.ts";

const fitted = (schema: z.ZodType, value: Json) => fit(schema, value, "snake").data;
const found = (schema: z.ZodType, value: Json) =>
  fit(schema, value, "snake").findings.map(({ path, message }) => `${path.join(".")} ${message}`);

const inner = z.strictObject({ someKey: z.number() });

test("known keys are renamed through every wrapper", () => {
  const wrapped: readonly z.ZodType[] = [
    inner,
    inner.optional(),
    inner.nullable(),
    inner.default({ someKey: 1 }),
    inner.prefault({ someKey: 1 }),
    inner.readonly(),
    inner.catch({ someKey: 1 }),
    z.lazy(() => inner),
    inner.transform((value) => value),
    z.preprocess((value) => value, inner),
    z.union([z.string(), inner]),
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("x") }),
      inner.extend({ kind: z.literal("y").optional() }),
    ]),
  ];
  for (const schema of wrapped) assert.deepEqual(fitted(schema, { some_key: 5 }), { someKey: 5 });
  assert.deepEqual(fitted(z.array(inner), [{ some_key: 5 }]), [{ someKey: 5 }]);
  assert.deepEqual(fitted(z.tuple([inner, inner]), [{ some_key: 5 }, { someKey: 6 }]), [
    { someKey: 5 },
    { someKey: 6 },
  ]);
  assert.deepEqual(fitted(z.tuple([z.string()], inner), ["x", { some_key: 5 }]), ["x", { someKey: 5 }]);
});

test("keys of records and of open objects are the user's, their known members are not", () => {
  assert.deepEqual(fitted(z.record(z.string(), inner), { my_key: { some_key: 5 } }), {
    my_key: { someKey: 5 },
  });
  assert.deepEqual(fitted(z.looseObject({ someKey: z.number() }), { some_key: 5, my_key: 1 }), {
    someKey: 5,
    my_key: 1,
  });
  assert.deepEqual(
    fitted(z.object({ someKey: z.number() }).catchall(z.string()), { some_key: 5, my_key: "x" }),
    {
      someKey: 5,
      my_key: "x",
    },
  );
});

test("both sides of an intersection know keys", () => {
  const schema = z.intersection(z.looseObject({ oneKey: z.number() }), z.looseObject({ twoKey: z.number() }));
  assert.deepEqual(fitted(schema, { one_key: 1, two_key: 2, my_key: 3 }), {
    oneKey: 1,
    twoKey: 2,
    my_key: 3,
  });
});

test("an object that zod would strip in silence has findings", () => {
  assert.deepEqual(found(z.object({ someKey: z.number() }), { some_key: 1, sum_key: 2 }), [
    "sum_key unknown field; did you mean `some_key`?",
  ]);
});

test("of a union the nearest option speaks", () => {
  const schema = z.union([
    z.string(),
    z.strictObject({ url: z.string(), method: z.enum(["GET", "POST"]) }),
    z.strictObject({ file: z.string() }),
  ]);
  assert.deepEqual(found(schema, 5), [" expected text or a mapping, found 5"]);
  assert.deepEqual(found(schema, { url: "x", method: "PUT" }), [
    'method expected `GET` or `POST`, found text "PUT"',
  ]);
  assert.deepEqual(found(schema, { fil: "x" }), ["fil unknown field; did you mean `file`?"]);
});

test("an option that fits wins over one before it that would drop keys", () => {
  const schema = z.union([z.object({ a: z.number() }), z.object({ a: z.number(), b: z.number() })]);
  assert.deepEqual(found(schema, { a: 1, b: 2 }), []);
});

test("expression() takes the value or a text with an expression in it", () => {
  const schema = expression(z.number().min(1));
  assert.deepEqual(
    [fitted(schema, 5), fitted(schema, "{{ x }}"), fitted(schema, "a {{ x }}")],
    [5, "{{ x }}", "a {{ x }}"],
  );
  assert.deepEqual(found(schema, "x"), [' expected a number or an expression, found text "x"']);
  assert.deepEqual(found(schema, 0), [" expected at least 1, found 0"]);
  assert.deepEqual(found(expression(z.array(z.number())), [1, "x"]), ['1 expected a number, found text "x"']);
});

test("duration() takes what can be read, now or once it is evaluated, and keeps it as written", () => {
  for (const right of ["4h", "1h30m", 5, "{{ input.hours }}h"])
    assert.equal(fitted(duration(), right), right);
  for (const wrong of ["soon", "", -1, true, null, [], "4 h"])
    assert.equal(found(duration(), wrong).length, 1);
});

test("messages that an author wrote stay as they are", () => {
  const schema = z.strictObject({
    a: z.string({ error: "expected a colour" }),
    b: z.number().refine(() => false, "never"),
  });
  assert.deepEqual(found(schema, { a: 1, b: 1 }), ["a expected a colour", "b never"]);
  assert.deepEqual(found(schema, { b: 1 }), ["a missing; expected a colour", "b never"]);
});

test("bounds speak in the unit of what they bound", () => {
  const schema = z.object({
    text: z.string().min(2),
    list: z.array(z.number()).max(1),
    number: z.number().lt(5).multipleOf(2),
  });
  assert.deepEqual(found(schema, { text: "x", list: [1, 2], number: 7 }), [
    'text expected at least 2 characters, found text "x"',
    "list expected at most 1 item, found a list",
    "number expected less than 5, found 7",
    "number expected a multiple of 2, found 7",
  ]);
});
