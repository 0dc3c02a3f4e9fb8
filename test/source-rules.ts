import { importsOf, type SourceText } from "./source-text.ts";

/** One rule that the text of a file can break. */
export interface SourceRule {
  readonly name: string;
  /** Which files it holds for, by their path from the root. */
  readonly holdsFor: (file: string) => boolean;
  /** Offsets of what breaks it. */
  readonly find: (source: SourceText) => readonly number[];
  /** Proof that the rule can fail, and that it does not fail on what only looks like it. */
  readonly bad: readonly string[];
  readonly good: readonly string[];
}

/** Tests, and what only tests use: they may break rules that are there for the product's own runs. */
export function isTestFile(file: string): boolean {
  return /(?:\.test|\/testing(?:\/[\w-]+)?|\/conformance)\.ts$|^test\//.test(file);
}

const isSource = (file: string) => file.startsWith("src/");
const isProduct = (file: string) => isSource(file) && !isTestFile(file);
const isOutside = (file: string, ...folders: readonly string[]) =>
  isSource(file) && !folders.some((folder) => file.startsWith(`src/${folder}/`));

const inCode = (pattern: RegExp) => (source: SourceText) =>
  [...source.code.matchAll(pattern)].map((match) => match.index);

const inStrings = (pattern: RegExp) => (source: SourceText) =>
  source.strings.filter(({ value }) => pattern.test(value)).map(({ offset }) => offset);

/** Imports of a module; with `names`, only those that name one of them or take the whole module. */
const inImports = (specifier: RegExp, names?: RegExp) => (source: SourceText) =>
  importsOf(source)
    .filter((found) => specifier.test(found.specifier))
    .filter((found) => !names || names.test(found.names) || !found.names.includes("{"))
    .map(({ offset }) => offset);

const either =
  (...finds: readonly SourceRule["find"][]): SourceRule["find"] =>
  (source) =>
    finds.flatMap((find) => find(source));

// Upper case as statements are written here, and lower case where the whole shape is there.
const sqlUpper =
  /^\s*(?:SELECT\s|INSERT\s+(?:OR\s|INTO\s)|REPLACE\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+.*\sAS\s|CREATE\s+(?:\w+\s+)*(?:TABLE|INDEX|TRIGGER|VIEW)\s|ALTER\s+TABLE\s|DROP\s+(?:TABLE|INDEX)\s|PRAGMA\s|BEGIN(?:\s+\w+)?;?\s*$|COMMIT;?\s*$|ROLLBACK\b|SAVEPOINT\s|VACUUM\b|ATTACH\s)/;
