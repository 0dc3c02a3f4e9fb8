import { queryOptions } from "@tanstack/react-query";
import type { Operations, Rollout } from "flyball/client";
import { api, pressed, useChange } from "./client.ts";

/** What people ask for who start one; bounds and shares may have units. */
export type RolloutRequest = Operations["POST /v1/rollouts"]["body"];

export const rolloutsQuery = queryOptions({
  queryKey: ["rollouts"],
  queryFn: () => api.ask("GET /v1/rollouts"),
  refetchInterval: 5_000,
});

export function rolloutQuery(id: string) {
  return queryOptions({
    queryKey: ["rollouts", id],
    queryFn: () => api.ask("GET /v1/rollouts/{id}", { params: { id } }),
    refetchInterval: 2_000,
  });
}

function useRolloutChange<Body>(change: (body: Body) => Promise<Rollout>) {
  return useChange(change, ["rollouts", "assets", "asset", "workflows"]);
}

export function useStartRollout() {
  return useRolloutChange((body: RolloutRequest) => api.ask("POST /v1/rollouts", { body, ...pressed() }));
}

export type RolloutCommand =
  | { readonly command: "share"; readonly share: string }
  | { readonly command: "promote" | "rollback"; readonly reason: string };

export function useRolloutCommand(id: string) {
  return useRolloutChange((asked: RolloutCommand) => {
    const request = { params: { id }, ...pressed() };
    switch (asked.command) {
      case "share":
        return api.ask("POST /v1/rollouts/{id}/share", { ...request, body: { share: asked.share } });
      case "promote":
        return api.ask("POST /v1/rollouts/{id}/promote", {
          ...request,
          body: asked.reason ? { reason: asked.reason } : {},
        });
      case "rollback":
        return api.ask("POST /v1/rollouts/{id}/rollback", { ...request, body: { reason: asked.reason } });
    }
  });
}
