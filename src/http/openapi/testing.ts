import type { Random } from "../../core/base/index.ts";

export type Schema = Readonly<Record<string, unknown>>;

const texts = [
  "",
  "a",
  "ask",
  "production",
  "0%",
  "10%",
  "7d",
  "é\u0000\ud83d\ude00",
  "../..",
  "tenant=acme",
  "{{ 1 }}",
];
const oddities: readonly unknown[] = [null, true, -1, 0, 1.5, 9e15, [], {}, "", [[[]]], { a: { b: null } }];

/** Values made of JSON Schemas, by chance; and ones that most likely do not fit. */
export class Values {
  readonly #random: Random;
  readonly #schemas: Readonly<Record<string, Schema>>;

  constructor(random: Random, schemas: Readonly<Record<string, Schema>>) {
    this.#random = random;
    this.#schemas = schemas;
  }

  of(schema: Schema, depth = 0): unknown {
    if (typeof schema.$ref === "string")
      return this.of(this.#schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {}, depth);
    if ("const" in schema) return schema.const;
    if (Array.isArray(schema.enum)) return this.#pick(schema.enum);
    for (const alternatives of [schema.anyOf, schema.oneOf])
      if (Array.isArray(alternatives)) return this.of(this.#pick(alternatives), depth);
    const type = Array.isArray(schema.type) ? this.#pick(schema.type) : schema.type;
    switch (type) {
      case "object":
        return this.#object(schema, depth);
      case "array":
        return depth > 4
          ? []
          : Array.from({ length: this.#below(3) }, () => this.of(Object(schema.items), depth + 1));
      case "string":
        return this.text();
      case "integer":
      case "number":
        return this.#number(schema);
      case "boolean":
        return this.#random.next() < 0.5;
      case "null":
        return null;
      default:
        return this.anything();
    }
  }

  anything(): unknown {
    return this.#pick([...oddities, ...texts]);
  }

  text(): string {
    return this.#random.next() < 0.05 ? "x".repeat(20_000) : this.#pick(texts);
  }

  /** One member is left out, of another type, or one too many. */
  broken(value: unknown): unknown {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return this.anything();
    const members = Object.entries(value);
    const at = this.#below(members.length + 1);
    if (this.#random.next() < 0.4) return Object.fromEntries(members.filter((_, index) => index !== at));
    return { ...value, [members[at]?.[0] ?? "surplus"]: this.anything() };
  }

  #object({ properties = {}, required = [], additionalProperties }: Schema, depth: number): unknown {
    const names: readonly unknown[] = Array.isArray(required) ? required : [];
    const members = Object.entries(properties as Readonly<Record<string, Schema>>)
      .filter(([name]) => names.includes(name) || this.#random.next() < 0.4)
      .map(([name, schema]) => [name, this.of(schema, depth + 1)]);
    const isOpen = typeof additionalProperties === "object" && additionalProperties !== null;
    const more = isOpen ? [[this.text(), this.of(Object(additionalProperties), depth + 1)]] : [];
    return Object.fromEntries([...members, ...more]);
  }

  #number({ minimum, maximum, type }: Schema): number {
    const low = typeof minimum === "number" ? minimum : -5;
    const high = typeof maximum === "number" ? Math.min(maximum, low + 1_000) : low + 1_000;
    const value = low + this.#random.next() * (high - low);
    return type === "integer" ? Math.floor(value) : value;
  }

  #below(count: number): number {
    return Math.floor(this.#random.next() * count);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T;
  }
}
