/**
 * The keys around the end of an unfinished YAML text, outermost first, `*` for an item of a list; undefined
 * where a value stands, not a key. By indentation alone: what is being typed rarely parses.
 */
export function wayTo(text: string): readonly string[] | undefined {
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  if (/\S.*:\s/.test(last)) return undefined;
  const way: string[] = [];
  let indent = keyColumn(last);
  if (isItem(last)) {
    way.unshift("*");
    indent = dashColumn(last);
  }
  for (const line of lines.reverse()) {
    const key = /^[\s-]*([\w-]+):/.exec(line)?.[1];
    if (key === undefined) continue;
    // A list may stand at the column of the key that it belongs to.
    const isParent =
      keyColumn(line) < indent || (way[0] === "*" && !isItem(line) && keyColumn(line) === indent);
    if (isParent) {
      way.unshift(key);
      indent = keyColumn(line);
    }
    if (isItem(line) && dashColumn(line) < indent && (isParent || keyColumn(line) === indent)) {
      way.unshift("*");
      indent = dashColumn(line);
    }
  }
  return way;
}

function isItem(line: string): boolean {
  return /^\s*-\s/.test(line);
}

function dashColumn(line: string): number {
  return line.indexOf("-");
}

/** Where its key begins, behind the dash of an item. */
function keyColumn(line: string): number {
  return /^\s*(?:-\s+)?/.exec(line)?.[0].length ?? 0;
}
