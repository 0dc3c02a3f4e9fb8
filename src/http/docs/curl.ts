import type { DescribedOperation } from "../openapi/index.ts";
import { alternativesOf, membersOf, nameOfRef, type Schema } from "./schema.ts";

export type Schemas = Readonly<Record<string, Schema>>;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly described: DescribedOperation;
}

/** A request to paste into a shell: capitals stand for what is to be filled in. */
export function curlOf({ method, path, described }: Asked, origin: string, schemas: Schemas): string {
  const { parameters, requestBody } = described;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase());
  const query = parameters
    .filter((parameter) => parameter.in === "query" && parameter.required)
    .map(({ name }) => `${name}=${name.toUpperCase()}`)
    .join("&");
  const schema = requestBody?.content["application/json"]?.schema;
  const body = schema && JSON.stringify(sampleOf(schema, schemas));
  return [
    `curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${quoted(`${origin}${filled}${query && `?${query}`}`)}`,
    ...(parameters.some(({ name }) => name === "Idempotency-Key")
      ? [`-H ${quoted("Idempotency-Key: KEY")}`]
      : []),
    ...(body === undefined ? [] : [`-H ${quoted("Content-Type: application/json")}`, `-d ${quoted(body)}`]),
  ].join(" \\\n  ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The least that is asked for. */
function sampleOf(schema: Schema, schemas: Schemas): unknown {
  const name = nameOfRef(schema);
  if (name) return sampleOf(schemas[name] ?? {}, schemas);
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const [first] = alternativesOf(schema) ?? [];
  if (first) return sampleOf(first, schemas);
  switch ([schema.type].flat()[0]) {
    case "array":
      return Number(schema.minItems ?? 0) > 0 ? [sampleOf(Object(schema.items), schemas)] : [];
    case "string":
      return "…";
    case "integer":
    case "number":
      return Math.max(0, Number(schema.minimum ?? 0));
    case "boolean":
      return true;
    default:
      return Object.fromEntries(
        membersOf(schema)
          .filter(({ isRequired }) => isRequired)
          .map((member) => [member.name, sampleOf(member.schema, schemas)]),
      );
  }
}
