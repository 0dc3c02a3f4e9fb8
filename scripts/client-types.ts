import type { DescribedOperation, OpenapiDocument } from "../src/http/index.ts";

type Schema = Readonly<Record<string, unknown>>;

/** The types of the client, of the API's own description. */
export function clientTypes({ paths, components }: OpenapiDocument): string {
  const schemas = Object.entries(components.schemas).map(([name, schema]) => declared(name, schema));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, described]) => `  "${method.toUpperCase()} ${path}": ${operationType(described)};\n`,
    ),
  );
  return [
    "// Made by `node scripts/reference.ts` of the schemas that check requests; not to be edited.\n",
    ...schemas,
    `/** Every request, by its method and path. */\nexport interface Operations {\n${operations.join("")}}\n`,
  ].join("\n");
}

function declared(name: string, schema: Schema): string {
  const comment = typeof schema.description === "string" ? `/** ${schema.description} */\n` : "";
  const type = typeOf(schema);
  const head = type.startsWith("{") && !type.includes(" & ") ? `interface ${name} ` : `type ${name} = `;
  return `${comment}export ${head}${type}${head.startsWith("type") ? ";" : ""}\n`;
}

function operationType({ parameters, requestBody, responses }: DescribedOperation): string {
  const answer = Object.entries(responses).find(([status]) => status !== "default")?.[1];
  const [[media, content] = []] = Object.entries(answer?.content ?? {});
  const json = requestBody?.content["application/json"]?.schema;
  const members = [
    ...parametersType(parameters, "path", "params"),
    ...parametersType(parameters, "query", "query"),
    ...(json ? [`readonly ${isOptional(json) ? "body?" : "body"}: ${typeOf(json)}`] : []),
    `readonly ${media === "application/x-ndjson" ? "line" : "answer"}: ${typeOf(content?.schema ?? {})}`,
  ];
  return `{ ${members.join("; ")} }`;
}

function parametersType(
  parameters: DescribedOperation["parameters"],
  place: "path" | "query",
  member: string,
): string[] {
  const own = parameters.filter((parameter) => parameter.in === place);
  if (own.length === 0) return [];
  const types = own.map(({ name, required, schema }) => {
    const list = schema.type === "array" ? `string | ${typeOf(schema)}` : typeOf(schema);
    return `readonly ${name}${required ? "" : "?"}: ${list}${required ? "" : " | undefined"}`;
  });
  const isNeeded = own.some(({ required }) => required);
  return [`readonly ${member}${isNeeded ? "" : "?"}: { ${types.join("; ")} }`];
}

function isOptional({ required, type }: Schema): boolean {
  return type === "object" && (!Array.isArray(required) || required.length === 0);
}

function typeOf(schema: Schema): string {
  if (typeof schema.$ref === "string") return schema.$ref.split("/").at(-1) ?? "unknown";
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  for (const alternatives of [schema.anyOf, schema.oneOf])
    if (Array.isArray(alternatives)) return [...new Set(alternatives.map(typeOf))].join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(" | ");
  switch (schema.type) {
    case "object":
      return objectType(schema);
    case "array":
      return Array.isArray(schema.prefixItems)
        ? `readonly [${schema.prefixItems.map(typeOf).join(", ")}]`
        : listOf(typeOf(Object(schema.items)));
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    default:
      return "unknown";
  }
}

function listOf(item: string): string {
  return / [|&] |^readonly /.test(item) ? `readonly (${item})[]` : `readonly ${item}[]`;
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema): string {
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  const members = Object.entries(Object(properties) as Readonly<Record<string, Schema>>).map(
    ([name, schema]) =>
      `readonly ${name}${needed.includes(name) ? "" : "?"}: ${typeOf(schema)}${needed.includes(name) ? "" : " | undefined"}`,
  );
  const isTyped = typeof additionalProperties === "object" && additionalProperties !== null;
  const others = `Readonly<Record<string, ${isTyped ? typeOf(Object(additionalProperties)) : "unknown"}>>`;
  if (members.length === 0) return others;
  const own = `{ ${members.join("; ")} }`;
  return isTyped ? `${own} & ${others}` : own;
}
