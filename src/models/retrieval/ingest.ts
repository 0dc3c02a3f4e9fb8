import { passageCharsTarget } from "./limits.ts";
import type { Passage } from "./search.ts";

interface Section {
  readonly heading: string;
  readonly paragraphs: readonly string[];
}

/**
 * The passages of one file: the whole file where it is short, otherwise cut at headings and paragraphs
 * into pieces of about `passageCharsTarget` characters. Each carries the document's title.
 */
export function passagesOf(source: string, text: string): readonly Passage[] {
  const { title: declared, body } = withoutFrontMatter(plainText(text));
  const sections = sectionsOf(body);
  const title = declared ?? sections.find((section) => section.heading !== "")?.heading ?? nameOf(source);
  const whole = body.trim();
  if (whole === "") return [];
  const pieces =
    whole.length <= passageCharsTarget
      ? [{ heading: "", text: whole }]
      : sections.flatMap((section) => piecesOf(section));
  return pieces.map((piece, index) => ({
    id: index === 0 ? source : `${source}#${index + 1}`,
    title: piece.heading === "" || piece.heading === title ? title : `${title}: ${piece.heading}`,
    text: piece.text,
    source,
  }));
}

/** One kind of line end, no byte order mark, and no NUL, at which SQLite would end the text. */
function plainText(text: string): string {
  return text
    .replace(/^\uFEFF/, "")
    .replace(/\r\n?/g, "\n")
    .replaceAll("\0", " ");
}

/** Takes off a YAML header between two lines of `---`, and finds its title. */
function withoutFrontMatter(text: string): { readonly title: string | undefined; readonly body: string } {
  const match = /^---\n([\s\S]*?)\n---[ \t]*(?:\n|$)/.exec(text);
  if (!match) return { title: undefined, body: text };
  const title = /^title:[ \t]*(.+)$/m
    .exec(match[1] ?? "")?.[1]
    ?.trim()
    .replace(/^(["'])(.*)\1$/, "$2");
  return { title: title === "" ? undefined : title, body: text.slice(match[0].length) };
}

function nameOf(source: string): string {
  const name = source.slice(source.lastIndexOf("/") + 1);
  return name.replace(/\.[^.]+$/, "").replace(/[-_]+/g, " ");
}

/** Cuts at Markdown headings, but not at a `#` inside a fenced block, and there at empty lines. */
function sectionsOf(body: string): readonly Section[] {
  const sections: { heading: string; paragraphs: string[] }[] = [];
  let section: { heading: string; paragraphs: string[] } = { heading: "", paragraphs: [] };
  let lines: string[] = [];
  let fenced = false;
  const endParagraph = () => {
    if (lines.some((line) => line.trim() !== "")) section.paragraphs.push(lines.join("\n").trim());
    lines = [];
  };
  for (const line of body.split("\n")) {
    const heading = fenced ? null : /^#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$/.exec(line);
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (heading) {
      endParagraph();
      sections.push(section);
      section = { heading: heading[1] ?? "", paragraphs: [] };
    } else if (line.trim() === "" && !fenced) endParagraph();
    else lines.push(line);
  }
  endParagraph();
  sections.push(section);
  return sections;
}

/** Joins a section's paragraphs into pieces near the target; a paragraph above it is cut at white space. */
function piecesOf(section: Section): readonly { readonly heading: string; readonly text: string }[] {
  const pieces: string[] = [];
  let piece = "";
  for (const part of section.paragraphs.flatMap((paragraph) => cutLong(paragraph))) {
    if (piece !== "" && piece.length + part.length + 2 > passageCharsTarget) {
      pieces.push(piece);
      piece = part;
    } else piece = piece === "" ? part : `${piece}\n\n${part}`;
  }
  if (piece !== "") pieces.push(piece);
  return pieces.map((text) => ({ heading: section.heading, text }));
}

function cutLong(paragraph: string): readonly string[] {
  const parts: string[] = [];
  let rest = paragraph;
  while (rest.length > passageCharsTarget) {
    const at = cutPoint(rest);
    parts.push(rest.slice(0, at).trim());
    rest = rest.slice(at).trim();
  }
  return rest === "" ? parts : [...parts, rest];
}

/** After the last sentence that fits, else at the last white space, else between two characters. */
function cutPoint(text: string): number {
  const head = text.slice(0, passageCharsTarget);
  const sentence = Math.max(...[". ", "! ", "? ", ".\n", "。"].map((end) => head.lastIndexOf(end) + 1));
  if (sentence > passageCharsTarget / 2) return sentence;
  const space = head.search(/\s\S*$/);
  if (space > passageCharsTarget / 2) return space;
  // A pair of surrogates is one character: never cut between the two.
  return /[\uD800-\uDBFF]$/.test(head) ? passageCharsTarget - 1 : passageCharsTarget;
}
