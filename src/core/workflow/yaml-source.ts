import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import type { Json } from "../base/index.ts";
import { type Problem, WorkflowInvalid } from "./errors.ts";
import { aliasedValuesMax, problemsMax, sourceBytesMax, sourceDepthMax } from "./limits.ts";
import type { Source, Where } from "./source.ts";
import { camelCase, type Path } from "./spelling.ts";

type YamlNode = ParsedNode | null | undefined;

/**
 * Reads YAML 1.2 (core schema) or JSON. Throws `WorkflowInvalid` with every problem of syntax, and for
 * what YAML can say and JSON cannot: infinities, tags, keys that are no text, a key given twice.
 */
export function yamlSource(text: string, file: string): Source {
  const bytes = Buffer.byteLength(text);
  if (bytes > sourceBytesMax)
    throw new WorkflowInvalid([
      {
        file,
        line: 1,
        column: 1,
        message: `the file has ${bytes} bytes; at most ${sourceBytesMax} are read`,
      },
    ]);
  const lines = new LineCounter();
  const document = parseDocument<ParsedNode>(text, {
    version: "1.2",
    schema: "core",
    stringKeys: true,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: "error",
    lineCounter: lines,
    // The library compares every key with every other, half a minute for 20,000; the reader below uses a set.
    uniqueKeys: false,
  });
  const problemAt = (offset: number, message: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), message };
  };
  const failures = [...document.errors, ...document.warnings];
  if (failures.length > 0) throw new WorkflowInvalid(syntaxProblems(text, failures, problemAt));
  const reader = new Reader(problemAt);
  const value = reader.read(document.contents, 0, false);
  if (reader.problems.length > 0) throw new WorkflowInvalid(reader.problems);
  return {
    file,
    value,
    spelling: text.trimStart().startsWith("{") ? "camel" : "snake",
    problem: (path, message, where = "value") =>
      problemAt(offsetOf(text, document.contents, path, where, reader.targets), message),
  };
}

/** The first problem in full; those behind it are mostly its echo, so one for each line is enough. */
function syntaxProblems(
  text: string,
  failures: readonly YAMLError[],
  problemAt: (offset: number, message: string) => Problem,
): readonly Problem[] {
  const exhausted = failures.find((failure) => failure.code === "RESOURCE_EXHAUSTION");
  if (exhausted) return [problemAt(exhausted.pos[0], depthMessage)];
  const byLine = new Map<number, Problem>();
  for (const failure of failures.slice(0, problemsMax)) {
    const problem = problemAt(failure.pos[0], syntaxMessage(text, failure));
    if (!byLine.has(problem.line)) byLine.set(problem.line, problem);
  }
  return [...byLine.values()].sort((a, b) => a.line - b.line).slice(0, 10);
}

const depthMessage = `lists and mappings nest deeper than ${sourceDepthMax}`;

function syntaxMessage(text: string, failure: YAMLError): string {
  const start = failure.pos[0];
  const around = text.slice(Math.max(0, start - 1), start + 2);
  if (failure.code === "NON_STRING_KEY")
    return around.includes("{{")
      ? 'an expression at the start of a value needs quotes: "{{ … }}"'
      : "a key must be text";
  if (failure.code === "MULTIPLE_DOCS")
    return "a file holds one workflow, and this has a second document after `---`";
  if (failure.code === "TAG_RESOLVE_FAILED") return "tags (`!name`) mean nothing here: expected plain data";
  if (failure.code === "TAB_AS_INDENT") return "indentation must be spaces, and this is a tab";
  return `this is not YAML: ${failure.message.charAt(0).toLowerCase()}${failure.message.slice(1)}`;
}

/** Turns nodes into plain data, within the limits, and remembers what each alias stands for. */
class Reader {
  readonly problems: Problem[] = [];
  readonly targets = new Map<Alias, ParsedNode>();
  readonly #anchors = new Map<string, ParsedNode>();
  readonly #problemAt: (offset: number, message: string) => Problem;
  #aliasedValues = 0;

  constructor(problemAt: (offset: number, message: string) => Problem) {
    this.#problemAt = problemAt;
  }

