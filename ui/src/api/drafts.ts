import { queryOptions } from "@tanstack/react-query";
import { type AssetId, assetPath } from "./assets.ts";
import { ApiProblem, get, send } from "./http.ts";
import type { Message } from "./steps.ts";

/** What is wrong with a text, and where; lines and columns count from one. */
export interface TextProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Asks the server what it would have against a version. Nothing is added. */
export async function checkText(id: AssetId, text: string): Promise<readonly TextProblem[]> {
  try {
    await send("POST", `${assetPath(id)}/check`, { text });
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
  queryFn: () => get<Readonly<Record<string, unknown>>>("/v1/workflows/schema"),
  staleTime: Number.POSITIVE_INFINITY,
});

export interface RenderedPrompt {
  readonly digest: string;
  readonly messages: readonly Message[];
  readonly variant: { readonly name: string; readonly reason: string };
}

export function renderQuery(
  name: string,
  { version, input, tags }: { version: string; input: unknown; tags: Readonly<Record<string, string>> },
) {
  return queryOptions({
    queryKey: ["render", name, version, input, tags],
    queryFn: () =>
      send<RenderedPrompt>("POST", `${assetPath({ kind: "prompt", name })}/render`, { version, input, tags }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
