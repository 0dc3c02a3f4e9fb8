import { nearestName } from "../../base/index.ts";
import { filterNamed, filterNames } from "./filters.ts";
import type { ArgumentNodes, Expression, FilterUse } from "./nodes.ts";
import { parseExpression } from "./parse-expression.ts";
import type { TokenStream } from "./token-stream.ts";

export const noArguments: ArgumentNodes = { positional: [], keyword: [], spreadKeyword: undefined };

/** `(a, *list, name=b, **mapping)`. */
export function parseArguments(stream: TokenStream): ArgumentNodes {
  const positional: { value: Expression; spread: boolean }[] = [];
  const keyword: { name: string; value: Expression }[] = [];
  const names = new Set<string>();
  let spreadKeyword: Expression | undefined;
  stream.expectOperator("(");
  while (!stream.isOperator(")")) {
    if (stream.acceptOperator("**")) spreadKeyword = parseExpression(stream);
    else if (spreadKeyword) throw stream.unexpected("nothing behind a **mapping");
    else if (stream.acceptOperator("*")) positional.push({ value: parseExpression(stream), spread: true });
    else if (isKeyword(stream)) keyword.push(parseKeyword(stream, names));
    else if (keyword.length > 0) throw stream.unexpected("an argument with a name, as the one before it");
    else positional.push({ value: parseExpression(stream), spread: false });
    if (!stream.acceptOperator(",") && !stream.isOperator(")")) throw stream.unexpected(", or )");
  }
  stream.next();
  return { positional, keyword, spreadKeyword };
}

function isKeyword(stream: TokenStream): boolean {
  return stream.current.kind === "name" && stream.peek().kind === "operator" && stream.peek().text === "=";
}

function parseKeyword(stream: TokenStream, before: Set<string>) {
  const { text: name, offset } = stream.next();
  if (before.has(name)) throw stream.context.error(`the argument ${name} is given twice`, offset);
  before.add(name);
  stream.next();
  return { name, value: parseExpression(stream) };
}

/** A filter's name and arguments, behind its `|`. */
export function parseFilterUse(stream: TokenStream): FilterUse {
  const { text: name, offset } = stream.expectName("the name of a filter");
  if (!filterNamed(name)) {
    const near = nearestName(name, filterNames());
    throw stream.context.error(`there is no filter ${name}${near ? `; did you mean ${near}?` : ""}`, offset);
  }
  return { name, args: stream.isOperator("(") ? parseArguments(stream) : noArguments, offset };
}
