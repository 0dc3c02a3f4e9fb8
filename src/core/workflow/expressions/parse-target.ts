import type { Target } from "./nodes.ts";
import type { TokenStream } from "./token-stream.ts";

const reservedNames = new Set(["true", "false", "none", "True", "False", "None"]);
const operatorNames = new Set(["and", "or", "not", "in", "is", "if", "else"]);

export function isReservedName(name: string): boolean {
  return reservedNames.has(name) || operatorNames.has(name);
}

/**
 * What is assigned to: `a`, `a, b`, `(a, (b, c))`, `namespace.a`.
 *
 * @param endsAt what stands behind it, so that a trailing comma is known
 */
export function parseTarget(stream: TokenStream, endsAt: string, withCommas = true): Target {
  const { offset } = stream.current;
  const first = parseSingleTarget(stream, endsAt);
  if (!withCommas || !stream.isOperator(",")) return first;
  const items = [first];
  while (stream.acceptOperator(",")) {
    if (stream.isName(endsAt) || stream.isOperator(endsAt, ")")) break;
    items.push(parseSingleTarget(stream, endsAt));
  }
  return { type: "tuple", items, offset };
}

function parseSingleTarget(stream: TokenStream, endsAt: string): Target {
  const { offset } = stream.current;
  if (stream.acceptOperator("(")) {
    const target = stream.context.nest(offset, () => parseTarget(stream, endsAt));
    stream.expectOperator(")");
    return target;
  }
  const { text: name } = stream.expectName("a name to assign to");
  if (isReservedName(name)) throw stream.context.error(`cannot assign to ${name}`, offset);
  if (endsAt !== "=" || !stream.acceptOperator(".")) return { type: "name", name, offset };
  const attribute = stream.expectName("the name of an attribute").text;
  return { type: "attribute", object: name, attribute, offset };
}
