import { canonicalJson, isJsonObject, type Json, type JsonObject, sha256 } from "../../../core/base/index.ts";

/**
 * A plausible wrong answer: another label where labels are known, otherwise the right answer with a part
 * of it changed. The choice among labels is by hash of each, so that it stays when the list grows.
 */
export function wrongAnswer(expected: Json, labels: readonly Json[], seed: string): Json {
  const right = canonicalJson(expected);
  const others = labels.filter((label) => canonicalJson(label) !== right);
  return pick(others, seed) ?? changed(expected);
}

function pick(items: readonly Json[], seed: string): Json | undefined {
  let best: { readonly item: Json; readonly rank: string } | undefined;
  for (const item of items) {
    const rank = sha256(`${seed}\n${canonicalJson(item)}`);
    if (!best || rank < best.rank) best = { item, rank };
  }
  return best?.item;
}

function changed(value: Json): Json {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value + 1;
  if (typeof value === "string") return value === "other" ? "another" : "other";
  if (Array.isArray(value)) return value.length > 0 ? value.slice(0, -1) : ["other"];
  if (!isJsonObject(value)) return "other";
  const [first] = Object.entries(value);
  return first ? { ...value, [first[0]]: changed(first[1]) } : { other: true };
}

/** How deep a made-up answer nests; a schema may refer to itself. */
const sampleDepthMax = 8;

/** The simplest value that a schema describes, for answers that nobody expects. */
export function sampleOf(schema: JsonObject, seed: string, depth = 0): Json {
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return pick(schema.enum, seed) ?? null;
  if (depth >= sampleDepthMax) return null;
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "string":
      return "[simulated]"
        .padEnd(Number(schema.minLength ?? 0), ".")
        .slice(0, Number(schema.maxLength ?? 1_000));
    case "number":
    case "integer":
      return Number(schema.minimum ?? schema.maximum ?? 0);
    case "boolean":
      return sha256(seed) < "8";
    case "array": {
      const { items, minItems } = schema;
      return Array.from({ length: Number(minItems ?? 0) }, () =>
        sampleOf(isJsonObject(items) ? items : {}, seed, depth + 1),
      );
    }
    case "object":
      return sampleObject(schema, seed, depth);
    default:
      return schema.type === "null" ? null : "[simulated]";
  }
}

function sampleObject(schema: JsonObject, seed: string, depth: number): Json {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  const names = Object.keys(properties).filter((name) => required.includes(name));
  return Object.fromEntries(
    names.map((name) => {
      const member = properties[name];
      return [name, isJsonObject(member) ? sampleOf(member, `${seed}.${name}`, depth + 1) : "[simulated]"];
    }),
  );
}
