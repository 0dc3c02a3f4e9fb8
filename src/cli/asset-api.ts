import type { Json } from "../core/base/index.ts";
import { type Api, json } from "./connect.ts";
import { CommandRefused } from "./io.ts";

/** An asset as the API shows it. */
export interface ShownAsset {
  readonly kind: string;
  readonly name: string;
  readonly production: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly rollout: string | null;
  readonly updatedAt: string;
}

export interface ShownVersion {
  readonly digest: string;
  readonly source: string;
  readonly by: string;
  readonly message: string | null;
  readonly at: string;
  readonly labels: readonly string[];
  readonly approvals: readonly { readonly label: string; readonly by: string; readonly verified: boolean }[];
}

export interface ShownText extends ShownVersion {
  readonly content: Json;
  readonly text: string;
  readonly file: string | null;
}

/** The address of an asset: `KIND/NAME`, where a name may have slashes. */
export function pathOf(asset: string): string {
  const [, kind = "", name = ""] = /^([a-z_]+)\/(.+)$/.exec(asset) ?? [];
  if (name === "")
    throw new CommandRefused(
      `${JSON.stringify(asset)} is no asset; expected KIND/NAME, such as prompt/classify.`,
    );
  return `/v1/assets/${kind}/${encodeURIComponent(name)}`;
}

export async function versionOf(api: Api, asset: string, version: string): Promise<ShownText> {
  const path = `${pathOf(asset)}/versions/${encodeURIComponent(version)}`;
  return json<ShownText>(await api.request("GET", path));
}

export async function versionsOf(api: Api, asset: string): Promise<readonly ShownVersion[]> {
  const { items } = await json<{ items: ShownVersion[] }>(
    await api.request("GET", `${pathOf(asset)}/versions`),
  );
  return items;
}
