import { nearestName } from "../../base/index.ts";
import type { Expression } from "./nodes.ts";
import { noArguments, parseArguments } from "./parse-arguments.ts";
import { parsePostfix, parsePrimary } from "./parse-expression.ts";
import { testNamed, testNames } from "./tests.ts";
import type { TokenStream } from "./token-stream.ts";

/** `is odd`, `is not divisibleby(3)`, `is divisibleby 3`, behind the `is`. */
export function parseTest(stream: TokenStream, operand: Expression, offset: number): Expression {
  const negated = stream.acceptName("not");
  const { text: name, offset: nameOffset } = stream.expectName("the name of a test");
  if (!testNamed(name)) {
    const near = nearestName(name, testNames());
    throw stream.context.error(
      `there is no test ${name}${near ? `; did you mean ${near}?` : ""}`,
      nameOffset,
    );
  }
  return { type: "test", operand, name, args: parseTestArguments(stream), negated, offset };
}

function parseTestArguments(stream: TokenStream) {
  if (stream.isOperator("(")) return parseArguments(stream);
  if (!startsOperand(stream)) return noArguments;
  if (stream.isName("is")) throw stream.unexpected("and between two tests");
  const value = parsePostfix(stream, parsePrimary(stream));
  return { positional: [{ value, spread: false }], keyword: [], spreadKeyword: undefined };
}

/** Whether an argument without brackets follows. */
function startsOperand(stream: TokenStream): boolean {
  const { kind } = stream.current;
  if (kind === "name") return !stream.isName("else", "or", "and", "if", "in", "not");
  return kind === "string" || kind === "integer" || kind === "float" || stream.isOperator("[", "{");
}
