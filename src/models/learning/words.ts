import { isWord, tokensOf } from "./features.ts";

// Words that carry no topic. Only English: of other languages all words count, rare ones most.
const functionWords = new Set(
  (
    "a an the this that these those there here it its i me my mine we us our ours you your yours he him his she her " +
    "hers they them their theirs who whom whose which what when where why how and or but nor if then else than as at " +
    "by for from in into of off on onto out over to up with without within about above after again against before " +
    "below between during through under until is am are was were be been being do does did doing done have has had " +
    "having can could may might must shall should will would not no yes so too very just also only own same such " +
    "some any all both each few more most other please thanks thank hello hi hey dear ok okay s t d m re ve ll don " +
    "isn aren wasn weren doesn didn won wouldn couldn shouldn tell know want long take takes took much many make need get got let like there's i'm it's"
  ).split(" "),
);

/** The words of a text that carry its topic, stemmed, in order, with repetitions. */
export function contentWords(text: string): readonly string[] {
  return tokensOf(text)
    .filter((token) => isWord(token) && !functionWords.has(token))
    .map(stem);
}

/**
 * Takes the commonest English endings off, so that "refunds", "refunded" and "refunding" meet. Much less
 * than Porter's stemmer, and so it seldom joins what does not belong together.
 */
export function stem(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  let base = word;
  if (base.endsWith("ies") && base.length > 4) base = `${base.slice(0, -3)}y`;
  else if (/(?:s|x|z|ch|sh)es$/.test(base)) base = base.slice(0, -2);
  else if (base.endsWith("s") && !/(?:ss|us|is)$/.test(base)) base = base.slice(0, -1);
  const ending = /(?:ing|ed|ly)$/.exec(base)?.[0];
  if (
    ending !== undefined &&
    /[aeiouy]/.test(base.slice(0, -ending.length)) &&
    base.length - ending.length >= 3
  )
    base = base.slice(0, -ending.length);
  // "stopp" from "stopped", "charge" beside "charg" from "charged", "try" beside "tri".
  if (/([bdgmnprt])\1$/.test(base)) base = base.slice(0, -1);
  if (base.length > 3 && base.endsWith("e")) base = base.slice(0, -1);
  return base.endsWith("y") && base.length > 3 ? `${base.slice(0, -1)}i` : base;
}
