type Schema = Readonly<Record<string, unknown>>;

/** An input to begin with: what the schema requires, each of its type. */
export function sampleInput(schema: Schema | undefined): unknown {
  if (!schema) return {};
  if ("default" in schema) return schema.default;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object" || schema.properties) {
    const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>;
    const required = Array.isArray(schema.required) ? schema.required : Object.keys(properties);
    return Object.fromEntries(required.map((name) => [name, sampleInput(properties[String(name)])]));
  }
  const samples: Readonly<Record<string, unknown>> = {
    array: [],
    number: 0,
    integer: 0,
    boolean: false,
    null: null,
  };
  return samples[String(type)] ?? "";
}
