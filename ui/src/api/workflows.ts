import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { get, type Page, send } from "./http.ts";
import type { Targets } from "./metrics.ts";
import type { Run } from "./runs.ts";

export interface Workflow {
  readonly name: string;
  /** Null where what is in production cannot run; `problem` says why. */
  readonly version: string | null;
  readonly release: string | null;
  readonly problem?: string;
  readonly description: string | null;
  /** Null for a flow, which is code. */
  readonly document: WorkflowDocument | null;
}

export interface WorkflowDocument {
  readonly workflow: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly targets?: Targets;
  readonly steps: readonly StepDocument[];
}

export interface StepDocument {
  readonly id: string;
  readonly kind: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly needs?: readonly string[];
  readonly if?: string | boolean;
}

export const workflowsQuery = queryOptions({
  queryKey: ["workflows"],
  queryFn: () => get<Page<Workflow>>("/v1/workflows"),
  staleTime: 10_000,
});

export function useStartRun(workflow: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { input: unknown; tags?: Readonly<Record<string, string>> }) =>
      send<Run>("POST", `/v1/workflows/${encodeURIComponent(workflow)}/runs`, body),
    onSuccess: () => client.invalidateQueries({ queryKey: ["runs"] }),
  });
}
