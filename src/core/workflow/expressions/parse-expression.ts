import type { BinaryNode, CompareOperator, DictEntry, Expression } from "./nodes.ts";
import { parseArguments, parseFilterUse } from "./parse-arguments.ts";
import { parseTest } from "./parse-test.ts";
import type { TokenStream } from "./token-stream.ts";
import { Float } from "./values.ts";

/** The grammar of Jinja2's expressions, from the loosest binding to the tightest. */
export function parseExpression(stream: TokenStream): Expression {
  return stream.context.nest(stream.current.offset, () => parseConditional(stream));
}

/**
 * Expressions with commas between them are a tuple, one alone is itself.
 *
 * @param endsAt a name that ends it, such as the `recursive` of a `for`
 */
export function parseTuple(
  stream: TokenStream,
  options: { conditional: boolean; endsAt?: string },
): Expression {
  const { offset } = stream.current;
  const parseItem = () => (options.conditional ? parseExpression(stream) : parseWithoutConditional(stream));
  const items = [parseItem()];
  let isTuple = false;
  while (stream.acceptOperator(",")) {
    isTuple = true;
    if (isTupleEnd(stream, options.endsAt)) break;
    items.push(parseItem());
  }
  const [only] = items;
  return isTuple || only === undefined ? { type: "tuple", items, offset } : only;
}

function isTupleEnd(stream: TokenStream, endsAt: string | undefined): boolean {
  return (
    stream.current.kind === "end" ||
    stream.isOperator(")", "=") ||
    (endsAt !== undefined && stream.isName(endsAt))
  );
}

export function parseWithoutConditional(stream: TokenStream): Expression {
  return stream.context.nest(stream.current.offset, () => parseOr(stream));
}

function parseConditional(stream: TokenStream): Expression {
  const { offset } = stream.current;
  let node = parseOr(stream);
  for (let count = 1; stream.acceptName("if"); count++) {
    stream.context.checkChain(count, offset);
    const test = parseOr(stream);
    const whenFalse = stream.acceptName("else") ? parseExpression(stream) : undefined;
    node = { type: "conditional", test, whenTrue: node, whenFalse, offset };
  }
  return node;
}

function parseOr(stream: TokenStream): Expression {
  return parseLogical(stream, "or", () => parseLogical(stream, "and", () => parseNot(stream)));
}

function parseLogical(stream: TokenStream, operator: "and" | "or", parsePart: () => Expression): Expression {
  const { offset } = stream.current;
  const first = parsePart();
  if (!stream.isName(operator)) return first;
  const parts = [first];
  while (stream.acceptName(operator)) parts.push(parsePart());
  return { type: "logical", operator, parts, offset };
}

function parseNot(stream: TokenStream): Expression {
  const { offset } = stream.current;
  if (!stream.acceptName("not")) return parseCompare(stream);
  const operand = stream.context.nest(offset, () => parseNot(stream));
  return { type: "unary", operator: "not", operand, offset };
}

const compareOperators: readonly CompareOperator[] = ["==", "!=", "<", "<=", ">", ">="];

function parseCompare(stream: TokenStream): Expression {
  const { offset } = stream.current;
  const first = parseSum(stream);
  const rest: { operator: CompareOperator; operand: Expression }[] = [];
  for (;;) {
    const operator = acceptCompareOperator(stream);
    if (operator === undefined) break;
    rest.push({ operator, operand: parseSum(stream) });
  }
  return rest.length === 0 ? first : { type: "compare", first, rest, offset };
}

function acceptCompareOperator(stream: TokenStream): CompareOperator | undefined {
  if (stream.acceptName("in")) return "in";
  if (stream.isName("not") && stream.peek().kind === "name" && stream.peek().text === "in") {
    stream.next();
    stream.next();
    return "not in";
  }
  const operator = compareOperators.find((candidate) => stream.isOperator(candidate));
  if (operator !== undefined) stream.next();
  return operator;
}

/** Jinja2 binds `~` tighter than `+`, and `**` groups to the left, both unlike what one may expect. */
function parseSum(stream: TokenStream): Expression {
  return parseBinary(stream, ["+", "-"], () => parseConcat(stream));
}

function parseConcat(stream: TokenStream): Expression {
  const { offset } = stream.current;
  const first = parseProduct(stream);
  if (!stream.isOperator("~")) return first;
  const parts = [first];
  while (stream.acceptOperator("~")) parts.push(parseProduct(stream));
  return { type: "concat", parts, offset };
}

function parseProduct(stream: TokenStream): Expression {
  return parseBinary(stream, ["*", "/", "//", "%"], () =>
    parseBinary(stream, ["**"], () => parseUnary(stream)),
  );
}

function parseBinary(
  stream: TokenStream,
  operators: readonly BinaryNode["operator"][],
  parseOperand: () => Expression,
): Expression {
  let left = parseOperand();
  for (let count = 1; ; count++) {
    const { offset } = stream.current;
    const operator = operators.find((candidate) => stream.isOperator(candidate));
    if (operator === undefined) return left;
    stream.context.checkChain(count, offset);
    stream.next();
    left = { type: "binary", operator, left, right: parseOperand(), offset };
  }
}

function parseUnary(stream: TokenStream, withFilters = true): Expression {
  const { offset } = stream.current;
  const operator = stream.isOperator("-") ? "-" : stream.isOperator("+") ? "+" : undefined;
  let node: Expression;
  if (operator === undefined) node = parsePrimary(stream);
  else {
    stream.next();
    const operand = stream.context.nest(offset, () => parseUnary(stream, false));
    node = signed(operator, operand, offset);
  }
  node = parsePostfix(stream, node);
  return withFilters ? parseFiltersAndTests(stream, node) : node;
}

