import { FlyballError, type Json, type JsonObject } from "../../core/base/index.ts";
import { schemaMismatches } from "../../core/executor/kinds/index.ts";
import { parseTemplate } from "../../core/workflow/index.ts";
import type { Example, PromptContent } from "./prompt.ts";
import { declaredPart, promptScope } from "./variables.ts";

/** Examples, and what they are rendered with. */
export type ExamplesOf = Pick<PromptContent, "input" | "messages" | "examples" | "output">;

/** What is wrong with each example, as far as that can be known before there is a run. */
export function exampleProblems(prompt: ExamplesOf): readonly { index: number; message: string }[] {
  return (prompt.examples ?? []).flatMap((example, index) =>
    problemsOf(example, prompt).map((message) => ({ index, message })),
  );
}

function problemsOf(example: Example, { input, messages, output }: ExamplesOf): readonly string[] {
  if ("user" in example) return [];
  const question = messages.findLast(({ role }) => role === "user");
  if (!question) return ["an example with `input` needs a user message, which it is put into"];
  const problems = [
    ...mismatches("input", input, declaredPart(input, example.input)),
    ...(output ? mismatches("output", output, example.output) : []),
  ];
  return problems.length > 0 ? problems : unrenderable(question.content, example.input);
}

function mismatches(member: string, schema: JsonObject, value: Json): readonly string[] {
  return schemaMismatches(schema, value).map(
    ({ at, message }) => `${at ? `${member}.${at}` : member}: ${message}`,
  );
}

function unrenderable(template: string, input: JsonObject): readonly string[] {
  try {
    parseTemplate(template).render(promptScope(input));
    return [];
  } catch (error) {
    if (error instanceof FlyballError) return [error.message];
    throw error;
  }
}
