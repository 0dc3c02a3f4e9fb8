import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { describe, test } from "node:test";
import { isTestFile, sourceRules, textRules } from "./source-rules.ts";
import {
  importsOf,
  lineAt,
  projectFiles,
  readProjectFile,
  readSource,
  readSources,
  root,
  type SourceText,
} from "./source-text.ts";

// Holds what ARCHITECTURE.md and STYLE.md say about the shape of the code. Each rule is shown to be able
// to fail, on a snippet that breaks it, before it is held against the project.

// The folders
// ===========
// The table of ARCHITECTURE.md is the only one: a row is a folder of src/, or a single file.

interface Row {
  readonly folder: string;
  readonly mayImport: readonly string[];
}

const architecture = "ARCHITECTURE.md";
const everythingAbove = "everything above";

// Doors beside a folder's index.ts. The kinds are apart from the executor that knows only their contract.
const otherDoors = new Set(["src/core/executor/kinds/index.ts"]);

function folderTable(markdown: string): readonly Row[] {
  const lines = markdown.split("\n");
  const head = lines.findIndex((line) => /^\|\s*folder\s*\|\s*may import\s*\|/.test(line));
  assert.ok(head >= 0, `${architecture} needs a table that begins with | folder | may import | what |`);
  const body = lines.slice(head + 2);
  const end = body.findIndex((line) => !line.startsWith("|"));
  const rows: Row[] = [];
  for (const line of end < 0 ? body : body.slice(0, end)) {
    const [, folderCell = "", mayCell = ""] = line.split("|");
    const [folder] = namesIn(folderCell);
    assert.ok(folder, `${architecture}: no folder in backticks in ${line}`);
    const above = rows.map((row) => row.folder);
    rows.push({ folder, mayImport: mayCell.includes(everythingAbove) ? above : namesIn(mayCell) });
  }
  return rows;
}

function namesIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** The row that a file of src/ belongs to; a row inside another one's folder comes first. */
function rowOf(rows: readonly Row[], file: string): Row | undefined {
  const path = file.replace(/^src\//, "");
  const holding = rows.filter(({ folder }) => path === folder || path.startsWith(`${folder}/`));
  return holding.sort((one, other) => other.folder.length - one.folder.length)[0];
}

function tableMistakes(rows: readonly Row[], files: readonly string[]): readonly string[] {
  const upward = rows.flatMap(({ folder, mayImport }, index) =>
    mayImport
      .filter((name) => !rows.slice(0, index).some((row) => row.folder === name))
      .map((name) => `${folder} may import ${name}, which is not a row above it`),
  );
  const empty = rows
    .filter((row) => !files.some((file) => rowOf(rows, file) === row))
    .map(({ folder }) => `${folder} is in the table, and no file is in it`);
  const homeless = files
    .filter((file) => !isTestFile(file) && !rowOf(rows, file))
    .map((file) => `${file} is in no folder of the table`);
  return [...upward, ...empty, ...homeless];
}

/** Imports of src/ that break an arrow of the table, or go past a door. */
function importMistakes(rows: readonly Row[], sources: readonly SourceText[]): readonly string[] {
  return sources.flatMap((source) =>
    importsOf(source).flatMap(({ specifier, offset }) => {
      if (!specifier.startsWith(".")) return [];
      const target = posix.join(posix.dirname(source.file), specifier);
      const mistake = importMistake(rows, source.file, target);
      return mistake ? [`${source.file}:${lineAt(source.text, offset)} imports ${target}: ${mistake}`] : [];
    }),
  );
}

function importMistake(rows: readonly Row[], file: string, target: string): string | undefined {
  if (!target.startsWith("src/")) return file.startsWith("src/") ? "it is outside src/" : undefined;
  const [own, other] = [rowOf(rows, file), rowOf(rows, target)];
  if (own && own === other) return undefined;
  if (isTestFile(target))
    return isTestFile(file) || file.startsWith("bench/") ? undefined : "that file is for tests and benches";
  const doors = [`src/${other?.folder}`, `src/${other?.folder}/index.ts`];
  if (!doors.includes(target) && !otherDoors.has(target)) return `the door is src/${other?.folder}/index.ts`;
  // Tests put the pieces together as the engine does, and so do benches and what stands outside src/.
  if (isTestFile(file) || !own) return undefined;
  return other && own.mayImport.includes(other.folder)
    ? undefined
    : `${own.folder} may not import ${other?.folder}`;
}

describe("folders", () => {
  assert.ok(existsSync(`${root}/${architecture}`), `${architecture} is missing: it has the table of folders`);
  const rows = folderTable(readProjectFile(architecture));
  const sources = ["src", "test", "bench", "examples"].flatMap(readSources);
  const sourceFiles = sources.map(({ file }) => file).filter((file) => file.startsWith("src/"));

  test("the table covers src/, row by row, and its arrows point up", () => {
    assert.deepEqual(tableMistakes(rows, sourceFiles), []);
  });

  test("folders import what the table allows, through the doors", () => {
    assert.deepEqual(importMistakes(rows, sources), []);
  });

  test("a door opens with words about its folder", () => {
    const doors = sources.filter(({ file }) => rows.some(({ folder }) => file === `src/${folder}/index.ts`));
    assert.ok(doors.length >= 10, "the doors were not found");
    const silent = doors.filter(({ text }) => headerLines(text) < 6).map(({ file }) => file);
    assert.deepEqual(silent, []);
  });

  test("these rules can fail", () => {
    const table = folderTable(
      "| folder | may import | what |\n| --- | --- | --- |\n| `low` | | a |\n| `high` | `low` | b |\n| `all.ts` | everything above | c |\n\n",
    );
    const files = ["src/low/index.ts", "src/high/index.ts", "src/all.ts"];
    const mistake = (file: string, specifier: string) =>
      importMistakes(table, [readSource(file, `import { a } from "${specifier}";`)]).length;
    assert.deepEqual(tableMistakes(table, files), []);
    assert.equal(tableMistakes(table, [...files, "src/new/index.ts"]).length, 1);
    assert.equal(tableMistakes(table, files.slice(1)).length, 1);
    assert.equal(tableMistakes([{ folder: "low", mayImport: ["high"] }, ...table.slice(1)], files).length, 1);
    assert.equal(mistake("src/high/a.ts", "../low/index.ts"), 0);
    assert.equal(mistake("src/high/a.ts", "../low/inner.ts"), 1);
    assert.equal(mistake("src/low/a.ts", "../high/index.ts"), 1);
    assert.equal(mistake("src/low/a.test.ts", "../high/index.ts"), 0);
    assert.equal(mistake("src/low/a.test.ts", "../high/inner.ts"), 1);
    assert.equal(mistake("src/high/a.ts", "../low/testing.ts"), 1);
    assert.equal(mistake("src/high/a.ts", "../low/testing/server.ts"), 1);
    assert.equal(mistake("bench/a.ts", "../src/low/testing/server.ts"), 0);
    assert.equal(mistake("src/high/a.ts", "../../test/cli.ts"), 1);
    assert.equal(mistake("src/all.ts", "./high/index.ts"), 0);
    assert.equal(mistake("bench/a.ts", "../src/low/inner.ts"), 1);
    assert.equal(headerLines("import a;\n/** late */"), 0);
    assert.throws(() => folderTable("# no table"));
  });
});

/** How many lines the comment has that a file begins with. */
function headerLines(text: string): number {
  const header = /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? "";
  return header === "" ? 0 : header.split("\n").length;
}

// What the text of a file may say
// ===============================

describe("source", () => {
  const sources = ["src", "test", "bench", "examples", "scripts"].flatMap(readSources);

  for (const rule of sourceRules)
    test(rule.name, () => {
      for (const snippet of rule.bad)
        assert.ok(rule.find(readSource("bad.ts", snippet)).length > 0, `not found in: ${snippet}`);
      for (const snippet of rule.good)
        assert.deepEqual(rule.find(readSource("good.ts", snippet)), [], `found in: ${snippet}`);
      const held = sources.filter(({ file }) => rule.holdsFor(file) && file !== "test/source-rules.ts");
      assert.ok(held.length > 5, "the rule holds for no files");
      assert.deepEqual(
        held.flatMap((source) => placesOf(source, rule.find(source))),
        [],
      );
    });

  test("a source is split into code and strings", () => {
    const text =
      'const a = /["`]/; // it\'s\nconst b = `x ${c({ d: "}" })} y`; const e = 1 / 2; /* " */ f("g");';
    const { code, strings } = readSource("a.ts", text);
    assert.deepEqual(
      strings.map(({ value }) => value),
      ["x ", "}", " y", "g"],
    );
    assert.equal(code.length, text.length);
    assert.equal(
      code.replace(/ +/g, " "),
      'const a = ; \nconst b = ` ${c({ d: " " })} `; const e = 1 / 2; f(" ");',
    );
  });

  test("casts stay rare: at most 4 in 1,000 lines", () => {
    const product = sources.filter(({ file }) => file.startsWith("src/") && !isTestFile(file));
    const lines = product.reduce((sum, { text }) => sum + text.split("\n").length, 0);
    const casts = product.flatMap(castsIn);
    assert.equal(castsIn(readSource("a.ts", "const a = b as C; const d = [1] as const;")).length, 1);
    assert.equal(castsIn(readSource("a.ts", 'import { a as b } from "c"; note("as it is");')).length, 0);
    assert.ok((casts.length / lines) * 1000 <= 4, `${casts.length} in ${lines} lines`);
  });
});

function placesOf(source: SourceText, offsets: readonly number[]): readonly string[] {
  return offsets.map((offset) => {
    const line = lineAt(source.text, offset);
    return `${source.file}:${line} ${source.text.split("\n")[line - 1]?.trim()}`;
  });
}

function castsIn(source: SourceText): readonly string[] {
  const renamed = importsOf(source).reduce(
    (count, { names }) => count + (names.match(/\sas\s/g)?.length ?? 0),
    0,
  );
  return (source.code.match(/\sas\s+(?!const\b|unknown\s+as\b)/g) ?? []).slice(renamed);
}

// What Biome holds
// ================
// Biome parses, so it is the better judge of these; the test proves that biome.json switches them on.

const lines = (count: number, line: string) => `${line}\n`.repeat(count);
const lintRules: Readonly<Record<string, string>> = {
  noExplicitAny: "export const a: any = 1;",
  noNonNullAssertion: "export const a = (b: string | null) => b!.length;",
  noExcessiveLinesPerFunction: `export function a(b: number[]) {\n${lines(71, "  b.push(1);")}}\n`,
  noExcessiveLinesPerFile: lines(501, "export {};"),
  noGlobalEval: 'export const a = eval("1");',
  noUnusedVariables: "const a = 1;",
  noUnusedImports: 'import { a } from "./a.ts";',
  useNodejsImportProtocol: 'export { join } from "path";',
};

describe("lint", () => {
  const folder = mkdtempSync(join(tmpdir(), "flyball-lint-"));
  for (const file of ["biome.json", ".gitignore"]) copyFileSync(join(root, file), join(folder, file));
  for (const [rule, snippet] of Object.entries(lintRules)) writeFileSync(join(folder, `${rule}.ts`), snippet);
  const biome = join(root, "node_modules/.bin/biome");
  const { stdout } = spawnSync(biome, ["lint", "--reporter=github"], { cwd: folder, encoding: "utf8" });
  rmSync(folder, { recursive: true });

  for (const rule of Object.keys(lintRules))
    test(`${rule} is an error`, () => {
      assert.match(stdout, new RegExp(`^::error title=lint/\\w+/${rule},file=\\S*${rule}\\.ts`, "m"));
    });
});

// The whole project
// =================

describe("project", () => {
  const binary = /\.(?:png|jpg|ico|woff2|wasm|gz|db)$/;
  const texts = projectFiles()
    .filter((file) => !binary.test(file))
    .map((file) => ({ file, text: readProjectFile(file) }));

  for (const rule of textRules)
    test(rule.name, () => {
      for (const snippet of rule.bad) assert.match(snippet, rule.pattern);
      for (const snippet of rule.good) assert.doesNotMatch(snippet, rule.pattern);
      assert.deepEqual(
        texts.filter(({ text }) => rule.pattern.test(text)).map(({ file }) => file),
        [],
      );
    });

  test("package.json names exact versions", () => {
    assert.deepEqual(inexact({ a: "1.2.3", b: "^1.2.3", c: "~1.0.0", d: "latest", e: "1.x" }), [
      "b",
      "c",
      "d",
      "e",
    ]);
    const { dependencies, devDependencies } = JSON.parse(readProjectFile("package.json"));
    assert.deepEqual(inexact({ ...dependencies, ...devDependencies }), []);
  });

  test("package-lock.json fits package.json and covers every system", () => {
    const manifest = JSON.parse(readProjectFile("package.json"));
    const { packages } = JSON.parse(readProjectFile("package-lock.json"));
    for (const group of ["dependencies", "devDependencies"])
      assert.deepEqual(packages[""][group], manifest[group], group);
    const gap = { "node_modules/a": { optionalDependencies: { "a-win32": "1.0.0" } } };
    assert.deepEqual(optionalGaps(gap), ["a-win32"]);
    // `npm ci` refuses a lock that lacks an optional package of another system.
    assert.deepEqual(optionalGaps(packages), []);
  });
});

function inexact(versions: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(versions).filter((name) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(versions[name] ?? ""));
}

type LockedPackages = Readonly<
  Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
>;

function optionalGaps(packages: LockedPackages): readonly string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
    ),
  );
}