const sqlLower =
  /^\s*(?:select\s+[\w*.,\s()]+\sfrom\s+\w+|insert\s+into\s+\w+\s*\(|update\s+\w+\s+set\s+\w+\s*=|delete\s+from\s+\w+|create\s+table\s|pragma\s+\w+)/;

export const sourceRules: readonly SourceRule[] = [
  {
    name: "SQL is written in src/store/ only",
    holdsFor: (file) => isOutside(file, "store"),
    find: inStrings(new RegExp(`${sqlUpper.source}|${sqlLower.source}`)),
    bad: [
      `db.prepare("SELECT * FROM runs")`,
      "db.exec(`\n  INSERT INTO events (seq) VALUES (?)`)",
      `db.exec("BEGIN IMMEDIATE")`,
      `db.exec('delete from runs where id = 1')`,
      "db.prepare(`UPDATE runs SET status = ${status}`)",
      `db.exec("PRAGMA journal_mode = WAL")`,
    ],
    good: [
      `note("Select a row from the list")`,
      `note("COMMITTED")`,
      `// db.exec("SELECT 1 FROM runs")`,
      `note("update the file")`,
    ],
  },
  {
    name: "the database is opened in src/store/ only",
    holdsFor: (file) => isOutside(file, "store"),
    find: inImports(/^(?:node:sqlite|pg|kysely)$/),
    bad: [`import { DatabaseSync } from "node:sqlite";`, `const sqlite = await import("node:sqlite");`],
    good: [`import { openOwned } from "../store/sqlite/index.ts";`],
  },
  {
    name: "clock, chance and ids come from core/base",
    holdsFor: (file) => isOutside(file, "core/base"),
    find: either(
      inCode(
        /\bDate\.now\b|\bnew Date(?!\w)(?!\s*\((?!\s*\)))|(?<!new )(?<![\w.])Date\(|\bperformance\.now\b/g,
      ),
      inCode(
        /\bMath\.random\b|\bcrypto\.(?:random\w*|getRandomValues)\b|\bhrtime\b|\bAbortSignal\.timeout\b/g,
      ),
      inCode(/(?<![\w.])(?:setTimeout|setInterval)\b/g),
      inImports(/^(?:node:)?crypto$/, /\brandom\w*|\bgetRandomValues\b|\bwebcrypto\b/),
      inImports(/^(?:node:)?(?:timers(?:\/promises)?|perf_hooks)$/),
    ),
    bad: [
      "const at = Date.now();",
      "const at = new Date();",
      "const at = new Date;",
      "const from = performance.now();",
      "const dice = Math.random();",
      "const id = crypto.randomUUID();",
      `import { createHash, randomBytes } from "node:crypto";`,
      `import crypto from "node:crypto";`,
      `import { setTimeout as sleep } from "node:timers/promises";`,
      "setTimeout(() => {}, 10);",
      "await fetch(url, { signal: AbortSignal.timeout(10) });",
    ],
    good: [
      "const at = new Date(clock.now());",
      "const at = clock.now();",
      `import { createHash } from "node:crypto";`,
      `import { randomBytes } from "../base/index.ts";`,
      `note("setTimeout")`,
    ],
  },
  {
    name: "turns of the event loop are counted in core/base and core/journal only",
    holdsFor: (file) => isProduct(file) && isOutside(file, "core/base", "core/journal"),
    find: inCode(/(?<![\w.])(?:setImmediate|process\.nextTick)\b/g),
    bad: ["setImmediate(() => {});", "process.nextTick(run);"],
    good: ["// setImmediate is for the journal", "this.setImmediate();"],
  },
  {
    name: "nothing is made into code at run time",
    holdsFor: () => true,
    find: either(
      inCode(/(?<![\w.$])(?:eval|Function)\s*\(|\bnew Function\b/g),
      inImports(/^(?:node:)?vm$/),
      inCode(/\brunIn(?:New|This)?Context\b/g),
    ),
    bad: [
      `eval("1 + 1")`,
      `const add = new Function("a", "return a");`,
      `const add = Function("return 1");`,
      `import vm from "node:vm";`,
      `import { Script } from "vm";`,
    ],
    good: ["runtime.evalCode(text)", "const isFunction = typeof value === 'function'", "note('eval(1)')"],
  },
  {
    name: "expected failures are classes with a code, bugs are assert",
    holdsFor: isProduct,
    find: inCode(/\bnew (?:Type|Range|Syntax|Aggregate)?Error\s*\(|(?<![\w.])(?:Type|Range)?Error\(/g),
    bad: [`throw new Error("no such run");`, `reject(new TypeError("no"))`, `throw Error("no")`],
    good: [
      `throw new RunNotFound(id);`,
      "class RunNotFound extends FlyballError {}",
      "new ModelError(facts)",
    ],
  },
  {
    name: "nothing is left for later",
    holdsFor: (file) => file !== "test/source-rules.ts",
    find: ({ text }) => [...text.matchAll(/\b(?:TODO|FIXME|XXX)\b/g)].map((match) => match.index),
    bad: ["// TODO: handle this", "/* FIXME */"],
    good: ["// the list of things to do"],
  },
  {
    name: "the types are not silenced",
    holdsFor: () => true,
    find: ({ text }) =>
      [...text.matchAll(/\/[/*]\s*@ts-(?:ignore|expect-error|nocheck)/g)].map((match) => match.index),
    bad: ["// @ts-ignore", "/* @ts-expect-error */"],
    good: ["const run: unknown = value;"],
  },
];

export interface TextRule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly bad: readonly string[];
  readonly good: readonly string[];
}

// The patterns are put together from pieces, so that this file does not break its own rules.
const registries = ["registry.np|mjs", "registry.ya|rnpkg", "np|mmirror", "artif|actory", "verd|accio"].map(
  (name) => name.replace("|", ""),
);
const homes = ["home", "Users", "root", "work"];

/** Rules for every text file of the project, the docs and the lock file included. */
export const textRules: readonly TextRule[] = [
  {
    name: "no path of one machine",
    pattern: new RegExp(`(?<![\\w.~)}\\]*-])/(?:${homes.join("|")})/\\w`),
    bad: ["see /ho" + "me/ada/notes", `"/wo` + `rk/flyball"`, "(/Us" + "ers/ada)"],
    good: ["src/jobs/list", "./home/x", "https://example.com/home/x", "$ROOT/jobs/x"],
  },
  {
    name: "no package registry by name",
    pattern: new RegExp(`(?:${registries.join("|")})`, "i"),
    bad: ["https://registry.np" + "mjs.org/zod", "http://artif" + "actory.example.com/npm"],
    good: ["the npm registry", "core/registry"],
  },
];
