import { html } from "hono/html";

export type Schema = Readonly<Record<string, unknown>>;
export type Html = ReturnType<typeof html>;

interface Member {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

export function nameOfRef({ $ref }: Schema): string | undefined {
  return typeof $ref === "string" ? $ref.split("/").at(-1) : undefined;
}

export function membersOf({ properties = {}, required = [] }: Schema): readonly Member[] {
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(Object(properties) as Readonly<Record<string, Schema>>).map(([name, schema]) => ({
    name,
    schema,
    isRequired: needed.includes(name),
  }));
}

/** In a word or a few, with links to schemas that have a name. */
export function typeOf(schema: Schema): Html {
  const name = nameOfRef(schema);
  if (name) return html`<a href="#schema-${name}">${name}</a>`;
  if ("const" in schema) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (Array.isArray(schema.enum))
    return html`<code>${schema.enum.map((value) => JSON.stringify(value)).join(" | ")}</code>`;
  const alternatives = alternativesOf(schema);
  if (alternatives)
    return html`${alternatives.map((each, index) => html`${index > 0 ? " or " : ""}${typeOf(each)}`)}`;
  if (schema.type === "array") return html`list of ${typeOf(Object(schema.items))}`;
  if (schema.type === "object" && isOpen(schema))
    return html`object of ${typeOf(Object(schema.additionalProperties))}`;
  return html`${[schema.type ?? "any JSON"].flat().join(" or ")}`;
}

export function alternativesOf({ anyOf, oneOf }: Schema): readonly Schema[] | undefined {
  if (Array.isArray(anyOf)) return anyOf;
  return Array.isArray(oneOf) ? oneOf : undefined;
}

function isOpen({ properties, additionalProperties }: Schema): boolean {
  return !properties && typeof additionalProperties === "object" && additionalProperties !== null;
}

const bounds: Readonly<Record<string, string>> = {
  minimum: "at least",
  maximum: "at most",
  minLength: "shortest",
  maxLength: "longest",
  minItems: "fewest",
  maxItems: "most",
  pattern: "matches",
  format: "format",
  default: "default",
};

/** The safe integers are the bounds of every whole number, and tell nothing. */
function isTelling(value: unknown): boolean {
  return value !== undefined && Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER;
}

function boundsOf(schema: Schema): string {
  const told = Object.entries(bounds).filter(([name]) => isTelling(schema[name]));
  return told.map(([name, words]) => `${words} ${said(schema[name])}`).join(", ");
}

function said(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What a value has inside it, each member with its type, bounds and meaning. */
export function shapeOf(schema: Schema): Html {
  const { description } = schema;
  const inner = innerOf(schema);
  const members = membersOf(inner);
  return html`<p>${typeOf(schema)}${boundsOf(schema) ? `, ${boundsOf(schema)}` : ""}${description ? `. ${description}` : ""}</p>
${members.length > 0 ? listOf(members) : ""}`;
}

export function listOf(members: readonly Member[]): Html {
  return html`<ul class="members">${members.map(({ name, schema, isRequired }) => {
    const inside = membersOf(innerOf(schema));
    const more = boundsOf(schema);
    return html`<li><code>${name}</code> <span class="type">${typeOf(schema)}${isRequired ? "" : ", may be absent"}${more ? `, ${more}` : ""}</span>
${typeof schema.description === "string" ? html`<span>${schema.description}</span>` : ""}
${inside.length > 0 ? listOf(inside) : ""}</li>`;
  })}</ul>`;
}

/** Of a list its items; of what may be null, what it is otherwise. What has a name is shown under it. */
function innerOf(schema: Schema): Schema {
  if (schema.type === "array") return innerOf(Object(schema.items));
  const [only, ...others] = (alternativesOf(schema) ?? []).filter(({ type }) => type !== "null");
  return only && others.length === 0 ? innerOf(only) : schema;
}
