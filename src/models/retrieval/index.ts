/**
 * retrieval: finds the passages that an answer can rest on.
 *
 * What: folders of Markdown or text become index assets; a `retrieval` step asks one a question and
 * gets the best passages, ranked by BM25.
 * Owns: what a document and a passage are, how text is cut into them, and the interface `SearchIndexes`
 * that a store implements.
 * Promises: an index is named by the SHA-256 of its files (the snapshot). Once built it answers the same
 * for ever, whatever becomes of the folder; a folder that changed before it was built is an error, never
 * a silent difference. A question is data: nothing in it is read as query syntax.
 * Read first: `search.ts` (the interface), `asset.ts` (the snapshot), `ingest.ts` (files to passages),
 * then `step.ts`.
 */
export { type IndexContent, indexAsset } from "./asset.ts";
export * from "./errors.ts";
export { passagesOf } from "./ingest.ts";
export { queryTerms } from "./query.ts";
export type { Hit, Passage, SearchIndexes } from "./search.ts";
export { type IndexSettings, indexSettings, retrievalSource } from "./settings.ts";
export { createRetrieval, type Retrieval } from "./step.ts";
