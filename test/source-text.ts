import { readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";

// Reads source files as text: TypeScript 7 has no compiler API in JavaScript, and the rules that
// architecture.test.ts holds need no more than code without its comments and strings.

export const root = resolve(import.meta.dirname, "..");

/** Where a string literal, or one part of a template between two expressions, begins and what it holds. */
export interface StringLiteral {
  readonly offset: number;
  readonly value: string;
}

export interface SourceText {
  /** Path from the project's root, with slashes. */
  readonly file: string;
  readonly text: string;
  /** The text with comments and the insides of strings and regular expressions blanked out. */
  readonly code: string;
  readonly strings: readonly StringLiteral[];
}

export interface Import {
  readonly offset: number;
  readonly specifier: string;
  /** The code from `import` to `from`: the names. */
  readonly names: string;
}

const notOurs = new Set(["node_modules", ".git", ".flyball", ".cache", "dist", "coverage"]);

/** All files of the project under a folder, as paths from the root. */
export function projectFiles(folder = ""): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (notOurs.has(entry.name)) return []; // .git is a file in a work tree of its own
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return projectFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

export function readProjectFile(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const quoted = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;
const templatePart = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
const regularExpression = /\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const beforeRegularExpression =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|do|else))\s*$/;

/** Splits a source file into code and strings. Throws on a template without an end. */
export function readSource(file: string, text: string): SourceText {
  const code = text.split("");
  const strings: StringLiteral[] = [];
  const openBraces: number[] = []; // in each template expression that we are inside of
  let at = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const blank = (from: number, to: number) => {
    for (let index = from; index < to; index++) if (code[index] !== "\n") code[index] = " ";
  };
  const takeTemplatePart = () => {
    at += 1;
    const part = take(templatePart);
    if (part === undefined) throw new Error(`${file}:${lineAt(text, at)}: a template has no end`);
    const value = part.replace(/(?:`|\$\{)$/, "");
    strings.push({ offset: at, value });
    blank(at, at + value.length);
    at += part.length;
    if (part.endsWith("${")) openBraces.push(0);
  };
  const takeBrace = (step: 1 | -1) => {
    const depth = openBraces.pop();
    if (depth === 0 && step === -1) return takeTemplatePart();
    if (depth !== undefined) openBraces.push(depth + step);
    at += 1;
  };

  while (at < text.length) {
    const character = text[at];
    const hidden = character === "/" ? (take(comment) ?? takeRegularExpression()) : undefined;
    const literal = character === '"' || character === "'" ? take(quoted) : undefined;
    if (hidden !== undefined) {
      blank(at, at + hidden.length);
      at += hidden.length;
    } else if (literal !== undefined) {
      strings.push({ offset: at, value: literal.slice(1, -1) });
      blank(at + 1, at + literal.length - 1);
      at += literal.length;
    } else if (character === "`") takeTemplatePart();
    else if (character === "{") takeBrace(1);
    else if (character === "}") takeBrace(-1);
    else at += 1;
  }
  return { file, text, code: code.join(""), strings };

  function takeRegularExpression(): string | undefined {
    const before = code.slice(Math.max(0, at - 40), at).join("");
    return beforeRegularExpression.test(before) ? take(regularExpression) : undefined;
  }
}

export function readSources(folder: string): readonly SourceText[] {
  const files = projectFiles(folder).filter((file) => /\.(?:ts|mjs)$/.test(file));
  return files.map((file) => readSource(file, readProjectFile(file)));
}

/** Everything that a file imports or re-exports, also at run time by `import("…")`. */
export function importsOf({ code, strings }: SourceText): readonly Import[] {
  return strings.flatMap(({ offset, value }) => {
    const before = code.slice(0, offset);
    if (!/(?:\bfrom|\bimport|\bimport\()\s*$/.test(before)) return [];
    const from = Math.max(before.lastIndexOf("import"), before.lastIndexOf("export"));
    return [{ offset, specifier: value, names: before.slice(from) }];
  });
}
