import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { get, type Page, send } from "./http.ts";

/** An asset: all its versions stand on one line, some of them under a label. */
export interface Asset {
  readonly kind: string;
  readonly name: string;
  readonly production: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** The version that the served files had last. */
  readonly files: string | null;
  /** The rollout that decides about it now. */
  readonly rollout: string | null;
  readonly updatedAt: string;
}

export interface AssetVersion {
  readonly digest: string;
  readonly source: "files" | "run" | "api";
  readonly by: string;
  readonly message: string | null;
  readonly at: string;
  readonly labels: readonly string[];
  readonly approvals: readonly Approval[];
}

export interface Approval {
  readonly label: string;
  readonly by: string;
  readonly verified: boolean;
  readonly at: string;
}

interface VersionText extends AssetVersion {
  readonly text: string;
  readonly file: string | null;
  readonly content: unknown;
}

export interface AssetEvent {
  readonly type: string;
  readonly at: string;
  readonly actor: string;
  readonly [fact: string]: unknown;
}

export interface AssetId {
  readonly kind: string;
  readonly name: string;
}

export function assetPath({ kind, name }: AssetId): string {
  return `/v1/assets/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;
}

export const assetsQuery = queryOptions({
  queryKey: ["assets"],
  queryFn: () => get<Page<Asset>>("/v1/assets"),
  refetchInterval: 10_000,
});

const keyOf = ({ kind, name }: AssetId) => ["asset", kind, name];

export function assetQuery(id: AssetId) {
  return queryOptions({ queryKey: keyOf(id), queryFn: () => get<Asset>(assetPath(id)) });
}

export function versionsQuery(id: AssetId) {
  return queryOptions({
    queryKey: [...keyOf(id), "versions"],
    queryFn: () => get<Page<AssetVersion>>(`${assetPath(id)}/versions`),
  });
}

/** A version never changes, so it is asked for once. */
export function versionTextQuery(id: AssetId, digest: string) {
  return queryOptions({
    queryKey: ["version", id.kind, id.name, digest],
    queryFn: () => get<VersionText>(`${assetPath(id)}/versions/${digest}`),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function historyQuery(id: AssetId) {
  return queryOptions({
    queryKey: [...keyOf(id), "history"],
    queryFn: () => get<Page<AssetEvent>>(`${assetPath(id)}/history`),
  });
}

/** Everything that follows from a change of an asset is asked for again. */
function useAssetChange<Body>(id: AssetId, change: (body: Body) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => {
      for (const queryKey of [keyOf(id), ["assets"], ["workflows"], ["rollouts"]])
        client.invalidateQueries({ queryKey });
    },
  });
}

export function useMoveLabel(id: AssetId) {
  return useAssetChange(id, ({ label, ...body }: { label: string; to: string; reason?: string }) =>
    send("PUT", `${assetPath(id)}/labels/${encodeURIComponent(label)}`, body),
  );
}

export function useApprove(id: AssetId) {
  return useAssetChange(
    id,
    ({ label, ...body }: { label: string; to: string; by?: string; comment?: string }) =>
      send("POST", `${assetPath(id)}/labels/${encodeURIComponent(label)}/approvals`, body),
  );
}

export function useAddVersion(id: AssetId) {
  return useAssetChange(id, (body: { text: string; message?: string }) =>
    send<Asset>("PUT", assetPath(id), body),
  );
}
