type Schema = Readonly<Record<string, unknown>>;

export interface Field {
  readonly name: string;
  readonly detail: string;
}

/**
 * What can stand at a place of a document, by its JSON Schema: the members of all the shapes that fit the
 * way to it. Pure; a way is the names of the keys around the place, `*` for an item of a list.
 */
export function fieldsAt(root: Schema, way: readonly string[]): readonly Field[] {
  let shapes = resolved(root, [root]);
  for (const name of way) shapes = shapes.flatMap((shape) => inside(root, shape, name));
  const fields = new Map<string, Field>();
  for (const shape of shapes)
    for (const [name, member] of Object.entries(asObject(shape.properties)))
      if (!fields.has(name)) fields.set(name, { name, detail: detailOf(root, member) });
  return [...fields.values()];
}

function inside(root: Schema, shape: Schema, name: string): readonly Schema[] {
  if (name === "*") return resolved(root, [asObject(shape.items)]);
  const member = asObject(shape.properties)[name] ?? shape.additionalProperties;
  return member && typeof member === "object" ? resolved(root, [asObject(member)]) : [];
}

/** How far alternatives are followed: a schema may name itself. */
const depthMax = 8;

/** Every shape that a schema stands for: references followed, alternatives side by side. */
function resolved(root: Schema, schemas: readonly Schema[], depth = 0): readonly Schema[] {
  if (depth > depthMax) return [];
  return schemas.flatMap((schema) => {
    const named = typeof schema.$ref === "string" ? [atPointer(root, schema.$ref)] : [];
    const alternatives = ["anyOf", "oneOf", "allOf"].flatMap((word) =>
      Array.isArray(schema[word]) ? schema[word].map(asObject) : [],
    );
    const conditional = ["then", "else"].flatMap((word) => (schema[word] ? [asObject(schema[word])] : []));
    return [schema, ...resolved(root, [...named, ...alternatives, ...conditional], depth + 1)];
  });
}

function atPointer(root: Schema, pointer: string): Schema {
  let found: Schema = root;
  for (const name of pointer.split("/").slice(1)) found = asObject(found[name]);
  return found;
}

function detailOf(root: Schema, member: unknown): string {
  const shapes = resolved(root, [asObject(member)]);
  const told = shapes.find(({ description }) => typeof description === "string")?.description;
  return typeof told === "string" ? told : "";
}

function asObject(value: unknown): Schema {
  return typeof value === "object" && value !== null ? (value as Schema) : {};
}
