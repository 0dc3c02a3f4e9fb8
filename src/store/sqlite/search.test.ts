import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  isJsonObject,
  type Json,
  type JsonObject,
  ManualClock,
  seededRandom,
} from "../../core/base/index.ts";
import type { Asset, StepContext } from "../../core/workflow/index.ts";
import { createRetrieval, indexAsset, indexSettings, retrievalSource } from "../../models/retrieval/index.ts";
import { sqliteSearchIndexes } from "./search.ts";

const articles = {
  "cards/lost.md":
    "# A lost card\n\nReport a lost or stolen card at once in the app. We block it and send another.",
  "cards/fees.md": "---\ntitle: What we charge\n---\nA replacement costs five euros. Café payments are free.",
  "refunds.txt": "Refunds take three working days. You must ask within a month.",
};

interface Bundle {
  readonly folder: string;
  readonly home: string;
  write(files: Readonly<Record<string, string>>): void;
  asset(): Asset;
  ask(config: JsonObject, asset?: Asset): Promise<readonly JsonObject[]>;
}

async function withFolder(
  files: Readonly<Record<string, string>>,
  use: (bundle: Bundle) => Promise<void> | void,
) {
  const base = mkdtempSync(join(tmpdir(), "flyball-retrieval-"));
  const [folder, home] = [join(base, "help"), join(base, "home")];
  const indexes = sqliteSearchIndexes(join(home, "indexes"));
  const { retrievalKind } = createRetrieval({ indexes, baseDir: base });
  const write = (texts: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(texts)) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  const asset = () => indexAsset({ name: "help", folder: "help", baseDir: base });
  const ask = async (config: JsonObject, pinned = asset()) => {
    const outcome = await retrievalKind.execute({ index: "help", ...config }, contextOf(pinned));
    assert.ok("result" in outcome);
    assert.deepEqual(outcome.result.value, outcome.result.documents);
    const documents: Json = outcome.result.value;
    assert.ok(Array.isArray(documents));
    return documents.filter((document): document is JsonObject => isJsonObject(document));
  };
  try {
    write(files);
    await use({ folder, home, write, asset, ask });
  } finally {
    indexes.close();
    rmSync(base, { recursive: true });
  }
}

function contextOf(asset: Asset): StepContext {
  return {
    runId: "run-1",
    workflow: "test",
    path: "similar",
    key: "run-1/similar",
    attempt: 1,
    waitKey: null,
    use: () => {},
    tags: {},
    effects: "live",
    signal: new AbortController().signal,
    clock: new ManualClock(),
    random: seededRandom(1),
    expected: undefined,
    asset: () => asset,
    evaluate: () => null,
  };
}

test("a question finds the passages that answer it, best first, with title, source and score", () =>
  withFolder(articles, async ({ ask }) => {
    const [first, ...others] = await ask({ query: "My card was STOLEN!! what now?" });
    assert.deepEqual(structuredClone(first), {
      id: "cards/lost.md",
      title: "A lost card",
      text: articles["cards/lost.md"],
      score: first?.score ?? null,
      source: "cards/lost.md",
    });
    assert.ok(Number(first?.score) > 0);
    for (const other of others) assert.ok(Number(other.score) <= Number(first?.score));
    assert.equal((await ask({ query: "how much do you charge" }))[0]?.title, "What we charge");
    assert.equal((await ask({ query: "cafe" }))[0]?.source, "cards/fees.md");
    assert.equal((await ask({ query: "a refund" }))[0]?.source, "refunds.txt");
  }));

test("a limit holds, and a question without words, or without a match, finds nothing", () =>
  withFolder(articles, async ({ ask }) => {
    assert.equal((await ask({ query: "card refunds charge", limit: 2 })).length, 2);
    assert.equal((await ask({ query: "card refunds charge", limit: "1" })).length, 1);
    for (const query of ["", "?!… \"' --", "zyzzyva"]) assert.deepEqual(await ask({ query }), []);
    for (const limit of [0, 1.5, "many", 1_001])
      await assert.rejects(ask({ query: "card", limit }), { code: "RETRIEVAL_INPUT_INVALID" });
  }));

test("nothing in a question is read as query syntax", () =>
  withFolder(articles, async ({ ask }) => {
    const hostile = [
      'card" OR "refunds',
      "card NOT lost",
      "NEAR(card lost, 2)",
      "title: card",
      "card*",
      "^card",
      "{title text}: card",
      "'; DROP TABLE passages; --",
      "card\0lost",
      "(((",
      "AND",
      "💳 card",
      "карта card",
      "x".repeat(100_000),
      "card ".repeat(50_000),
    ];
    for (const query of hostile) assert.ok(Array.isArray(await ask({ query })), query.slice(0, 40));
    assert.equal((await ask({ query: "card NOT lost" }))[0]?.source, "cards/lost.md");
    assert.equal((await ask({ query: { topic: "refunds" } }))[0]?.source, "refunds.txt");
  }));

