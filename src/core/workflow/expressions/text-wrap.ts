import { isSpace, sliceText, splitLines, textLength } from "./python-text.ts";
import { type Run, TextBuilder } from "./run.ts";

/** How `wordwrap` cuts. Widths are in characters. */
interface WrapOptions {
  readonly width: number;
  readonly breaksLongWords: boolean;
  readonly breaksOnHyphens: boolean;
  readonly lineEnd: string;
}

/**
 * `wordwrap`: each line of a text is wrapped by itself, as Python's `textwrap.wrap` does it with white
 * space kept: words and the space between them are chunks, a line takes chunks while they fit, and the
 * space at its two ends goes.
 */
export function wrapText(run: Run, text: string, options: WrapOptions): string {
  if (options.width <= 0) throw run.failure(`width is ${options.width}; expected 1 or more`);
  const out = new TextBuilder(run);
  let separator = "";
  for (const line of splitLines(text)) {
    const wrapped = wrapLine(run, line, options);
    for (const piece of wrapped.length > 0 ? wrapped : [""]) {
      out.add(separator + piece);
      separator = options.lineEnd;
    }
  }
  return out.text();
}

function wrapLine(run: Run, line: string, options: WrapOptions): string[] {
  const chunks = chunksOf(line, options.breaksOnHyphens).reverse();
  run.spend(chunks.length);
  const lines: string[] = [];
  while (chunks.length > 0) {
    if (lines.length > 0 && isBlank(chunks.at(-1))) chunks.pop();
    const taken = takeLine(chunks, options);
    run.spend(1 + taken.length);
    if (isBlank(taken.at(-1))) taken.pop();
    if (taken.length > 0) lines.push(taken.join(""));
  }
  return lines;
}

/** Takes the chunks of one line off the end of the list; a word longer than a line is cut or stands alone. */
function takeLine(chunks: string[], { width, breaksLongWords, breaksOnHyphens }: WrapOptions): string[] {
  const taken: string[] = [];
  let left = width;
  for (let chunk = chunks.at(-1); chunk !== undefined && textLength(chunk) <= left; chunk = chunks.at(-1)) {
    taken.push(chunk);
    left -= textLength(chunk);
    chunks.pop();
  }
  const next = chunks.at(-1);
  if (next === undefined || textLength(next) <= width) return taken;
  if (breaksLongWords) {
    const head = sliceText(next, 0, cutOf(next, left, breaksOnHyphens));
    taken.push(head);
    chunks[chunks.length - 1] = next.slice(head.length);
  } else if (taken.length === 0) {
    taken.push(next);
    chunks.pop();
  }
  return taken;
}

/** Where a long word is cut: behind its last hyphen that fits, or where the line is full. */
function cutOf(word: string, room: number, breaksOnHyphens: boolean): number {
  if (!breaksOnHyphens || textLength(word) <= room) return room;
  const hyphen = sliceText(word, 0, room).lastIndexOf("-");
  return hyphen > 0 && /[^-]/.test(word.slice(0, hyphen)) ? textLength(word.slice(0, hyphen)) + 1 : room;
}

/** White space, or the nothing that was cut off a long word where the line was full already. */
function isBlank(chunk: string | undefined): boolean {
  return chunk !== undefined && (chunk === "" || isSpace(chunk.charCodeAt(0)));
}

/** Runs of white space and words by turns; a word with hyphens between letters is several chunks. */
function chunksOf(line: string, breaksOnHyphens: boolean): string[] {
  const chunks: string[] = [];
  let start = 0;
  for (let index = 1; index <= line.length; index++) {
    const isEdge =
      index === line.length || isSpace(line.charCodeAt(index)) !== isSpace(line.charCodeAt(index - 1));
    if (!isEdge && !(breaksOnHyphens && isHyphenBreak(line, index))) continue;
    chunks.push(line.slice(start, index));
    start = index;
  }
  return chunks;
}

const letter = /[\p{L}_]/u;

/** Whether a word may break before this index: behind a hyphen with letters around it. */
function isHyphenBreak(line: string, index: number): boolean {
  return (
    line[index - 1] === "-" &&
    letter.test(line.charAt(index - 2)) &&
    letter.test(line.charAt(index - 3)) &&
    letter.test(line.charAt(index)) &&
    (letter.test(line.charAt(index + 1)) || line[index + 1] === "-")
  );
}
