import assert from "node:assert/strict";
import { test } from "node:test";
import { createRetrieval, passagesOf, queryTerms, type SearchIndexes } from "./index.ts";

// How indexes are built and asked is tested where they are: store/sqlite/search.test.ts.

const noIndexes: SearchIndexes = {
  has: () => false,
  build: () => assert.fail("nothing is built"),
  search: () => [],
  list: () => [],
  close: () => {},
};

test("the kind names its index, and a source that is elsewhere is refused at load", () => {
  const { retrievalKind } = createRetrieval({ indexes: noIndexes, baseDir: "." });
  const { references, check } = retrievalKind;
  assert.deepEqual(references?.({ index: "help", query: "x" }), [
    { kind: "index", name: "help", path: ["index"] },
  ]);
  assert.deepEqual(references?.({ source: "docs" }), [{ kind: "index", name: "docs", path: ["source"] }]);
  assert.match(check?.({ source: "s3://bucket/docs" })[0]?.message ?? "", /s3:\/\/ is not built yet/);
  assert.equal(check?.({}).length, 1);
  assert.equal(check?.({ index: "a", source: "b" }).length, 1);
  assert.deepEqual(check?.({ source: "./docs" }), []);
});

test("a short file is one passage, a long one is cut at headings, paragraphs and sentences", () => {
  assert.deepEqual(passagesOf("how-to_pay.txt", "\uFEFFShort.\r\nText.\0"), [
    { id: "how-to_pay.txt", title: "how to pay", text: "Short.\nText.", source: "how-to_pay.txt" },
  ]);
  const sentence = "This sentence is here to fill the page with words. ";
  const long = `# Guide\n\nIntro.\n\n## One\n\n${sentence.repeat(20)}\n\n${sentence.repeat(20)}\n\n## Two #\n\n${sentence.repeat(70)}\n\n\`\`\`\n# no heading\n\`\`\`\n`;
  const passages = passagesOf("guide.md", long);
  assert.deepEqual(
    passages.slice(0, 4).map(({ id, title }) => [id, title]),
    [
      ["guide.md", "Guide"],
      ["guide.md#2", "Guide: One"],
      ["guide.md#3", "Guide: One"],
      ["guide.md#4", "Guide: Two"],
    ],
  );
  assert.ok(passages.every(({ text }) => text.length <= 1_500 && text.length > 0));
  assert.ok(passages.slice(3).every(({ text, title }) => title === "Guide: Two" && !text.endsWith("sent")));
  assert.ok(passages.at(-1)?.text.includes("# no heading"));
  const words = (text: string) => text.replace(/^#+.*$/gm, "").match(/\w+/g)?.length;
  assert.equal(
    words(
      passages
        .map(({ text }) => text)
        .join(" ")
        .replace("# no heading", ""),
    ),
    words(long.replace("# no heading", "")),
  );
});

test("text without any white space is cut between characters, and an empty file has no passage", () => {
  const passages = passagesOf("x.txt", "💳".repeat(2_000));
  assert.equal(passages.map(({ text }) => text).join(""), "💳".repeat(2_000));
  assert.ok(passages.every(({ text }) => text.isWellFormed()));
  assert.deepEqual(passagesOf("x.md", " \n\n"), []);
});

test("terms are words of any script; words that say nothing go, unless there are no others", () => {
  assert.deepEqual(queryTerms("Where is my Kreditkarte, 你好 naïve?"), ["kreditkarte", "你好", "naïve"]);
  assert.deepEqual(queryTerms("what is it"), ["what", "is", "it"]);
  assert.equal(queryTerms("word ".repeat(1_000)).length, 64);
});
