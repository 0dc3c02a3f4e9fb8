import { queryOptions } from "@tanstack/react-query";
import { get } from "./http.ts";
import type { Failure, Step } from "./runs.ts";

/** What ran at a step, in full; what its kind does not tell is null. */
export interface StepDetail {
  readonly runId: string;
  readonly path: string;
  readonly kind: string | null;
  readonly status: Step["status"];
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly prompt: readonly Message[] | null;
  readonly input: unknown;
  readonly model: string | null;
  readonly provider: string | null;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly versions: Readonly<Record<string, Version>>;
  readonly tokens: Readonly<Record<string, number>> | null;
  readonly cost: number | null;
  readonly attempts: number;
  readonly failures: readonly FailedAttempt[];
  readonly requests: number | null;
  readonly cache: string | null;
  readonly cachedFrom?: { readonly runId: string; readonly path: string; readonly ageMs: number };
  readonly route: { readonly chosen: string; readonly reason: string } | null;
  readonly result: Step["result"];
  readonly error: Failure | null;
  /** The digest of what is no longer kept. */
  readonly erased: string | null;
}

export interface Message {
  readonly role: string;
  /** Absent where only a digest is kept. */
  readonly content?: unknown;
  readonly digest?: string;
  readonly characters?: number;
}

export interface Version {
  readonly name: string;
  readonly digest: string;
  readonly variant?: string;
  readonly reason?: string;
}

export interface FailedAttempt {
  readonly attempt: number;
  readonly error: Failure;
  readonly at: string | null;
  readonly dueAt: string | null;
}

export function stepQuery(run: string, path: string) {
  return queryOptions({
    queryKey: ["run", run, "step", path],
    queryFn: () => get<StepDetail>(`/v1/runs/${run}/steps/${encodeURIComponent(path)}`),
  });
}
