// Made-up questions to a bank, for the tests of this folder.
import { seededRandom } from "../../core/base/index.ts";
import type { LabelledText } from "./examples.ts";

const openings = ["", "hi, ", "please help: ", "hello there, ", "quick question, ", "hey "];
const endings = ["", "?", " please", " today", " thanks", " asap!"];
const topics: Readonly<Record<string, readonly string[]>> = {
  card_lost: [
    "i lost my card",
    "my card is gone",
    "someone stole my card",
    "my card was stolen on the train",
    "cannot find my card anywhere",
    "the card is missing from my wallet",
  ],
  transfer_failed: [
    "my transfer failed",
    "the transfer to my brother did not go through",
    "why was the payment rejected",
    "the bank transfer bounced back",
    "sending money does not work",
    "my transfer is stuck",
  ],
  exchange_rate: [
    "what is the exchange rate for euros",
    "how do you work out exchange rates",
    "the rate for dollars looks wrong",
    "which currency rate do i get abroad",
    "i want to exchange pounds to yen",
    "is your exchange rate the official one",
  ],
};

/** `perLabel` distinct texts for each of three labels, the labels mixed; the same for the same seed. */
export function madeUpExamples(perLabel: number, seed = 1): readonly LabelledText[] {
  const random = seededRandom(seed);
  const examples: { text: string; label: string; key: number }[] = [];
  for (const [label, phrases] of Object.entries(topics)) {
    const texts = openings.flatMap((opening) =>
      endings.flatMap((ending) => phrases.map((phrase) => `${opening}${phrase}${ending}`)),
    );
    const shuffled = texts.map((text) => ({ text, label, key: random.next() })).sort((a, b) => a.key - b.key);
    examples.push(...shuffled.slice(0, perLabel));
  }
  return examples.sort((a, b) => a.key - b.key).map(({ text, label }) => ({ text, label }));
}
