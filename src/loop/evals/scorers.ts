import type { Json, JsonObject } from "../../core/base/index.ts";
import { schemaMismatches } from "../../core/executor/kinds/index.ts";
import { isSame, leavesOf } from "./differences.ts";
import { ScorerUnknown } from "./errors.ts";
import { rougeL } from "./rouge.ts";

/** An answer, and what is known to be right. */
export interface Case {
  readonly input: Json;
  readonly output: Json;
  /** Undefined where nobody knows. */
  readonly expected: Json | undefined;
}

/** From 0 to 1; null where it has nothing to say of a case. */
export type Score = number | null;

export interface Scorer {
  readonly name: string;
  /** It says right or wrong, so that its mean is a share. */
  readonly isShare: boolean;
  score(scored: Case): Score | Promise<Score>;
}

/** Asks a model how good an answer is, 0 to 1. */
export type Judge = (scored: Case) => Promise<Score>;

/** What scorers are made with. */
export interface ScorerParts {
  readonly schema?: JsonObject | undefined;
  readonly judge?: Judge | undefined;
}

const makers: Readonly<Record<string, (argument: string, parts: ScorerParts) => Scorer | undefined>> = {
  exact: () => share("exact", (output, expected) => isSame(output, typedAs(output, expected))),
  normalised: () => share("normalised", (output, expected) => normalised(output) === normalised(expected)),
  numeric: (argument) => numeric(argument),
  regex: (argument) => (argument === "" ? expectedPattern : givenPattern(argument)),
  schema: (_, { schema }) => schema && fits(schema),
  json: () => graded("json", sameLeaves),
  rouge_l: () => graded("rouge_l", (output, expected) => rougeL(textOf(output), textOf(expected)).f1),
  judge: (_, { judge }) => judge && { name: "judge", isShare: false, score: judge },
};

const scorerNames: readonly string[] = Object.keys(makers);

/** `exact`, `numeric:0.01`, `regex:^[A-Z]+$` … Throws `ScorerUnknown`. */
export function scorerOf(written: string, parts: ScorerParts = {}): Scorer {
  const colon = written.indexOf(":");
  const [name, argument] = colon < 0 ? [written, ""] : [written.slice(0, colon), written.slice(colon + 1)];
  const made = Object.hasOwn(makers, name) ? makers[name]?.(argument, parts) : undefined;
  if (!made) throw new ScorerUnknown(written, scorerNames);
  return made;
}

type Compare<T> = (output: Json, expected: Json) => T;

function share(name: string, isRight: Compare<boolean>): Scorer {
  return { ...graded(name, (output, expected) => (isRight(output, expected) ? 1 : 0)), isShare: true };
}

function graded(name: string, compare: Compare<number>): Scorer {
  const score = ({ output, expected }: Case) => (expected === undefined ? null : compare(output, expected));
  return { name, isShare: false, score };
}

/** A table's cell knows only text: `"4"` stands for the number too. */
function typedAs(output: Json, expected: Json): Json {
  return typeof expected === "string" && typeof output !== "string" && JSON.stringify(output) === expected
    ? output
    : expected;
}

/** Without case, punctuation and the amount of white space; numbers and the rest as their JSON. */
function normalised(value: Json): string {
  return textOf(value)
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\p{P}\p{S}]+/gu, " ")
    .replace(/\s+/gu, " ")
    .trim();
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Within a distance, or within a share of the right number: `numeric:0.5`, `numeric:1%`. */
function numeric(argument: string): Scorer {
  const [, amount = "0", percent] = /^(\d+(?:\.\d+)?)?(%)?$/.exec(argument) ?? [undefined, undefined];
  if (argument !== "" && !/^\d+(?:\.\d+)?%?$/.test(argument))
    throw new ScorerUnknown(`numeric:${argument}`, ["numeric", "numeric:0.5", "numeric:1%"]);
  return share("numeric", (output, expected) => {
    const [given, right] = [numberOf(output), numberOf(expected)];
    const most = percent ? (Math.abs(right) * Number(amount)) / 100 : Number(amount);
    // What is written in tenths is not a tenth: 0.3 - 0.2 is more than 0.1.
    return Math.abs(given - right) <= most + Number.EPSILON * Math.max(Math.abs(given), Math.abs(right));
  });
}

function numberOf(value: Json): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

/** What is right is a pattern. */
const expectedPattern: Scorer = share("regex", (output, expected) =>
  patternOf(textOf(expected)).test(textOf(output)),
);

function givenPattern(written: string): Scorer {
  const pattern = patternOf(written);
  return { name: "regex", isShare: true, score: ({ output }) => (pattern.test(textOf(output)) ? 1 : 0) };
}

function patternOf(written: string): RegExp {
  try {
    return new RegExp(written, "u");
  } catch {
    throw new ScorerUnknown(`regex:${written}`, ["a regular expression, such as regex:^[A-Z]{3}$"]);
  }
}

function fits(schema: JsonObject): Scorer {
  const score = ({ output }: Case) => (schemaMismatches(schema, output).length === 0 ? 1 : 0);
  return { name: "schema", isShare: true, score };
}

/** The share of leaves, of either side, that are the same on both. */
function sameLeaves(output: Json, expected: Json): number {
  const [given, right] = [leavesOf(output), leavesOf(expected)];
  const places = new Set([...given.keys(), ...right.keys()]);
  let same = 0;
  for (const place of places) {
    const [one, other] = [given.get(place), right.get(place)];
    if (one !== undefined && other !== undefined && isSame(one, other)) same += 1;
  }
  return same / places.size;
}
