import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
} from "yaml";
import type { z } from "zod";
import { type Json, messageOf, nearestName, toJson } from "../../base/index.ts";
import { type Problem, WorkflowInvalid } from "../../workflow/index.ts";

/** Where something stands within a document. */
export type Place = readonly PropertyKey[];

/** A YAML or JSON file of an asset, read, with the positions of what is in it. */
export interface Source {
  readonly value: Json;
  /** A problem located at a place, or at the nearest thing around it that is there. */
  problem(place: Place, message: string): Problem;
}

/** The longest asset file, in bytes of UTF-8. */
const assetBytesMax = 1024 * 1024;
/** How many values the aliases of one file may stand for: stops a "billion laughs". */
const aliasesMax = 100;

/** Reads a file. Throws `WorkflowInvalid` when it is too long, is no YAML, or is no plain data. */
export function readSource(file: string, text: string): Source {
  if (Buffer.byteLength(text) > assetBytesMax)
    throw new WorkflowInvalid([
      { file, line: 1, column: 1, message: `is longer than ${assetBytesMax} bytes` },
    ]);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    version: "1.2",
    schema: "core",
    stringKeys: true,
    prettyErrors: false,
    logLevel: "error",
    // The library compares every key with every other, which takes half a minute for 20,000.
    uniqueKeys: false,
  });
  const at = (offset: number, message: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col), message };
  };
  const [error] = [...document.errors, ...document.warnings];
  if (error) throw new WorkflowInvalid([at(error.pos[0], error.message)]);
  const twice = repeatedKeys(document);
  if (twice.length > 0)
    throw new WorkflowInvalid(
      twice.map((key) => at(key.range?.[0] ?? 0, `"${key.value}" stands here twice`)),
    );
  const problem = (place: Place, message: string) => at(offsetOf(document.contents, place), message);
  try {
    return { value: toJson(document.toJS({ maxAliasCount: aliasesMax }), "the file"), problem };
  } catch (cause) {
    throw new WorkflowInvalid([problem([], messageOf(cause))]);
  }
}

function repeatedKeys(document: Document): Scalar[] {
  const found: Scalar[] = [];
  visit(document, {
    Map(_key, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) found.push(key);
        seen.add(key.value);
      }
    },
  });
  return found;
}

/** The value as the schema has it. Throws `WorkflowInvalid` with every problem; `known` are names for "did you mean". */
export function checkedSource<T>(source: Source, schema: z.ZodType<T>, known: readonly string[]): T {
  const parsed = schema.safeParse(source.value);
  if (parsed.success) return parsed.data;
  throw new WorkflowInvalid(parsed.error.issues.flatMap((issue) => problemsOf(source, issue, known)));
}

function problemsOf(source: Source, issue: z.core.$ZodIssue, known: readonly string[]): Problem[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => {
      const nearest = nearestName(key, known);
      const hint = nearest && nearest !== key ? `; did you mean "${nearest}"?` : "";
      return source.problem([...issue.path, key], `unknown field "${key}"${hint}`);
    });
  const where = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  return [source.problem(issue.path, `${where}${issue.message.replace(/^Invalid input: /, "")}`)];
}

/** For a member its key, for an item its first character, for what is missing the thing around it. */
function offsetOf(root: Node | null, place: Place): number {
  let node: Node | null = root;
  let offset = root?.range?.[0] ?? 0;
  for (const name of place) {
    const next = step(node, name);
    if (!next) return offset;
    offset = next.offset ?? offset;
    node = next.node;
  }
  return offset;
}

function step(
  node: Node | null,
  name: PropertyKey,
): { node: Node | null; offset: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && String(item.key) === String(name));
    if (!pair) return undefined;
    return {
      node: isNode(pair.value) ? pair.value : null,
      offset: isNode(pair.key) ? pair.key.range?.[0] : undefined,
    };
  }
  const items: readonly unknown[] = node && "items" in node && Array.isArray(node.items) ? node.items : [];
  const item = items[Number(name)];
  return isNode(item) ? { node: item, offset: item.range?.[0] } : undefined;
}
