import { queryOptions } from "@tanstack/react-query";
import type { Experiment } from "flyball/client";
import { api, pressed, useChange } from "./client.ts";

const everyMs = 5_000;

export const proposalsQuery = queryOptions({
  queryKey: ["proposals"],
  queryFn: () => api.ask("GET /v1/proposals"),
  refetchInterval: everyMs,
});

export function proposalQuery(id: string) {
  return queryOptions({
    queryKey: ["proposals", id],
    queryFn: () => api.ask("GET /v1/proposals/{id}", { params: { id } }),
    refetchInterval: everyMs,
  });
}

export function experimentQuery(id: string) {
  return queryOptions({
    queryKey: ["experiments", id],
    queryFn: () => api.ask("GET /v1/experiments/{id}", { params: { id } }),
    refetchInterval: ({ state: { data } }) => (data && isOver(data) ? false : everyMs),
  });
}

/** Nothing that happens changes it any more. */
function isOver({ stage, isWatched }: Experiment): boolean {
  return stage === "rolledBack" || (stage === "promoted" && !isWatched);
}

export function looksQuery(workflow: string) {
  return queryOptions({
    queryKey: ["looks", workflow],
    queryFn: () => api.ask("GET /v1/optimizer/cycles", { query: { workflow } }),
    refetchInterval: 60_000,
  });
}

/** A look changes nothing, whatever it finds; the server may act on it by itself only where it is told to. */
export function useLook(workflow: string) {
  return useChange(
    () => api.ask("POST /v1/optimizer/cycles", { body: { workflow }, ...pressed() }),
    ["proposals", "looks"],
  );
}

export function useStartExperiment(proposal: string) {
  return useChange(
    () => api.ask("POST /v1/proposals/{id}/experiments", { params: { id: proposal }, ...pressed() }),
    ["proposals", "rollouts", "assets", "asset"],
  );
}

export function useDecline(proposal: string) {
  return useChange(
    (reason: string) =>
      api.ask("POST /v1/proposals/{id}/decline", {
        params: { id: proposal },
        body: { reason },
        ...pressed(),
      }),
    ["proposals"],
  );
}
