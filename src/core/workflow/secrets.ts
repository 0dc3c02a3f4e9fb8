import type { Json, JsonObject } from "../base/index.ts";
import { parseTemplate } from "./expressions/index.ts";

/**
 * Secrets as handles. `{{ secrets.NAME }}` evaluates to a marker, so what is journalled, shown and
 * hashed holds a name; the value takes its place at the moment of a call, in the process that makes it.
 * The marker stands between two NUL characters, which no text has by accident. By intent it may: who
 * reveals must therefore answer only for names that the template itself names, never for names that
 * came in with data.
 */
export function secretMarker(name: string): string {
  return `${edge}secret:${name}${edge}`;
}

const edge = "\u0000";
const marker = new RegExp(`${edge}secret:([A-Za-z_][A-Za-z0-9_]*)${edge}`, "g");

/** Puts values in place of markers, in every text of a value; where `lookup` answers undefined the marker stays. */
export function revealSecrets<T extends Json>(value: T, lookup: (name: string) => string | undefined): T;
export function revealSecrets(value: Json, lookup: (name: string) => string | undefined): Json {
  if (typeof value === "string")
    return value.includes(edge) ? value.replace(marker, (text, name: string) => lookup(name) ?? text) : value;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item: Json) => revealSecrets(item, lookup));
  const members = Object.entries(value as JsonObject);
  return Object.fromEntries(members.map(([key, member]) => [key, revealSecrets(member, lookup)]));
}

/** The secrets that a template itself names, as `secrets.NAME` or `secrets["NAME"]`. */
export function secretNames(template: string): ReadonlySet<string> {
  if (!template.includes("secrets")) return new Set();
  const paths = parseTemplate(template).references.map((reference) => reference.path);
  return new Set(paths.filter(([root]) => root === "secrets").map(([, name]) => String(name ?? "")));
}

/** Values shorter than this are not redacted: they would take away ordinary words. */
const redactedLengthMin = 4;

/**
 * Replaces values by `[secret]` wherever they stand in a text: as they are, and as base64 (in all three
 * alignments), base64url, hexadecimal, percent-encoded and JSON-escaped.
 */
export function redact(text: string, values: Iterable<string>): string {
  const forms = new Set<string>();
  for (const value of values)
    if (value.length >= redactedLengthMin) for (const form of spellings(value)) forms.add(form);
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return longestFirst.reduce((rest, form) => rest.replaceAll(form, "[secret]"), text);
}

function spellings(value: string): string[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((offset) => alignedBase64(bytes, offset));
  const hex = bytes.toString("hex");
  const percent = encodeURIComponent(value);
  return [
    value,
    bytes.toString("base64"),
    ...base64,
    ...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
    hex,
    hex.toUpperCase(),
    percent,
    percent.replaceAll("%20", "+"),
    JSON.stringify(value).slice(1, -1),
  ].filter((form) => form.length >= redactedLengthMin);
}

/** What of the base64 of a longer text depends on these bytes alone, when `offset` bytes stand before them (mod 3). */
function alignedBase64(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString("base64")
    .replace(/=+$/, "");
  const whole = Math.floor(((offset + bytes.length) * 8) / 6);
  return encoded.slice(Math.ceil((offset * 8) / 6), whole);
}
