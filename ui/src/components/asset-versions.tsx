import type { Asset, AssetVersion } from "flyball/client";
import { useState } from "react";
import { useApprove } from "../api/assets.ts";
import { shortId } from "../format.ts";
import { Button, Moment, Panel, Problem } from "./basics.tsx";
import { LabelMark } from "./label-mark.tsx";
import { MoveLabel } from "./move-label.tsx";
import { type Column, Table } from "./table.tsx";

/** The versions, the newest first, with what can be done with each. */
export function AssetVersions({ asset, versions }: { asset: Asset; versions: readonly AssetVersion[] }) {
  const [target, setTarget] = useState<string>();
  const approve = useApprove(asset);
  const columns: readonly Column<AssetVersion>[] = [
    ...facts,
    {
      name: "Actions",
      cell: ({ digest }) => (
        <span className="flex flex-wrap gap-2">
          <Button onClick={() => setTarget(digest)} aria-label={`Move a label to ${shortId(digest)}`}>
            Label …
          </Button>
          {digest === asset.production ? null : (
            <Button
              onClick={() => approve.mutate({ label: "production", to: digest })}
              disabled={approve.isPending}
              aria-label={`Approve ${shortId(digest)} for production`}
            >
              Approve
            </Button>
          )}
        </span>
      ),
    },
  ];
  return (
    <Panel title="Versions">
      {approve.error ? <Problem error={approve.error} /> : null}
      <Table label="Versions" columns={columns} rows={versions} keyOf={({ digest }) => digest} />
      {target ? (
        <MoveLabel asset={asset} versions={versions} to={target} onClose={() => setTarget(undefined)} />
      ) : null}
    </Panel>
  );
}

const facts: readonly Column<AssetVersion>[] = [
  { name: "Version", cell: ({ digest }) => <span className="font-mono">{shortId(digest)}</span> },
  {
    name: "Labels",
    cell: ({ labels }) => (
      <span className="flex flex-wrap gap-1.5">
        {labels.map((label) => (
          <LabelMark key={label} label={label} />
        ))}
      </span>
    ),
  },
  { name: "Message", cell: ({ message }) => message ?? <span className="text-muted">–</span> },
  {
    name: "Added",
    cell: ({ source, by, at }) => (
      <span className="text-muted">
        <Moment iso={at} /> {sources[source]} by {by}
      </span>
    ),
  },
  {
    name: "Approved by",
    cell: ({ approvals }) =>
      approvals.map(({ label, by, verified }) => (
        <span key={`${label}/${by}`} className="block">
          {by} for {label}
          {verified ? "" : <span className="text-muted"> (unverified)</span>}
        </span>
      )),
  },
];

const sources: Readonly<Record<AssetVersion["source"], string>> = {
  files: "from files",
  run: "from a file that was run",
  api: "through the API",
};
