import type { Part } from "./components/marked-text.tsx";

/** Shorter sentences say too little to be taken for a quotation. */
const quoteLengthMin = 12;

/** A source cut where sentences of the draft stand in it word for word, whatever the white space. */
export function quotesIn(source: string, draft: string): readonly Part[] {
  const patterns = draft
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter(({ length }) => length >= quoteLengthMin)
    .map((sentence) => RegExp.escape(sentence).replace(/(?:\\x20|\s)+/g, "\\s+"));
  if (patterns.length === 0) return [{ text: source }];
  const parts = source.split(new RegExp(`(${[...new Set(patterns)].join("|")})`));
  return parts
    .map((text, index): Part => (index % 2 === 1 ? { text, mark: "quoted" } : { text }))
    .filter(({ text }) => text !== "");
}
