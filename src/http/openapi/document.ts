import type { Hono } from "hono";
import { z } from "zod";
import { type Operation, operationOf } from "../operation.ts";
import { problem } from "../schema.ts";

type Schema = Readonly<Record<string, unknown>>;

export interface OpenapiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface DescribedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Response>>;
}

type Response = Partial<Body> & {
  readonly description: string;
  readonly headers?: Readonly<Record<string, object>>;
};

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: unknown;
  readonly schema: Schema;
}

interface Body {
  readonly required?: boolean;
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
}

/** Of everything that is routed with a description. */
export function openapiDocument(app: Hono): OpenapiDocument {
  const schemas = new Map<string, Schema>();
  const paths: Record<string, Record<string, DescribedOperation>> = {};
  for (const { handler } of app.routes) {
    const described = operationOf(handler);
    if (!described) continue;
    const { path, method } = described;
    paths[path] = { ...paths[path], [method]: describe(described, schemas) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Flyball",
      version: "v1",
      description: "Runs AI workflows durably on one append-only, hash-chained journal.",
    },
    paths,
    components: { schemas: Object.fromEntries([...schemas].toSorted(([a], [b]) => (a < b ? -1 : 1))) },
  };
}

type Schemas = Map<string, Schema>;

function describe(described: Operation, schemas: Schemas): DescribedOperation {
  const { id, method, path, summary, body, answer, tagged, statuses = [200] } = described;
  const tag = path.split("/").find((part) => !["", "v1"].includes(part)) ?? id;
  const answered = answerContent(described, schemaOf(answer(), "output", schemas));
  const problems = described.isOpenai
    ? { "application/json": { schema: openaiError } }
    : { "application/problem+json": { schema: schemaOf(problem(), "output", schemas) } };
  const etag = tagged ? { headers: { ETag: { schema: { type: "string" } } } } : {};
  return {
    operationId: id,
    summary,
    tags: [tag],
    parameters: [...pathParameters(path), ...queryParameters(described, schemas), ...headers(described)],
    ...(body
      ? { requestBody: { required: true, content: jsonContent(schemaOf(body, "input", schemas)) } }
      : {}),
    responses: {
      ...Object.fromEntries(
        statuses.map((status) => [status, { description: summary, ...etag, content: answered }]),
      ),
      ...(tagged && method === "get" ? { 304: { description: "It is as you know it", ...etag } } : {}),
      default: { description: "A problem", content: problems },
    },
  };
}

const openaiError = {
  type: "object",
  required: ["error"],
  properties: { error: { type: "object", required: ["message", "type", "param", "code"] } },
};

function answerContent({ isLines, isFollowed, files }: Operation, schema: Schema): Body["content"] {
  if (files) return Object.fromEntries(files.map((type) => [type, { schema: { type: "string" } }]));
  if (isLines) return { "application/x-ndjson": { schema } };
  const followed = isFollowed ? { "text/event-stream": { schema: { type: "string" } } } : {};
  return { ...jsonContent(schema), ...followed };
}

function jsonContent(schema: Schema): Body["content"] {
  return { "application/json": { schema } };
}

function pathParameters(path: string): Parameter[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path" as const,
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters({ query }: Operation, schemas: Schemas): Parameter[] {
  if (!query) return [];
  const { properties = {}, required = [] } = schemaOf(query, "input", schemas) as {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(description ? { description } : {}),
    schema,
  }));
}

function headers({ method, takesKey, takesMatch, tagged, isFollowed }: Operation): Parameter[] {
  const header = (name: string, description: string): Parameter => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  });
  return [
    ...(takesKey
      ? [header("Idempotency-Key", "The same key is the same command; 422 with another body.")]
      : []),
    ...(takesMatch ? [header("If-Match", "Acts only if the asset has this ETag; 412 otherwise.")] : []),
    ...(tagged && method === "get"
      ? [header("If-None-Match", "An ETag that is known: 304 if it holds.")]
      : []),
    ...(isFollowed ? [header("Last-Event-ID", "Goes on after this event.")] : []),
  ];
}

/** A schema of its own name is a component; what an answer has is open, so that more may come. */
function schemaOf(schema: z.ZodType, io: "input" | "output", schemas: Schemas): Schema {
  const {
    $schema: _,
    $defs = {},
    ...made
  } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
      if (jsonSchema.format) delete jsonSchema.pattern;
      if (io === "output" && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
    },
  });
  for (const [name, definition] of Object.entries($defs)) schemas.set(name, withComponents(definition));
  const { id, ...body } = withComponents(made);
  if (typeof id !== "string") return body;
  schemas.set(id, body);
  return { $ref: `#/components/schemas/${id}` };
}

function withComponents(schema: object): Schema {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/');
  return JSON.parse(text);
}
