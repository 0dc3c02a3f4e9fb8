// How well retrieval ranks: nDCG@10 on SciFact's training claims and mean average precision on CACM.
// Prints one JSON line each, with the machine and the versions. Run it: node bench/retrieval.ts
// The collections are data beside the project (../shared/data) and not part of it; without them the
// bench says so and ends well.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { systemClock } from "../src/core/base/index.ts";
import { type Passage, passagesOf, queryTerms } from "../src/models/retrieval/index.ts";
import { sqliteSearchIndexes } from "../src/store/sqlite/index.ts";

type Judged = Map<string, Map<string, number>>;
interface Document {
  readonly _id: string;
  readonly title?: string;
  readonly text: string;
}
interface Collection {
  readonly name: string;
  readonly folder: string;
  readonly queries: string;
  readonly judgements: string;
  readonly metric: "ndcg@10" | "map";
  readonly bar: number;
}

const data = resolve(import.meta.dirname, "../../shared/data");
const collections: readonly Collection[] = [
  {
    name: "scifact-train",
    folder: "scifact",
    queries: "train_queries.jsonl",
    judgements: "train_qrels.tsv",
    metric: "ndcg@10",
    bar: 0.675,
  },
  {
    name: "cacm",
    folder: "cacm",
    queries: "queries.jsonl",
    judgements: "qrels.tsv",
    metric: "map",
    bar: 0.308,
  },
];

/** Documents judged for one question, best first: the passages' documents, each at its best passage. */
function rankedDocuments(passages: readonly Passage[]): readonly string[] {
  return [...new Set(passages.map((passage) => passage.source))];
}

/** Normalised discounted cumulative gain of the first ten (Järvelin and Kekäläinen 2002), gain = judgement. */
function ndcg(ranked: readonly string[], relevant: ReadonlyMap<string, number>): number {
  const gainOf = (gains: readonly number[]) =>
    gains.slice(0, 10).reduce((sum, gain, rank) => sum + gain / Math.log2(rank + 2), 0);
  const ideal = gainOf([...relevant.values()].sort((a, b) => b - a));
  return gainOf(ranked.map((id) => relevant.get(id) ?? 0)) / ideal;
}

function averagePrecision(ranked: readonly string[], relevant: ReadonlyMap<string, number>): number {
  let found = 0;
  let sum = 0;
  for (const [rank, id] of ranked.entries()) if (relevant.has(id)) sum += ++found / (rank + 1);
  return sum / relevant.size;
}

function jsonLines<T>(text: string, read: (value: Record<string, string>) => T): readonly T[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => read(JSON.parse(line)));
}

function judgementsOf(text: string): Judged {
  const judged: Judged = new Map();
  for (const line of text.split("\n").slice(1)) {
    const [query = "", document = "", score = "0"] = line.split("\t");
    if (Number(score) > 0)
      judged.set(query, (judged.get(query) ?? new Map<string, number>()).set(document, Number(score)));
  }
  return judged;
}

function measure(collection: Collection, home: string) {
  const folder = join(data, collection.folder);
  const documents = jsonLines(
    gunzipSync(readFileSync(join(folder, "corpus.jsonl.gz"))).toString("utf8"),
    (line): Document => ({ _id: line._id ?? "", title: line.title ?? "", text: line.text ?? "" }),
  );
  const queries = jsonLines(readFileSync(join(folder, collection.queries), "utf8"), (line) => line);
  const judged = judgementsOf(readFileSync(join(folder, collection.judgements), "utf8"));
  const indexes = sqliteSearchIndexes(home);
  const snapshot = collection.name === "cacm" ? "c".repeat(64) : "5".repeat(64);
  const buildFromMs = systemClock.monotonic();
  const passages = documents.flatMap((document) =>
    passagesOf(document._id, document.title ? `# ${document.title}\n\n${document.text}` : document.text),
  );
  indexes.build(snapshot, passages);
  const builtMs = systemClock.monotonic() - buildFromMs;
  const askFromMs = systemClock.monotonic();
  const scores = queries.flatMap((query) => {
    const relevant = judged.get(query._id ?? "");
    if (!relevant) return [];
    const ranked = rankedDocuments(indexes.search(snapshot, queryTerms(query.text ?? ""), 1_000));
    return [collection.metric === "map" ? averagePrecision(ranked, relevant) : ndcg(ranked, relevant)];
  });
  const askMs = systemClock.monotonic() - askFromMs;
  indexes.close();
  return {
    bench: "retrieval",
    collection: collection.name,
    documents: documents.length,
    passages: passages.length,
    queries: scores.length,
    metric: collection.metric,
    value: Number((scores.reduce((sum, score) => sum + score, 0) / scores.length).toFixed(4)),
    bar: collection.bar,
    buildMs: Math.round(builtMs),
    askMsMean: Number((askMs / scores.length).toFixed(2)),
    node: process.version,
    sqlite: process.versions.sqlite,
    machine: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  };
}

export async function main(): Promise<void> {
  for (const collection of collections) {
    if (!existsSync(join(data, collection.folder))) {
      console.log(
        JSON.stringify({ bench: "retrieval", collection: collection.name, skipped: "skipped: no data" }),
      );
      continue;
    }
    const home = mkdtempSync(join(tmpdir(), "flyball-bench-"));
    try {
      console.log(JSON.stringify(measure(collection, home)));
    } finally {
      rmSync(home, { recursive: true });
    }
  }
}

if (import.meta.main) await main();
