import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RolloutRow } from "flyball/client";
import { rolloutsQuery } from "../api/rollouts.ts";
import { Empty, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { ShareBar } from "../components/share-bar.tsx";
import { StatusMark } from "../components/status.tsx";
import { type Column, Table } from "../components/table.tsx";
import { shortId } from "../format.ts";

/** Every rollout, the newest first: what runs get now, and how earlier ones ended. */
export function RolloutsPage() {
  const { data, error, isPending } = useQuery(rolloutsQuery);
  return (
    <>
      <PageTitle title="Rollouts" note="How new runs are split between two versions" />
      <Panel>
        {error ? <Problem error={error} /> : null}
        {isPending ? <Loading lines={6} /> : null}
        {data?.items.length === 0 ? <NoRollouts /> : null}
        {data && data.items.length > 0 ? (
          <Table label="Rollouts" columns={columns} rows={data.items} keyOf={({ id }) => id} />
        ) : null}
      </Panel>
    </>
  );
}

const columns: readonly Column<RolloutRow>[] = [
  {
    name: "Asset",
    cell: ({ id, asset }) => (
      <Link to="/rollouts/$id" params={{ id: id }} className="link font-medium">
        {asset}
      </Link>
    ),
  },
  { name: "How", cell: ({ mode }) => mode },
  { name: "Status", cell: ({ status }) => <StatusMark status={status} /> },
  { name: "Share", cell: ({ share }) => <ShareBar share={share} /> },
  {
    name: "Versions",
    cell: ({ from, to }) => (
      <span className="whitespace-nowrap font-mono">
        {shortId(from)} → {shortId(to)}
      </span>
    ),
  },
  { name: "Started", cell: ({ startedAt }) => <Moment iso={startedAt} /> },
  { name: "Why it ended", cell: ({ reason }) => <span className="text-muted">{reason}</span> },
];

function NoRollouts() {
  return (
    <Empty title="No rollout yet.">
      <p>
        Write a new version of a prompt, a route or a workflow in the{" "}
        <Link to="/assets" className="link">
          registry
        </Link>
        , and start one from its page: a share of the runs gets it, and a guard takes it back by itself.
      </p>
    </Empty>
  );
}
