import { FlyballError, isJsonObject, type JsonObject, nearestName } from "../../core/base/index.ts";
import { parseTemplate, type Scope, TemplateSyntaxError } from "../../core/workflow/index.ts";

/** A variable that a template reads. */
export interface Reference {
  readonly name: string;
  /** Its absence is meant: `{{ tone | default("kind") }}`. */
  readonly guarded: boolean;
}

export type ReadTemplate =
  | { readonly references: readonly Reference[] }
  | { readonly problem: string; readonly line: number; readonly column: number };

/** The variables that a template reads: `{{ text }}` and `{{ input.text }}` are the same one. */
export function referencesOf(text: string): ReadTemplate {
  try {
    const references = parseTemplate(text).references.flatMap(({ path, guarded }): Reference[] => {
      const [root, member] = path;
      if (root !== "input") return [{ name: String(root), guarded }];
      return typeof member === "string" ? [{ name: member, guarded }] : [];
    });
    return { references };
  } catch (error) {
    if (!(error instanceof FlyballError)) throw error;
    const { line, column } = error instanceof TemplateSyntaxError ? error : { line: 1, column: 1 };
    return { problem: error.message, line, column };
  }
}

/** What is read and not declared, each once and in words. */
export function undeclared(references: readonly Reference[], schema: JsonObject): readonly string[] {
  const names = Object.keys(isJsonObject(schema.properties) ? schema.properties : {});
  const unknown = new Set(references.map(({ name }) => name).filter((name) => !names.includes(name)));
  return [...unknown].map((name) => {
    const hint = nearestName(name, names);
    const expected = names.length > 0 ? `expected ${names.join(", ")}` : "`input` declares none";
    return `there is no variable \`${name}\`; ${hint ? `did you mean \`${hint}\`?` : expected}`;
  });
}

/** Where nothing is declared, what the templates read: of any type, and required unless they guard it. */
export function variablesOf(references: readonly Reference[]): JsonObject {
  const names = [...new Set(references.map(({ name }) => name))].sort();
  const required = names.filter((name) =>
    references.some((reference) => reference.name === name && !reference.guarded),
  );
  return { type: "object", properties: Object.fromEntries(names.map((name) => [name, {}])), required };
}

/** A variable that is none is one that is not given: the schema then says whether it may be absent. */
export function declaredPart(schema: JsonObject, input: JsonObject): JsonObject {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const given = Object.entries(input).filter(
    ([name, value]) => Object.hasOwn(properties, name) && value !== null,
  );
  return Object.fromEntries(given);
}

/** `{{ text }}` and `{{ input.text }}`. What is not given is not defined, which `default` and `is defined` can catch. */
export function promptScope(input: JsonObject): Scope {
  return {
    get(name) {
      if (Object.hasOwn(input, name)) return input[name];
      return name === "input" ? input : undefined;
    },
  };
}
