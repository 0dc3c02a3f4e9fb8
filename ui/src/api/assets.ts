import { queryOptions } from "@tanstack/react-query";
import { api, pressed, useChange } from "./client.ts";

export interface AssetId {
  readonly kind: string;
  readonly name: string;
}

export const assetsQuery = queryOptions({
  queryKey: ["assets"],
  queryFn: () => api.ask("GET /v1/assets"),
  refetchInterval: 10_000,
});

const keyOf = ({ kind, name }: AssetId) => ["asset", kind, name];

export function assetQuery(id: AssetId) {
  return queryOptions({
    queryKey: keyOf(id),
    queryFn: () => api.ask("GET /v1/assets/{kind}/{name}", { params: id }),
  });
}

export function versionsQuery(id: AssetId) {
  return queryOptions({
    queryKey: [...keyOf(id), "versions"],
    queryFn: () => api.ask("GET /v1/assets/{kind}/{name}/versions", { params: id }),
  });
}

/** A version never changes, so it is asked for once. */
export function versionTextQuery(id: AssetId, version: string) {
  return queryOptions({
    queryKey: ["version", id.kind, id.name, version],
    queryFn: () => api.ask("GET /v1/assets/{kind}/{name}/versions/{version}", { params: { ...id, version } }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function historyQuery(id: AssetId) {
  return queryOptions({
    queryKey: [...keyOf(id), "history"],
    queryFn: () => api.ask("GET /v1/assets/{kind}/{name}/history", { params: id }),
  });
}

/** Everything that follows from a change of an asset is asked for again. */
function useAssetChange<Body>(id: AssetId, change: (body: Body) => Promise<unknown>) {
  return useChange(change, [keyOf(id), "assets", "workflows", "rollouts"]);
}

export function useMoveLabel(id: AssetId) {
  return useAssetChange(id, ({ label, ...body }: { label: string; to: string; reason?: string }) =>
    api.ask("PUT /v1/assets/{kind}/{name}/labels/{label}", {
      params: { ...id, label },
      body,
      ...pressed(),
    }),
  );
}

export function useApprove(id: AssetId) {
  return useAssetChange(
    id,
    ({ label, ...body }: { label: string; to: string; by?: string; comment?: string }) =>
      api.ask("POST /v1/assets/{kind}/{name}/labels/{label}/approvals", {
        params: { ...id, label },
        body,
        ...pressed(),
      }),
  );
}

export function useAddVersion(id: AssetId) {
  return useAssetChange(id, (body: { text: string; message?: string }) =>
    api.ask("PUT /v1/assets/{kind}/{name}", { params: id, body, ...pressed() }),
  );
}
