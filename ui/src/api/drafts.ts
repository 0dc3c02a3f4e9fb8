import { queryOptions } from "@tanstack/react-query";
import { ApiProblem, type Operations } from "flyball/client";
import type { AssetId } from "./assets.ts";
import { api } from "./client.ts";

/** What is wrong with a text, and where; lines and columns count from one. */
export interface TextProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Asks the server what it would have against a version. Nothing is added. */
export async function checkText(id: AssetId, text: string): Promise<readonly TextProblem[]> {
  try {
    await api.ask("POST /v1/assets/{kind}/{name}/check", { params: id, body: { text } });
    return [];
  } catch (error) {
    if (error instanceof ApiProblem && error.status < 500) return problemsOf(error);
    throw error;
  }
}

/** Where a problem says no place, it is about the text as a whole. */
export function problemsOf({ problems, message }: ApiProblem): readonly TextProblem[] {
  const placed = problems.flatMap((problem) => {
    const { line, column, message: text } = Object(problem);
    return typeof text === "string"
      ? [{ line: Number(line) || 1, column: Number(column) || 1, message: text }]
      : [];
  });
  return placed.length > 0 ? placed : [{ line: 1, column: 1, message }];
}

/** The JSON Schema of the workflow format, with the kinds of step that this server has. */
export const workflowSchemaQuery = queryOptions({
  queryKey: ["workflow-schema"],
  queryFn: () => api.ask("GET /v1/workflows/schema"),
  staleTime: Number.POSITIVE_INFINITY,
});

export function renderQuery(name: string, body: Operations["POST /v1/assets/prompt/{name}/render"]["body"]) {
  return queryOptions({
    queryKey: ["render", name, body],
    queryFn: () => api.ask("POST /v1/assets/prompt/{name}/render", { params: { name }, body }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