/** A signed int literal is a constant, so that `items[-1]` is a static path. */
function signed(operator: "-" | "+", operand: Expression, offset: number): Expression {
  if (operand.type === "constant" && typeof operand.value === "number")
    return {
      type: "constant",
      value: operator === "-" && operand.value !== 0 ? -operand.value : operand.value,
      offset,
    };
  return { type: "unary", operator, operand, offset };
}

/** Members, subscripts and calls. */
export function parsePostfix(stream: TokenStream, start: Expression): Expression {
  let node = start;
  for (let count = 1; ; count++) {
    const { offset } = stream.current;
    stream.context.checkChain(count, offset);
    if (stream.acceptOperator(".")) node = parseMember(stream, node, offset);
    else if (stream.isOperator("[")) node = parseSubscript(stream, node);
    else if (stream.isOperator("("))
      node = { type: "call", callee: node, args: parseArguments(stream), offset };
    else return node;
  }
}

function parseMember(stream: TokenStream, object: Expression, offset: number): Expression {
  if (stream.current.kind === "integer")
    return { type: "member", object, key: stream.next().number, dot: true, offset };
  const name = stream.expectName("the name of a member");
  return { type: "member", object, key: name.text, dot: true, offset };
}

function parseSubscript(stream: TokenStream, object: Expression): Expression {
  const { offset } = stream.expectOperator("[");
  if (stream.isOperator("]")) throw stream.unexpected("a key or an index");
  const start = stream.isOperator(":") ? undefined : parseTupleUntilColon(stream);
  if (stream.isOperator(":")) return parseSlice(stream, object, start, offset);
  stream.expectOperator("]");
  if (start?.type === "constant" && (typeof start.value === "string" || Number.isSafeInteger(start.value)))
    return {
      type: "member",
      object,
      key: typeof start.value === "string" ? start.value : Number(start.value),
      dot: false,
      offset,
    };
  return { type: "subscript", object, key: start ?? { type: "constant", value: null, offset }, offset };
}

function parseTupleUntilColon(stream: TokenStream): Expression {
  const { offset } = stream.current;
  const first = parseExpression(stream);
  if (!stream.isOperator(",")) return first;
  const items = [first];
  while (stream.acceptOperator(",") && !stream.isOperator("]")) items.push(parseExpression(stream));
  return { type: "tuple", items, offset };
}

function parseSlice(
  stream: TokenStream,
  object: Expression,
  start: Expression | undefined,
  offset: number,
): Expression {
  const parsePart = () => (stream.isOperator(":", "]") ? undefined : parseExpression(stream));
  stream.expectOperator(":");
  const stop = parsePart();
  const step = stream.acceptOperator(":") ? parsePart() : undefined;
  stream.expectOperator("]");
  return { type: "slice", object, start, stop, step, offset };
}

/** What may follow an operand: filters, tests, and calls of what they give. */
function parseFiltersAndTests(stream: TokenStream, start: Expression): Expression {
  let node = start;
  for (let count = 1; ; count++) {
    const { offset } = stream.current;
    stream.context.checkChain(count, offset);
    if (stream.acceptOperator("|")) node = { type: "filter", operand: node, ...parseFilterUse(stream) };
    else if (stream.acceptName("is")) node = parseTest(stream, node, offset);
    else if (stream.isOperator("("))
      node = { type: "call", callee: node, args: parseArguments(stream), offset };
    else return node;
  }
}

const constants = new Map<string, boolean | null>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);

export function parsePrimary(stream: TokenStream): Expression {
  const token = stream.current;
  const { offset } = token;
  if (token.kind === "name") {
    stream.next();
    const constant = constants.get(token.text);
    return constant === undefined
      ? { type: "name", name: token.text, offset }
      : { type: "constant", value: constant, offset };
  }
  if (token.kind === "string") return parseStrings(stream);
  if (token.kind === "integer" || token.kind === "float") {
    stream.next();
    const value = token.kind === "float" ? new Float(token.number) : token.number;
    return { type: "constant", value, offset };
  }
  if (stream.isOperator("(")) return parseParentheses(stream);
  if (stream.isOperator("[")) return { type: "list", items: parseItems(stream, "]"), offset };
  if (stream.isOperator("{")) return parseDict(stream);
  throw stream.unexpected("an expression");
}

/** Strings that follow each other are one. */
function parseStrings(stream: TokenStream): Expression {
  const { offset } = stream.current;
  let value = "";
  while (stream.current.kind === "string") value += stream.next().text;
  return { type: "constant", value, offset };
}

function parseParentheses(stream: TokenStream): Expression {
  const { offset } = stream.expectOperator("(");
  if (stream.acceptOperator(")")) return { type: "tuple", items: [], offset };
  const node = parseTuple(stream, { conditional: true });
  stream.expectOperator(")");
  return node;
}

function parseItems(stream: TokenStream, closer: string): Expression[] {
  const items: Expression[] = [];
  stream.next();
  while (!stream.isOperator(closer)) {
    items.push(parseExpression(stream));
    if (!stream.acceptOperator(",") && !stream.isOperator(closer)) throw stream.unexpected(`, or ${closer}`);
  }
  stream.next();
  return items;
}

function parseDict(stream: TokenStream): Expression {
  const { offset } = stream.expectOperator("{");
  const entries: DictEntry[] = [];
  while (!stream.isOperator("}")) {
    const key = parseExpression(stream);
    stream.expectOperator(":");
    entries.push([key, parseExpression(stream)]);
    if (!stream.acceptOperator(",") && !stream.isOperator("}")) throw stream.unexpected(", or }");
  }
  stream.next();
  return { type: "dict", entries, offset };
}
