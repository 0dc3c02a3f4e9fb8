import { isJsonObject, type JsonObject } from "../base/index.ts";
import { didYouMean } from "./findings.ts";
import type { Path } from "./spelling.ts";

/** Words of the expression language and names that it gives a meaning: no step may have one as its id. */
export const reservedIds: ReadonlySet<string> = new Set(
  (
    "input run secrets steps item index output loop self caller varargs kwargs true false none null " +
    "and or not in is if elif else for range dict namespace cycler joiner lipsum"
  ).split(" "),
);

export const runMembers = ["id", "workflow", "started_at", "tags"];

/** What a result has beside `value` and `skipped`; null when its kind is not known, which is reported elsewhere. */
export type ResultFields = readonly string[] | null;

/** What an expression at one place can name. */
export interface Names {
  /** The steps that are surely over, and what the result of each has. */
  readonly steps: ReadonlyMap<string, ResultFields>;
  /** `item`, `index`, and what a kind adds. */
  readonly locals: ReadonlySet<string>;
  /** The JSON Schema of the input. */
  readonly input: JsonObject | undefined;
  /** Why a step that exists cannot be named here; undefined when there is no such step. */
  whyNot(id: string): string | undefined;
}

export interface NameUse {
  readonly path: Path;
  readonly guarded: boolean;
}

/** What is wrong with a use of names, or undefined. */
export function nameProblem(use: NameUse, names: Names): string | undefined {
  const [root, member] = use.path;
  const name = String(root);
  if (names.locals.has(name)) return undefined;
  switch (name) {
    case "steps":
      if (typeof member === "string") return stepProblem(member, use.path[2], use.guarded, names, "steps.");
      return "`steps` is no value of its own: name one step, as `steps.ID`";
    case "input":
      return inputProblem(member, use.guarded, names.input);
    case "run":
      return runProblem(member, use.guarded);
    case "secrets":
      return typeof member === "string"
        ? undefined
        : "`secrets` is no value of its own: name one, as `secrets.NAME`";
    case "item":
      return "`item` exists only inside a `map`";
    case "index":
      return "`index` exists only inside a `map` or a `loop`";
    default:
      return stepProblem(name, member, use.guarded, names, "");
  }
}

function stepProblem(
  id: string,
  field: string | number | undefined,
  guarded: boolean,
  names: Names,
  prefix: string,
): string | undefined {
  const fields = names.steps.get(id);
  if (fields === undefined) return names.whyNot(id) ?? unknownName(id, names, prefix);
  if (field === undefined || guarded || fields === null) return undefined;
  const known = ["value", "skipped", ...fields];
  if (typeof field === "string" && known.includes(field)) return undefined;
  const nearest = typeof field === "string" ? didYouMean(field, known) : "";
  return `\`${id}\` has no field \`${field}\`${nearest || `; it has ${known.join(", ")}`}`;
}

function unknownName(id: string, names: Names, prefix: string): string {
  const others = prefix ? [] : ["input", "run", "secrets", "steps", ...names.locals];
  return `there is no step${prefix ? "" : " or name"} \`${id}\`${didYouMean(id, [...names.steps.keys(), ...others])}`;
}

function runProblem(member: string | number | undefined, guarded: boolean): string | undefined {
  if (member === undefined || guarded || runMembers.includes(String(member))) return undefined;
  const name = String(member);
  return `\`run\` has no member \`${name}\`${didYouMean(name, runMembers) || `; it has ${runMembers.join(", ")}`}`;
}

/** Keywords that can allow members which `properties` does not list. */
const openingKeywords = [
  "patternProperties",
  "$ref",
  "$dynamicRef",
  "allOf",
  "anyOf",
  "oneOf",
  "if",
  "dependentSchemas",
];

/**
 * When the schema lists `properties`, another member is a mistake, although JSON Schema lets it pass:
 * a typo is far more likely. `additionalProperties: true`, or any keyword that can add members, lifts this.
 */
function inputProblem(
  member: string | number | undefined,
  guarded: boolean,
  schema: JsonObject | undefined,
): string | undefined {
  const properties = schema?.properties;
  if (member === undefined || guarded || !schema || !isJsonObject(properties)) return undefined;
  const isOpen =
    (schema.additionalProperties ?? false) !== false || openingKeywords.some((key) => key in schema);
  const name = String(member);
  if (isOpen || Object.hasOwn(properties, name)) return undefined;
  return `the input has no member \`${name}\`${didYouMean(name, Object.keys(properties))}`;
}