  read(node: YamlNode, depth: number, aliased: boolean): Json {
    if (!node || this.problems.length >= problemsMax) return null;
    if (depth > sourceDepthMax) return this.#refuse(node, depthMessage);
    if (aliased && ++this.#aliasedValues > aliasedValuesMax)
      return this.#aliasedValues > aliasedValuesMax + 1
        ? null
        : this.#refuse(node, `aliases of this file stand for more than ${aliasedValuesMax} values`);
    if (isAlias(node)) return this.#readAlias(node, depth);
    if (node.anchor && !aliased) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#readScalar(node);
    if (isSeq<ParsedNode>(node)) return node.items.map((item) => this.read(item, depth + 1, aliased));
    return isMap<ParsedNode, YamlNode>(node) ? this.#readMap(node, depth, aliased) : null;
  }

  #refuse(node: ParsedNode, message: string): null {
    const problem = this.#problemAt(node.range[0], message);
    const isSame = (other: Problem) => other.line === problem.line && other.message === problem.message;
    if (!this.problems.some(isSame)) this.problems.push(problem);
    return null;
  }

  #readAlias(node: Alias.Parsed, depth: number): Json {
    const target = this.#anchors.get(node.source);
    if (!target)
      return this.#refuse(node, `\`*${node.source}\` stands for nothing: no \`&${node.source}\` before it`);
    this.targets.set(node, target);
    return this.read(target, depth + 1, true);
  }

  #readScalar(node: Scalar.Parsed): Json {
    const { value } = node;
    if (typeof value === "number") {
      if (!Number.isFinite(value))
        return this.#refuse(node, `${node.source} is not a number that JSON knows`);
      if (/^[-+]?\d+$/.test(node.source) && !Number.isSafeInteger(value))
        return this.#refuse(
          node,
          `${node.source} is too large to be kept exactly: write it as text, in quotes`,
        );
    }
    if (typeof value === "string" && !value.isWellFormed())
      return this.#refuse(node, "this text holds half of a surrogate pair, which is no character");
    return value === null || ["string", "number", "boolean"].includes(typeof value)
      ? (value as Json)
      : this.#refuse(node, "expected plain data");
  }

  #readMap(node: YAMLMap<ParsedNode, YamlNode>, depth: number, aliased: boolean): Json {
    const object: Record<string, Json> = {};
    for (const pair of node.items) {
      const key = keyOf(pair);
      if (key === undefined) this.#refuse(pair.key, "a key must be text");
      else if (key === "__proto__") this.#refuse(pair.key, "`__proto__` cannot be a key");
      else if (Object.hasOwn(object, key)) this.#refuse(pair.key, `\`${key}\` is here twice`);
      else object[key] = this.read(pair.value, depth + 1, aliased);
    }
    return object;
  }
}

function keyOf(pair: Pair<ParsedNode, YamlNode>): string | undefined {
  return isScalar(pair.key) && typeof pair.key.value === "string" ? pair.key.value : undefined;
}

/** Follows a path as far as it goes; what is missing is reported where it should have been. */
function offsetOf(
  text: string,
  root: YamlNode,
  path: Path,
  where: Where,
  targets: ReadonlyMap<Alias, ParsedNode>,
): number {
  let node = root;
  let key: ParsedNode | undefined;
  for (const segment of path) {
    const around = node && isAlias(node) ? targets.get(node) : node;
    const next = around && childOf(around, segment);
    if (!next) return (key ?? node)?.range[0] ?? 0;
    key = next.key;
    node = next.value;
  }
  if (where === "key" || !node || node.range[0] === node.range[1]) return (key ?? node)?.range[0] ?? 0;
  return typeof where === "number" ? offsetInText(text, node, where) : node.range[0];
}

function childOf(
  node: ParsedNode,
  segment: string | number,
): { key?: ParsedNode; value: YamlNode } | undefined {
  if (isSeq<ParsedNode>(node)) {
    const value = node.items[Number(segment)];
    return value && { value };
  }
  if (!isMap<ParsedNode, YamlNode>(node)) return undefined;
  const pair =
    node.items.find((item) => keyOf(item) === segment) ??
    node.items.find((item) => camelCase(keyOf(item) ?? "") === camelCase(String(segment)));
  return pair && { key: pair.key, value: pair.value };
}

/**
 * The place in the file of a character of a text. Quotes, folding and indentation come between the two,
 * so the word there is looked for: the one with as many like it before it.
 */
function offsetInText(text: string, node: ParsedNode, offset: number): number {
  const start = node.range[0];
  if (!isScalar(node) || typeof node.value !== "string") return start;
  const word = /^(?:\w+|[^\w\s]|\s)/.exec(node.value.slice(offset))?.[0];
  if (!word) return start;
  const written = text.slice(start, node.range[1]);
  const opening = /^["'|>]/.test(written) ? 1 : 0;
  let found = written.indexOf(word, opening);
  for (let at = node.value.indexOf(word); at !== -1 && at < offset; at = node.value.indexOf(word, at + 1))
    found = written.indexOf(word, found + 1);
  return found === -1 ? start : start + found;
}
