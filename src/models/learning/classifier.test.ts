import assert from "node:assert/strict";
import { test } from "node:test";
import { PrecisionInvalid, TrainingDataInvalid } from "./errors.ts";
import { classifierDigest } from "./file.ts";
import { madeUpExamples } from "./test-data.ts";
import { trainClassifier } from "./train.ts";

const trained = await trainClassifier(madeUpExamples(80), { seed: 7 });

test("it learns what the labels mean and says how sure it is", () => {
  const { label, confidence, top, decided } = trained.predict("Hello, someone stole my card today");
  assert.equal(label, "card_lost");
  assert.ok(confidence > 0.9 && confidence <= 1);
  assert.equal(decided, true);
  assert.equal(top.length, 3);
  assert.deepEqual(top[0], { label, confidence });
  assert.equal(trained.predict("transfer is still stuck").label, "transfer_failed");
  assert.equal(trained.predict("whats the exchnge rate").label, "exchange_rate");
});

test("the best three fall in confidence and add up to at most 1", () => {
  for (const text of ["my card", "rate of the transfer", "where is my card and my money", "", "zzz"]) {
    const { label, top } = trained.predict(text);
    assert.equal(top[0]?.label, label);
    const confidences = top.map(({ confidence }) => confidence);
    assert.deepEqual(
      [...confidences].sort((a, b) => b - a),
      confidences,
    );
    assert.ok(confidences.reduce((sum, confidence) => sum + confidence, 0) <= 1 + 1e-9);
  }
});

test("evidence names the words that spoke for the label, as they stand in the text", () => {
  const { evidence } = trained.predict("Hello, is my CARD stolen?");
  assert.ok(evidence.length > 0 && evidence.length <= 5);
  assert.ok(evidence.slice(0, 2).some(({ word }) => word === "card"));
  assert.ok(
    evidence.every(({ weight }, place) => weight > 0 && weight <= (evidence[place - 1]?.weight ?? weight)),
  );
});

test("what training never saw is not decided", () => {
  for (const text of [
    "",
    "   \n",
    "qzxvw kjhgf pwqzx",
    "где моя посылка",
    "紛失しました",
    "🦄🦄🦄",
    "1234 5678",
    "photosynthesis in desert plants",
    "x",
  ]) {
    const { confidence, decided } = trained.predict(text);
    assert.equal(decided, false, text);
    assert.ok(confidence < 0.6, `${text}: ${confidence}`);
  }
  assert.equal(trained.predict("").confidence, 0);
  assert.equal(trained.predict("где").confidence, 0);
});

test("the same examples and seed give the same model, another seed or precision another one", async () => {
  const examples = madeUpExamples(20);
  const digest = async (seed: number, precision?: number) =>
    classifierDigest(await trainClassifier(examples, { seed, ...(precision ? { precision } : {}) }));
  assert.equal(await digest(1), await digest(1));
  assert.notEqual(await digest(1), await digest(2));
  assert.notEqual(await digest(1), await digest(1, 0.9));
});

test("the figures are those of examples that the models had not seen", () => {
  const { measured } = trained;
  assert.equal(trained.examples, 240);
  assert.deepEqual(trained.labels, ["card_lost", "exchange_rate", "transfer_failed"]);
  assert.ok(measured.accuracy > 0.9);
  assert.ok(measured.expectedCalibrationError < 0.1);
  assert.ok(measured.coverage > 0.8);
  assert.ok((measured.precisionLowerBound ?? 0) >= 0.95);
  assert.ok((measured.precisionOfDecided ?? 0) >= (measured.precisionLowerBound ?? 1));
});

test("labels at random promise nothing, and nothing is decided", async () => {
  const shuffled = madeUpExamples(60).map(({ text }, index) => ({
    text,
    label: ["a", "b", "c"][index % 3] ?? "a",
  }));
  const model = await trainClassifier(shuffled, { seed: 1 });
  assert.ok(model.measured.accuracy < 0.5);
  assert.equal(model.threshold, null);
  assert.equal(model.measured.coverage, 0);
  assert.equal(model.measured.precisionOfDecided, null);
  assert.ok(shuffled.every(({ text }) => !model.predict(text).decided));
});

