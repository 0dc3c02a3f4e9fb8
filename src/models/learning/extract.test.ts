import assert from "node:assert/strict";
import { test } from "node:test";
import { extract } from "./extract.ts";

const sources = [
  {
    id: "refunds",
    title: "Refunds",
    text:
      "# Refunds\n\nYou can return most items within 30 days. Unworn shoes are fine.\n\n## How long it takes\n\n" +
      "Refunds arrive on your card 5 to 7 days after we receive the parcel. Vouchers are refunded at once.",
  },
  {
    id: "shipping",
    title: "Shipping",
    text:
      "Standard shipping takes 3 to 5 working days. Express shipping arrives the next day. " +
      "We ship to most countries of Europe.",
  },
  {
    id: "cards",
    title: "Lost cards",
    text:
      "If you lost your card, freeze it in the app at once. Then order a new card. " +
      "A replacement card costs $5.00 and arrives within a week.",
  },
] as const;

const answer = (question: string, sentencesMax?: number) =>
  extract({ question, sources, ...(sentencesMax === undefined ? {} : { sentencesMax }) });

test("the answer is made of the sentences that speak of the question", () => {
  assert.match(answer("What does a replacement card cost?").value, /A replacement card costs \$5\.00/);
  assert.equal(answer("Do you ship to Europe?", 1).value, "We ship to most countries of Europe.");
  assert.match(answer("when are refunds back on my card").value, /5 to 7 days after we receive/);
  assert.match(answer("I LOST MY CARDS!!").value, /^If you lost your card/);
});

test("evidence is verbatim, with its place, and in the order of the sources", () => {
  const { value, evidence } = answer("card lost, and the shipping of a new one to Europe", 4);
  assert.ok(evidence.length >= 2);
  for (const { source, title, sentence, start, end } of evidence) {
    const from = sources.find(({ id }) => id === source);
    assert.equal(from?.text.slice(start, end), sentence);
    assert.equal(from?.title, title);
  }
  assert.equal(value, evidence.map(({ sentence }) => sentence).join(" "));
  const places = evidence.map(
    ({ source, start }) => sources.findIndex(({ id }) => id === source) * 1e6 + start,
  );
  assert.deepEqual(
    [...places].sort((a, b) => a - b),
    places,
  );
});

test("nothing related gives nothing", () => {
  for (const question of ["What is the capital of France?", "quantum chromodynamics", "???", "and the of"]) {
    assert.deepEqual(answer(question), { value: "", evidence: [], confidence: null });
  }
  assert.equal(extract({ question: "card", sources: [] }).value, "");
  assert.equal(extract({ question: "card", sources: [{ text: "" }, { text: "\n# \n" }] }).value, "");
  assert.equal(answer("lost card", 0).value, "");
});

test("no more sentences than asked for, and the best ones", () => {
  assert.equal(answer("lost card", 1).evidence.length, 1);
  assert.equal(answer("lost card", 1).evidence[0]?.source, "cards");
  assert.ok(answer("card refunds shipping days", 2).evidence.length <= 2);
});

test("what was said is not said again", () => {
  const text = "Freeze the lost card in the app.";
  const { evidence } = extract({
    question: "freeze the lost card and order another",
    sources: [{ text }, { text }, { text: `${text} Order a new card.` }],
  });
  assert.equal(evidence.filter(({ sentence }) => sentence === text).length, 1);
  assert.ok(evidence.some(({ sentence }) => sentence === "Order a new card."));
});

test("a step below a heading answers by its heading, which itself is no answer", () => {
  const text =
    "# Help\n\n## Reset the password\n\n1. Open the settings\n2. Press Forgotten\n\n## Close the account\n\nWrite to us.";
  const { value } = extract({ question: "how do I reset my password", sources: [{ text }] });
  assert.match(value, /Open the settings/);
  assert.doesNotMatch(value, /Reset the password|Write to us/);
});

test("a long message is answered by the part that the sources know", () => {
  const question =
    "Good morning, my name is Erika, I bought the blue kettle in March for my mother's birthday and she loves it, " +
    "but that is another story. Anyway: does express shipping arrive tomorrow if ordered tonight?";
  assert.match(extract({ question, sources }).value, /Express shipping arrives the next day\./);
});

test("without a question it summarises", () => {
  const { value, evidence } = extract({ question: " ", sources, sentencesMax: 2 });
  assert.equal(evidence.length, 2);
  assert.ok(value.length > 0);
  assert.equal(
    extract({ question: "", sources: [{ text: "Only this sentence matters here." }] }).value,
    "Only this sentence matters here.",
  );
});

test("a source without id or title is named by its index", () => {
  const { evidence } = extract({
    question: "refund",
    sources: [{ text: "Nothing." }, { text: "A refund takes a week." }],
  });
  assert.deepEqual(evidence, [{ source: "1", sentence: "A refund takes a week.", start: 0, end: 22 }]);
});

test("questions and sources of other languages and scripts work", () => {
  const { value } = extract({
    question: "Wie lange dauert die Lieferung?",
    sources: [{ text: "Die Lieferung dauert drei Tage. Der Laden ist sonntags zu." }],
  });
  assert.equal(value, "Die Lieferung dauert drei Tage.");
  const japanese = extract({
    question: "カードの紛失",
    sources: [{ text: "送料は無料です。カードを紛失した場合は連絡してください。" }],
  });
  assert.equal(japanese.value, "カードを紛失した場合は連絡してください。");
});
