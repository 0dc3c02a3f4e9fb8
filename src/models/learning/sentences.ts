// Sentences
// =========
// Cuts a text into sentences, verbatim, with their places. Made for help articles, mails and Markdown:
// headings, list items, table rows and paragraphs end a sentence without a full stop; abbreviations,
// initials, decimals, versions, addresses and numbered items do not end one although they have a dot.

export interface Sentence {
  /** Verbatim: `text.slice(start, end)`. */
  readonly sentence: string;
  readonly start: number;
  readonly end: number;
  /** A heading says what follows, and answers nothing itself. */
  readonly heading: boolean;
}

interface Block {
  readonly start: number;
  readonly end: number;
  readonly heading: boolean;
}

// Never the end of a sentence, in the languages that our readers write most.
const abbreviations = new Set(
  (
    "mr mrs ms dr prof sr jr st vs etc e.g i.e eg ie cf approx appr ca no nos nr art fig figs sec eq vol pp p ed " +
    "inc ltd co corp dept est al a.m p.m u.s u.k jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues " +
    "wed thu thur fri sat sun min max tel ext z.b d.h u.a bzw usw ggf inkl exkl str abs evtl vgl p.ex av bd"
  ).split(" "),
);
/** These often end a sentence too: they do when the next word begins with a capital letter. */
const maybeLast = new Set(["etc", "a.m", "p.m", "u.s", "u.k", "inc", "ltd", "co", "corp", "usw", "no"]);

const headingPattern = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const underlinePattern = /^ {0,3}(?:=+|-+)[ \t]*$/;
const fencePattern = /^ {0,3}(?:```|~~~)/;
const itemPattern = /^[ \t]*(?:[-*+•]|\d{1,3}[.)]|[a-z]\))[ \t]+/;
const quotePattern = /^[ \t]*>[ \t]?/;
const rulePattern = /^[ \t]*(?:[-*_][ \t]*){3,}$/;

/** All sentences of a text, in order. Code fences, rules and lines without letters are left out. */
export function sentencesOf(text: string): readonly Sentence[] {
  return blocksOf(text).flatMap((block) => (block.heading ? [trimmed(text, block)] : cut(text, block)));
}

function trimmed(text: string, { start, end, heading }: Block): Sentence {
  let [from, to] = [start, end];
  while (from < to && /\s/.test(text[from] ?? "")) from++;
  while (to > from && /\s/.test(text[to - 1] ?? "")) to--;
  return { sentence: text.slice(from, to), start: from, end: to, heading };
}

/** Paragraphs, list items, table rows and headings, without their markers. */
function blocksOf(text: string): readonly Block[] {
  const reader = new BlockReader();
  for (const line of linesOf(text)) reader.read(line);
  reader.close();
  return reader.blocks;
}

class BlockReader {
  readonly blocks: Block[] = [];
  #open: Block | null = null;
  #fenced = false;

  close(heading = false): void {
    if (this.#open !== null) this.blocks.push({ ...this.#open, heading });
    this.#open = null;
  }

  read(line: Line): void {
    if (fencePattern.test(line.text)) {
      this.close();
      this.#fenced = !this.#fenced;
    } else if (this.#fenced || line.text.trim() === "") this.close();
    else if (this.#open !== null && underlinePattern.test(line.text)) this.close(true);
    else if (rulePattern.test(line.text) || !/[\p{L}\p{N}]/u.test(line.text)) this.close();
    else if (headingPattern.test(line.text)) {
      this.close();
      this.blocks.push(headingOf(line));
    } else this.#readWords(line);
  }

  #readWords({ text, start, end }: Line): void {
    const marker = markerLength(text);
    const isRow = text.trimStart().startsWith("|");
    if (marker > 0 || isRow) this.close();
    this.#open = { start: this.#open?.start ?? start + marker, end, heading: false };
    if (isRow) this.close();
  }
}

interface Line {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

function* linesOf(text: string): Generator<Line> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    yield { text: text.slice(start, end), start, end };
    start = end + 1;
  }
}

function headingOf({ text, start, end }: Line): Block {
  const opening = /^[ \t]*#+[ \t]*/.exec(text)?.[0].length ?? 0;
  const closing = /[ \t]+#+[ \t]*$/.exec(text)?.[0].length ?? 0;
  return { start: start + opening, end: Math.max(start + opening, end - closing), heading: true };
}

function markerLength(line: string): number {
  const quote = quotePattern.exec(line)?.[0].length ?? 0;
  return quote + (itemPattern.exec(line.slice(quote))?.[0].length ?? 0);
}

// A run of closing signs, with quotes and brackets that belong to the sentence; the fullwidth ones need no space.
const endPattern = /(?<![.!?…])[.!?…]+["'”’»)\]*_]*(?=\s|$)|[。！？]+[”’」』）]*/gu;

const contextChars = 60;
const labelCharsMax = 120;
const labelPattern = /^\s*(?:\*\*|__)[^*_]+(?:\*\*|__)$/;

function cut(text: string, block: Block): readonly Sentence[] {
  const body = text.slice(block.start, block.end);
  const sentences: Sentence[] = [];
  let from = 0;
  const push = (to: number) => {
    const sentence = trimmed(text, { start: block.start + from, end: block.start + to, heading: false });
    if (/[\p{L}\p{N}]/u.test(sentence.sentence)) sentences.push(sentence);
    from = to;
  };
  for (const match of body.matchAll(endPattern)) {
    const end = match.index + match[0].length;
    // What matters stands near; looking no further keeps long texts fast.
    const before = body.slice(Math.max(from, match.index - contextChars), match.index);
    const after = body.slice(end, end + contextChars);
    // "**Get a copy.** Open the order …": a label within the line belongs to what it announces.
    const isLabel =
      end - from < labelCharsMax && labelPattern.test(body.slice(from, end)) && after.trim() !== "";
    if (!isLabel && endsSentence(before, match[0], after)) push(end);
  }
  if (from < body.length) push(body.length);
  return sentences;
}

/** Whether the signs end a sentence, given what stands before them and after them. */
function endsSentence(before: string, signs: string, after: string): boolean {
  const next = after.trimStart();
  if (/^(?:…|\.\.)/.test(signs)) return !/^[,;\p{Ll}]/u.test(next);
  if (!signs.startsWith(".")) return true;
  const nextIsCapital = /^["'“‘«(¿¡*_[]*(?:\p{Lu}|\p{Lo}|$)/u.test(next);
  const last = /[\p{L}\p{N}.]+$/u.exec(before)?.[0] ?? "";
  const word = last.toLowerCase().replace(/^\.+/, "");
  if (abbreviations.has(word)) return maybeLast.has(word) && nextIsCapital && !/^\d/.test(next);
  // Initials ("J. Smith"), but not the pronoun: "So do I. Then …".
  if (/^\p{Lu}$/u.test(last) && last !== "I") return next === "";
  // A small letter goes on with the sentence, as after an abbreviation that we do not know.
  return !/^["'“‘(]?\p{Ll}/u.test(next) || /[)\]"”]$/.test(signs);
}