test("another precision can be asked for later", () => {
  const [low, high] = [trained.thresholdAt(0.8), trained.thresholdAt(0.97)];
  assert.ok(low !== null && (high === null || high >= low));
  assert.equal(trained.thresholdAt(0.999), null);
  assert.ok(trained.coverageAt(0.8) >= trained.coverageAt(0.97));
  assert.equal(trained.predictAt("i lost my card", 0.999).decided, false);
  assert.equal(trained.predictAt("i lost my card", 0.8).decided, true);
  for (const precision of [0, 1, -1, 1.5, Number.NaN])
    assert.throws(() => trained.thresholdAt(precision), PrecisionInvalid);
});

test("a copied text is one witness: copies neither leak nor prove", async () => {
  const few = madeUpExamples(6);
  const copied = few.flatMap((example) => Array.from({ length: 30 }, () => example));
  const model = await trainClassifier(copied, { seed: 1 });
  assert.equal(model.examples, 540);
  assert.equal(model.threshold, null);
  assert.equal(model.parts.heldOut.correct.length, 18);
});

test("an example whose label the others contradict is pointed out", async () => {
  const examples = [...madeUpExamples(80)];
  examples[50] = { text: "please help: i lost my card on the train", label: "exchange_rate" };
  const { measured } = await trainClassifier(examples, { seed: 1 });
  const suspect = measured.suspects.find(({ example }) => example === 50);
  assert.equal(suspect?.label, "exchange_rate");
  assert.equal(suspect?.predicted, "card_lost");
});

test("very small data train, with labels of one example, empty texts and other scripts", async () => {
  const model = await trainClassifier(
    [
      { text: "Wo ist meine Karte?", label: "karte" },
      { text: "カードを紛失しました", label: "karte" },
      { text: "Überweisung fehlgeschlagen", label: "zahlung" },
      { text: "платёж не прошёл", label: "zahlung" },
      { text: "", label: "leer" },
      { text: "constructor __proto__ toString", label: "__proto__" },
    ],
    { seed: 1 },
  );
  assert.equal(model.threshold, null);
  assert.equal(model.predict("meine Karte ist weg").label, "karte");
  assert.equal(model.predict("カードの紛失").label, "karte");
  assert.equal(model.predict("платёж").label, "zahlung");
  assert.equal(model.predict("__proto__ constructor").label, "__proto__");
  assert.ok(
    Object.values(model.measured).every((value) => typeof value !== "number" || Number.isFinite(value)),
  );
  const two = await trainClassifier(
    [
      { text: "yes", label: "a" },
      { text: "no", label: "b" },
    ],
    { seed: 1 },
  );
  assert.equal(two.predict("yes").label, "a");
  assert.equal(two.predict("no").label, "b");
});

test("what cannot be trained on is refused, naming the example", async () => {
  const fails = (examples: readonly { text: string; label: string }[], pattern: RegExp, precision = 0.95) =>
    assert.rejects(trainClassifier(examples, { seed: 1, precision }), (error: unknown) => {
      assert.ok(error instanceof TrainingDataInvalid || error instanceof PrecisionInvalid);
      assert.match(error.message, pattern);
      return true;
    });
  await fails([], /no examples/);
  await fails([{ text: "a", label: "x" }], /same label, "x"/);
  await fails(
    madeUpExamples(5).map(({ text }) => ({ text, label: "one" })),
    /same label, "one"/,
  );
  await fails(
    [
      { text: "a", label: "x" },
      { text: "b", label: " " },
    ],
    /example 2.*no label/,
  );
  await fails(
    [
      { text: " ", label: "x" },
      { text: "", label: "y" },
    ],
    /no example has any text/,
  );
  await fails(
    [
      { text: "a", label: "x" },
      { text: "b", label: "y".repeat(501) },
    ],
    /example 2.*longer than 500/,
  );
  await fails(madeUpExamples(5), /precision of 1 /, 1);
});

test("progress rises to 1 and the event loop gets its turns", async () => {
  const shares: number[] = [];
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await trainClassifier(madeUpExamples(60), { seed: 1, onProgress: (share) => shares.push(share) });
  isDone = true;
  assert.deepEqual(
    [...shares].sort((a, b) => a - b),
    shares,
  );
  assert.equal(shares.at(-1), 1);
  assert.ok((shares[0] ?? -1) >= 0 && turns > 1);
});
