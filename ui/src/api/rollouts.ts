import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { get, type Page, send } from "./http.ts";

export interface RolloutRow {
  readonly id: string;
  /** `KIND/NAME`. */
  readonly asset: string;
  readonly mode: "canary" | "ab" | "shadow";
  readonly status: "running" | "promoted" | "rolled_back";
  readonly share: number;
  readonly from: string;
  readonly to: string;
  /** What runs are told apart by; null: each for itself. */
  readonly by: string | null;
  readonly guards: readonly Guard[];
  readonly startedBy: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly reason: string | null;
}

export interface Guard {
  readonly metric: string;
  readonly max?: number;
  readonly min?: number;
  readonly minRuns: number;
}

export interface ArmFigures {
  readonly runs: number;
  readonly failed: number;
  readonly errorRate: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly costMeanUsd: number | null;
  readonly scores: Readonly<Record<string, { readonly n: number; readonly mean: number }>>;
}

export interface RolloutEvent {
  readonly type: string;
  readonly at: string;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>> | null;
}

export interface Rollout extends RolloutRow {
  readonly arms: { readonly from: ArmFigures; readonly to: ArmFigures };
  readonly events: readonly RolloutEvent[];
}

/** What people ask for who start one; bounds and shares may have units. */
export interface RolloutRequest {
  readonly asset: string;
  readonly to: string;
  readonly mode: RolloutRow["mode"];
  readonly share: string;
  readonly by?: string;
  readonly guards: readonly { readonly metric: string; readonly max?: string; readonly min?: string }[];
}

export const rolloutsQuery = queryOptions({
  queryKey: ["rollouts"],
  queryFn: () => get<Page<RolloutRow>>("/v1/rollouts"),
  refetchInterval: 5_000,
});

export function rolloutQuery(id: string) {
  return queryOptions({
    queryKey: ["rollouts", id],
    queryFn: () => get<Rollout>(`/v1/rollouts/${encodeURIComponent(id)}`),
    refetchInterval: 2_000,
  });
}

function useRolloutChange<Body>(change: (body: Body) => Promise<Rollout>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => {
      for (const name of ["rollouts", "assets", "asset", "workflows"])
        client.invalidateQueries({ queryKey: [name] });
    },
  });
}

export function useStartRollout() {
  return useRolloutChange((body: RolloutRequest) => send<Rollout>("POST", "/v1/rollouts", body));
}

export function useRolloutCommand(id: string) {
  return useRolloutChange(
    ({ command, ...body }: { command: "share" | "promote" | "rollback"; share?: string; reason?: string }) =>
      send<Rollout>("POST", `/v1/rollouts/${encodeURIComponent(id)}/${command}`, body),
  );
}
