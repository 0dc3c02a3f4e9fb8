import { codePoints } from "./python-text.ts";
import type { Run } from "./run.ts";

/** `text.replace(old, by, count)`: all of them when the count is negative. The length is checked first. */
export function replaceText(run: Run, text: string, old: string, by: string, count: number): string {
  const countMax = count < 0 ? Number.POSITIVE_INFINITY : count;
  if (old === "") return spreadText(run, text, by, countMax);
  const pieces: string[] = [];
  let from = 0;
  while (pieces.length < countMax) {
    const at = text.indexOf(old, from);
    if (at < 0) break;
    pieces.push(text.slice(from, at));
    from = at + old.length;
  }
  run.spendText(text.length + pieces.length * Math.max(0, by.length - old.length));
  pieces.push(text.slice(from));
  return pieces.join(by);
}

/** Replacing the empty text puts the new one before each character and at the end. */
function spreadText(run: Run, text: string, by: string, countMax: number): string {
  const characters = codePoints(text);
  const times = Math.min(characters.length + 1, countMax);
  run.spendText(text.length + times * by.length);
  return (
    characters.map((character, index) => (index < times ? by + character : character)).join("") +
    (times > characters.length ? by : "")
  );
}

/** How often one text is in another, without overlaps; the empty one is between all characters. */
export function countText(run: Run, text: string, part: string): number {
  run.spendText(text.length);
  if (part === "") return codePoints(text).length + 1;
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count += 1;
  return count;
}
