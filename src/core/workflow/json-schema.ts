import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../base/index.ts";
import { blockSchemas, stepShape, workflowShape } from "./fields.ts";
import type { KindRegistry } from "./kinds.ts";
import { snakeCase } from "./spelling.ts";

/**
 * The format as JSON Schema (2020-12), for editors: keys in snake_case, descriptions, and for each kind
 * what stands under it. Made of the schemas that the loader uses; what only the loader can know, such as
 * the order of steps, is not in it.
 */
export function workflowJsonSchema(kinds: KindRegistry): JsonObject {
  const list = [...kinds.values()];
  const steps = z.any().describe("Steps, one after the other.");
  const kindRefs = list.map((kind) => [kind.name, z.any().describe(kind.summary)] as const);
  const refs = new Map<z.core.$ZodType, string>([
    [steps, "steps"],
    ...kindRefs.map(([name, schema]) => [schema, `kind_${name}`] as const),
  ]);
  const optionalKinds = Object.fromEntries(kindRefs.map(([name, schema]) => [name, schema.optional()]));
  const blocks = blockSchemas(steps);
  const parts = converted(
    {
      workflow: z.strictObject({ ...built(workflowShape), steps }),
      step: z.strictObject({ ...built(stepShape), ...optionalKinds, ...optional(blocks) }),
      oneKind: z
        .strictObject(optionalKinds)
        .describe("One kind, done in the step's place, or to take back what it did."),
      kinds: z.object(Object.fromEntries(list.map((kind) => [kind.name, kind.config]))),
    },
    refs,
  );
  return assembled(parts, [...list.map((kind) => kind.name), ...Object.keys(blocks)]);
}

/** Without what is refused in any case. */
function built(shape: Readonly<Record<string, z.ZodType>>): Record<string, z.ZodType> {
  const isBuilt = (schema: z.ZodType) =>
    !(schema instanceof z.ZodOptional && schema.unwrap() instanceof z.ZodNever);
  return Object.fromEntries(Object.entries(shape).filter(([, schema]) => isBuilt(schema)));
}

function optional(shape: Readonly<Record<string, z.ZodType>>): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, schema.optional()]));
}

interface Parts {
  readonly workflow: JsonObject;
  readonly step: JsonObject;
  readonly oneKind: JsonObject;
  readonly kinds: JsonObject;
  /** What zod set apart because it refers to itself. */
  readonly shared: JsonObject;
}

/** All parts in one conversion, so that what several of them share has one name. */
function converted(
  parts: Readonly<Record<string, z.ZodType>>,
  refs: ReadonlyMap<z.core.$ZodType, string>,
): Parts {
  const schema = z.toJSONSchema(z.object(parts), {
    target: "draft-2020-12",
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const ref = refs.get(zodSchema);
      if (ref !== undefined) jsonSchema.$ref = `#/$defs/${ref}`;
      if (zodSchema._zod.def.type !== "object") return;
      const { properties, required } = jsonSchema;
      if (properties) jsonSchema.properties = snakeKeys(properties);
      if (required) jsonSchema.required = required.map(snakeCase);
    },
  });
  const plain: Json = JSON.parse(JSON.stringify(schema));
  const whole = objectIn(plain);
  const members = objectIn(whole.properties);
  return {
    workflow: objectIn(members.workflow),
    step: objectIn(members.step),
    oneKind: objectIn(members.one_kind),
    kinds: objectIn(objectIn(members.kinds).properties),
    shared: objectIn(whole.$defs),
  };
}

function snakeKeys<T>(members: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [snakeCase(key), member]));
}

const objectIn = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

const otherKinds = { fallback: { $ref: "#/$defs/one_kind" }, undo: { $ref: "#/$defs/one_kind" } };

function assembled(
  { workflow, step, oneKind, kinds, shared }: Parts,
  kindKeys: readonly string[],
): JsonObject {
  const members = objectIn(workflow.properties);
  const name = objectIn(members.workflow);
  const flatSteps = { type: "array", minItems: 1, items: { $ref: "#/$defs/flat_step" } };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A Flyball workflow",
    ...workflow,
    properties: {
      ...members,
      workflow: {
        description: "Its name; or the list of its steps, in the flat form.",
        anyOf: [name, flatSteps],
      },
      name,
    },
    required: ["workflow"],
    if: { properties: { workflow: { type: "string" } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ["steps"], properties: { name: false } },
    else: { properties: { steps: false } },
    $defs: {
      steps: { type: "array", minItems: 1, items: { $ref: "#/$defs/step" } },
      step: {
        ...step,
        properties: { ...objectIn(step.properties), ...otherKinds },
        oneOf: kindKeys.map((key) => ({ required: [key] })),
      },
      flat_step: flatStep(step),
      one_kind: { ...oneKind, minProperties: 1, maxProperties: 1 },
      ...Object.fromEntries(Object.entries(kinds).map(([kind, schema]) => [`kind_${kind}`, schema])),
      ...shared,
    },
  };
}

/** Fields of kinds stand beside the others there, so nothing more can be said of them. */
function flatStep(step: JsonObject): JsonObject {
  const { id: _, ...own } = objectIn(step.properties);
  const stepFields = Object.keys(built(stepShape)).map(snakeCase);
  const shared = Object.fromEntries(Object.entries(own).filter(([key]) => stepFields.includes(key)));
  return {
    type: "object",
    properties: {
      name: { type: "string", description: "Its id; dashes become _." },
      type: { type: "string", description: "Its kind." },
      ...shared,
      ...otherKinds,
    },
    required: ["name", "type"],
  };
}
