import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Asset, AssetVersion } from "flyball/client";
import { lazy, Suspense, useState } from "react";
import { type AssetId, assetQuery, historyQuery, versionsQuery } from "../api/assets.ts";
import { AssetCompare } from "../components/asset-compare.tsx";
import { AssetHistory } from "../components/asset-history.tsx";
import { AssetVersions } from "../components/asset-versions.tsx";
import { Button, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { MoveLabel } from "../components/move-label.tsx";
import { StartRollout } from "../components/start-rollout.tsx";
import { shortId } from "../format.ts";
import { lastMove } from "../production.ts";
import { assetRoute } from "../router.tsx";

const PromptPreview = lazy(() => import("../components/prompt-preview.tsx"));

/** One asset: what is in production and how to take it back, its versions, what differs, and what happened. */
export function AssetPage() {
  const { kind, name } = assetRoute.useParams();
  const id = { kind, name };
  const asset = useQuery(assetQuery(id));
  const versions = useQuery(versionsQuery(id));
  const error = asset.error ?? versions.error;
  if (error) return <Problem error={error} />;
  if (!asset.data || !versions.data) return <Loading lines={12} />;
  return <ShownAsset key={`${kind}/${name}`} asset={asset.data} versions={versions.data.items} />;
}

function ShownAsset({ asset, versions }: { asset: Asset; versions: readonly AssetVersion[] }) {
  const [isStarting, setStarting] = useState(false);
  const { kind, name, rollout } = asset;
  return (
    <>
      <PageTitle
        title={name}
        note={
          <>
            {kind} · {versions.length} {versions.length === 1 ? "version" : "versions"} · changed{" "}
            <Moment iso={asset.updatedAt} />
          </>
        }
        actions={
          <>
            <Link to="/assets/$kind/$name/edit" params={{ kind, name }} className="link self-center">
              Write a new version
            </Link>
            {rollout === null && versions.length > 1 ? (
              <Button onClick={() => setStarting(true)}>Start a rollout …</Button>
            ) : null}
          </>
        }
      />
      <div className="space-y-4">
        <Production asset={asset} versions={versions} />
        <AssetVersions asset={asset} versions={versions} />
        <AssetCompare asset={asset} versions={versions} />
        {kind === "prompt" ? (
          <Suspense fallback={<Loading lines={6} />}>
            <PromptPreview name={name} versions={versions} />
          </Suspense>
        ) : null}
        <AssetHistory id={asset} />
      </div>
      {isStarting ? (
        <StartRollout asset={asset} versions={versions} onClose={() => setStarting(false)} />
      ) : null}
    </>
  );
}

/** What new runs get, since when and why, with the way back beside it. */
function Production({ asset, versions }: { asset: Asset; versions: readonly AssetVersion[] }) {
  const [target, setTarget] = useState<string>();
  const { data: history } = useQuery(historyQuery(asset));
  const move = lastMove(history?.items ?? [], asset.production);
  const before = versions.find(({ digest }) => digest === move?.from)?.digest;
  return (
    <Panel title="In production">
      <div className="flex flex-wrap items-center justify-between gap-3 px-4 py-3">
        {asset.production === null ? (
          <p>None: a run that needs it cannot start.</p>
        ) : (
          <p>
            <span className="font-medium font-mono">{shortId(asset.production)}</span>
            {move ? (
              <>
                , since <Moment iso={move.at} />, by {move.by}
                {move.reason ? `: ${move.reason}` : ""}
              </>
            ) : null}
          </p>
        )}
        <Ways asset={asset} before={before} onMove={setTarget} />
      </div>
      {target ? (
        <MoveLabel asset={asset} versions={versions} to={target} onClose={() => setTarget(undefined)} />
      ) : null}
    </Panel>
  );
}

function Ways({
  asset,
  before,
  onMove,
}: {
  asset: AssetId & Pick<Asset, "rollout">;
  before: string | undefined;
  onMove: (to: string) => void;
}) {
  if (asset.rollout)
    return (
      <Link to="/rollouts/$id" params={{ id: asset.rollout }} className="link font-medium">
        A rollout decides: promote it or roll it back →
      </Link>
    );
  if (!before) return <span className="text-muted">There is no version from before to go back to.</span>;
  return (
    <Button look="danger" onClick={() => onMove(before)}>
      ↶ Roll back to <span className="font-mono">{shortId(before)}</span> …
    </Button>
  );
}
