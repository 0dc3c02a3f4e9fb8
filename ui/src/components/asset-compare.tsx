import { useQuery } from "@tanstack/react-query";
import type { Asset, AssetVersion } from "flyball/client";
import { versionTextQuery } from "../api/assets.ts";
import { shortId } from "../format.ts";
import { assetRoute } from "../router.tsx";
import { Loading, Panel, Problem, Verbatim } from "./basics.tsx";
import { Choice } from "./field.tsx";
import { TextDiff } from "./text-diff.tsx";

/** Any two versions line beside line; the two are in the address. A lone one is shown as it was written. */
export function AssetCompare({ asset, versions }: { asset: Asset; versions: readonly AssetVersion[] }) {
  const search = assetRoute.useSearch();
  const navigate = assetRoute.useNavigate();
  const newest = versions[0]?.digest ?? "";
  const to = known(versions, search.to) ?? newest;
  const other =
    asset.production === to ? versions.find(({ digest }) => digest !== to)?.digest : asset.production;
  const from = known(versions, search.from) ?? other ?? to;
  const options = versions.map((version) => [version.digest, nameOf(version)] as const);
  const choose = (change: { from?: string; to?: string }) =>
    navigate({ search: { from, to, ...change }, replace: true, resetScroll: false });
  return (
    <Panel
      title={versions.length > 1 ? "What differs" : "As it was written"}
      actions={
        versions.length > 1 ? (
          <span className="flex flex-wrap gap-3">
            <Choice
              name="From"
              value={from}
              options={options}
              onChange={(digest) => choose({ from: digest })}
            />
            <Choice name="To" value={to} options={options} onChange={(digest) => choose({ to: digest })} />
          </span>
        ) : null
      }
    >
      <Texts asset={asset} from={from} to={to} />
    </Panel>
  );
}

function known(versions: readonly AssetVersion[], wanted: string | undefined): string | undefined {
  return versions.find(({ digest }) => digest === wanted)?.digest;
}

function nameOf({ digest, labels, message }: AssetVersion): string {
  return [shortId(digest), ...labels, ...(message ? [message.slice(0, 40)] : [])].join(" · ");
}

function Texts({ asset, from, to }: { asset: Asset; from: string; to: string }) {
  const before = useQuery(versionTextQuery(asset, from));
  const after = useQuery(versionTextQuery(asset, to));
  const error = before.error ?? after.error;
  if (error) return <Problem error={error} />;
  if (!before.data || !after.data) return <Loading lines={8} />;
  if (from === to)
    return (
      <div className="p-4">
        <Verbatim label="Text of the version">{after.data.text}</Verbatim>
      </div>
    );
  return <TextDiff label="What differs" before={before.data.text} after={after.data.text} />;
}
