/**
 * Writes what is made of the sources: docs/reference/ (error codes, limits, the JSON Schema of the workflow
 * format, the OpenAPI document) and the types of the client. `test/reference.test.ts` holds what is committed
 * against what this makes.
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { workflowJsonSchema } from "../src/core/workflow/index.ts";
import { openEngine } from "../src/engine.ts";
import { createApp, openapiDocument } from "../src/http/index.ts";
import { createKinds } from "../src/kinds.ts";
import { clientTypes } from "./client-types.ts";

const root = resolve(import.meta.dirname, "..");

/** Every file, by its place. */
export async function reference(): Promise<Readonly<Record<string, string>>> {
  return {
    "docs/reference/errors.md": errorsPage(),
    "docs/reference/limits.md": limitsPage(),
    "docs/reference/workflow.schema.json": await schemaPage(),
    ...(await apiFiles()),
  };
}

interface ErrorEntry {
  readonly code: string;
  readonly status: string;
  readonly exitCode: string;
  readonly retry: string;
  readonly meaning: string;
}

const classPattern =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?(?:export )?class (\w+) extends \w+[^{]*\{([\s\S]*?)\n\}/g;

function errorsPage(): string {
  const entries = globSync("src/**/*.ts", { cwd: root })
    .filter((file) => !/(?:\.test|testing[\w-]*|test-data)\.ts$|\/testing\//.test(file))
    .flatMap((file) => entriesOf(readFileSync(join(root, file), "utf8")))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
  const rows = entries.map(
    (entry) =>
      `| \`${entry.code}\` | ${entry.status} | ${entry.exitCode} | ${entry.retry} | ${entry.meaning} |`,
  );
  return [
    "# Error codes",
    "",
    "Made from the sources by `node scripts/reference.ts`. A code never changes its meaning. HTTP: the status of the problem document. Exit: the exit code of a command. Retry: the class under which a step is retried.",
    "",
    "| code | HTTP | exit | retry | meaning |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function entriesOf(source: string): ErrorEntry[] {
  return [...source.matchAll(classPattern)].flatMap(([, comment = "", name = "", body = ""]) => {
    const code = /readonly code = "([A-Z_]+)"/.exec(body)?.[1];
    if (!code) return [];
    const member = (pattern: RegExp, fallback: string) => pattern.exec(body)?.[1] ?? fallback;
    return {
      code,
      status: member(/readonly status(?::[^=]+)? = (\d+)/, "500"),
      exitCode: member(/readonly exitCode(?::[^=]+)? = (\d)/, "2"),
      retry: member(/readonly retry(?::[^=]+)? = "(\w+)"/, ""),
      meaning: sentence(comment) || words(name),
    };
  });
}

const limitPattern =
  /(?:\/\*\* ((?:(?!\*\/)[\s\S])*?) \*\/\n\s*)?(?:export const )?(\w+)(?: = |: )([\d_. *]+)[;,]\n/g;

/** The words that end a limit's name, and what it is counted in. */
const units: readonly (readonly [RegExp, string])[] = [
  [/Bytes/, "bytes"],
  [/Ms/, "ms"],
  [/Char(?:acter)?s/, "characters"],
];

function limitsPage(): string {
  const rows = globSync("src/**/limits.ts", { cwd: root })
    .sort()
    .flatMap((file) => {
      const folder = file.replace(/^src\//, "").replace(/\/limits\.ts$/, "");
      return [...readFileSync(join(root, file), "utf8").matchAll(limitPattern)].map(
        ([, comment, name = "", value = ""]) => {
          const meaning = comment ? sentence(comment) : words(name);
          const unit = units.find(([pattern]) => pattern.test(name))?.[1] ?? "";
          return `| \`${name}\` | ${numberOf(value)} | ${unit} | \`${folder}\` | ${meaning} |`;
        },
      );
    });
  return [
    "# Limits",
    "",
    "Made from the sources by `node scripts/reference.ts`. Limits of workflows and settings are in [the guide](../guide/limits.md).",
    "",
    "| limit | value | unit | in | what it bounds |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function numberOf(product: string): string {
  const factors = product.split("*").filter((factor) => factor.trim() !== "");
  const value = product.includes("**")
    ? Number(factors[0]) ** Number(factors[1])
    : factors.reduce((total, factor) => total * Number(factor.replaceAll("_", "")), 1);
  return value.toLocaleString("en-US");
}

function sentence(comment: string): string {
  return comment
    .replace(/^\s*\*\s?/gm, " ")
    .replace(/\s+/g, " ")
    .replaceAll("|", "\\|")
    .trim();
}

function words(name: string): string {
  const spaced = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return `${spaced.charAt(0).toUpperCase()}${spaced.slice(1)}.`;
}

async function schemaPage(): Promise<string> {
  const { kinds, close } = createKinds({ home: tmpdir() });
  const schema = workflowJsonSchema(kinds);
  await close();
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Of the API on a port: what the local socket adds is the command line's. */
async function apiFiles(): Promise<Readonly<Record<string, string>>> {
  const home = mkdtempSync(join(tmpdir(), "flyball-reference-"));
  const engine = await openEngine({ home });
  const document = openapiDocument(createApp({ engine, isLocal: false }));
  await engine.close();
  rmSync(home, { recursive: true });
  return {
    "docs/reference/openapi.json": `${JSON.stringify(document, null, 1)}\n`,
    "src/client/generated.ts": clientTypes(document),
  };
}

if (import.meta.main) {
  mkdirSync(join(root, "docs/reference"), { recursive: true });
  for (const [name, text] of Object.entries(await reference())) writeFileSync(join(root, name), text);
}
