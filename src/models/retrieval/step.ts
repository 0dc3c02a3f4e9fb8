import { z } from "zod";
import type { Json, JsonObject } from "../../core/base/index.ts";
import {
  type Asset,
  type AssetReference,
  expression,
  type StepContext,
  type StepKind,
  type StepOutcome,
} from "../../core/workflow/index.ts";
import { ensureIndex } from "./build.ts";
import { RetrievalInputInvalid } from "./errors.ts";
import { limitDefault, limitMax } from "./limits.ts";
import { queryTerms } from "./query.ts";
import type { Hit, Passage, SearchIndexes } from "./search.ts";

export interface Retrieval {
  readonly retrievalKind: StepKind;
  /** Builds the index of an asset ahead of its first question. Throws `IndexSourceChanged`. */
  prepare(asset: Asset): void;
}

const config = z.strictObject({
  index: z.string().min(1).optional().describe("The name of an index; or give `source`."),
  source: z.string().min(1).optional().describe("A folder or file of Markdown or text."),
  query: z
    .string()
    .optional()
    .describe("The question. Without one: the first documents, in the order of the files."),
  limit: expression(z.int().min(1).max(limitMax))
    .optional()
    .describe(`Documents wanted; ${limitDefault} if not given.`),
});

/** `indexes` keeps what is built; `baseDir` is the project that folders are relative to. */
export function createRetrieval(deps: { indexes: SearchIndexes; baseDir: string }): Retrieval {
  const prepare = (asset: Asset) => ensureIndex(asset, deps.baseDir, deps.indexes);
  return {
    prepare,
    retrievalKind: {
      name: "retrieval",
      summary: "Finds the documents that fit a question, in an index of Markdown or text.",
      config,
      fields: ["documents"],
      callsOut: false,
      effect: () => "read",
      references,
      check,
      execute: (config, context) => retrieve(config, context, { indexes: deps.indexes, prepare }),
    },
  };
}

function references(config: JsonObject): readonly AssetReference[] {
  const member = config.index === undefined ? "source" : "index";
  const name = config[member];
  if (typeof name !== "string" || check(config).length > 0) return [];
  return [{ kind: "index", name, path: [member] }];
}

function check(config: JsonObject): readonly { path: readonly (string | number)[]; message: string }[] {
  const { index, source } = config;
  if ((index === undefined) === (source === undefined))
    return [
      { path: [], message: "expected either `index` (the name of an index) or `source` (a folder or file)" },
    ];
  const member = index === undefined ? "source" : "index";
  const name = String(config[member]);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(name)?.[1];
  if (scheme === undefined) return [];
  const message = `reading from ${scheme}:// is not built yet: expected a folder or file of the project; copy the files there first`;
  return [{ path: [member], message }];
}

function retrieve(
  config: JsonObject,
  context: StepContext,
  deps: { indexes: SearchIndexes; prepare: (asset: Asset) => string },
): StepOutcome {
  const limit = limitOf(config.limit);
  const name = config.index ?? config.source;
  if (typeof name !== "string") throw new RetrievalInputInvalid("index", "the name of an index");
  const snapshot = deps.prepare(context.asset("index", name));
  const documents =
    config.query === undefined || config.query === null
      ? deps.indexes.list(snapshot, limit).map((passage) => document(passage, null))
      : search(deps.indexes, snapshot, questionOf(config.query), limit);
  return { result: { value: documents, documents } };
}

function search(indexes: SearchIndexes, snapshot: string, question: string, limit: number): readonly Json[] {
  const terms = queryTerms(question);
  const hits: readonly Hit[] = terms.length === 0 ? [] : indexes.search(snapshot, terms, limit);
  return hits.map((hit) => document(hit, Number(hit.score.toFixed(4))));
}

function document({ id, title, text, source }: Passage, score: number | null): Json {
  return { id, title, text, score, source };
}

function limitOf(limit: Json | undefined): number {
  if (limit === undefined) return limitDefault;
  const count = typeof limit === "string" ? Number(limit) : limit;
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > limitMax)
    throw new RetrievalInputInvalid("limit", `a whole number from 1 to ${limitMax}`);
  return count;
}

/** A question is text; anything else that an expression gave is asked as its JSON. */
function questionOf(query: Json): string {
  return typeof query === "string" ? query : JSON.stringify(query);
}