test("without a question the documents come in the order of the files", () =>
  withFolder(articles, async ({ ask }) => {
    const documents = await ask({});
    assert.deepEqual(
      documents.map(({ source, score }) => [source, score]),
      [
        ["cards/fees.md", null],
        ["cards/lost.md", null],
        ["refunds.txt", null],
      ],
    );
  }));

test("a snapshot that was indexed answers the same after its folder changed; the folder has a new one", () =>
  withFolder(articles, async ({ ask, asset, write, folder }) => {
    const pinned = asset();
    const before = await ask({ query: "refund" }, pinned);
    write({ "refunds.txt": "We give nothing back." });
    assert.deepEqual(await ask({ query: "refund" }, pinned), before);
    assert.notEqual(asset().digest, pinned.digest);
    assert.deepEqual(await ask({ query: "within a month" }), []);
    rmSync(folder, { recursive: true });
    assert.deepEqual(await ask({ query: "refund" }, pinned), before);
  }));

test("a folder that changed before it was indexed is an error that says so", () =>
  withFolder(articles, async ({ ask, asset, write, folder }) => {
    const pinned = asset();
    write({ "refunds.txt": "We give nothing back." });
    await assert.rejects(ask({ query: "refund" }, pinned), {
      code: "INDEX_SOURCE_CHANGED",
      message: /changed after/,
    });
    rmSync(folder, { recursive: true });
    await assert.rejects(ask({ query: "refund" }, pinned), { code: "INDEX_SOURCE_UNREADABLE" });
  }));

test("the digest is that of paths and contents: hidden files, links and other formats do not count", () =>
  withFolder(articles, ({ asset, write, folder }) => {
    const before = asset().digest;
    write({ ".git/x.md": "hidden", "logo.png": "image", ".notes.md": "hidden" });
    symlinkSync("/etc", join(folder, "link"));
    assert.equal(asset().digest, before);
    write({ "cards/new.md": "" });
    assert.notEqual(asset().digest, before);
  }));

test("an index is named in the settings, by its folder under indexes, or by a path", () =>
  withFolder(articles, ({ folder }) => {
    const baseDir = join(folder, "..");
    const settings = indexSettings.parse({ center: { folder: "help" }, short: "help/cards" });
    const { find, names } = retrievalSource({ settings, baseDir });
    assert.equal(Object(find("index", "center")?.content).files.length, 3);
    assert.equal(Object(find("index", "short")?.content).files.length, 2);
    assert.equal(Object(find("index", "./help")?.content).files.length, 3);
    assert.equal(Object(find("index", "help/refunds.txt")?.content).files[0].path, "refunds.txt");
    assert.equal(find("index", "no-such"), undefined);
    assert.equal(find("prompt", "center"), undefined);
    assert.deepEqual(names("index"), ["center", "short"]);
    mkdirSync(join(baseDir, "empty"));
    assert.throws(() => find("index", "empty"), {
      code: "INDEX_SOURCE_UNREADABLE",
      message: /no \.md or \.txt/,
    });
  }));

test("an index that was cut short while it was written is not there, and leaves nothing behind", () =>
  withFolder(articles, ({ home }) => {
    const indexes = sqliteSearchIndexes(join(home, "indexes"));
    const snapshot = "a".repeat(64);
    function* broken() {
      yield { id: "a", title: "a", text: "a", source: "a" };
      throw new RangeError("the disk is full");
    }
    assert.throws(() => indexes.build(snapshot, broken()), RangeError);
    assert.equal(indexes.has(snapshot), false);
    assert.deepEqual(readdirSync(join(home, "indexes")), []);
    indexes.build(snapshot, [{ id: "a", title: "a", text: "a", source: "a" }]);
    indexes.build(snapshot, [{ id: "a", title: "a", text: "a", source: "a" }]);
    assert.equal(indexes.search(snapshot, ["a"], 5).length, 1);
    assert.deepEqual(readdirSync(join(home, "indexes")), [`${snapshot}.db`]);
    indexes.close();
  }));

test("more indexes than may stay open at once all answer", () =>
  withFolder({}, ({ home }) => {
    const indexes = sqliteSearchIndexes(join(home, "indexes"));
    const snapshots = Array.from({ length: 40 }, (_, index) => index.toString(16).padStart(64, "0"));
    for (const snapshot of snapshots)
      indexes.build(snapshot, [{ id: snapshot, title: "t", text: "word", source: "s" }]);
    for (const snapshot of [...snapshots, ...snapshots])
      assert.equal(indexes.search(snapshot, ["word"], 1)[0]?.id, snapshot);
    indexes.close();
  }));
