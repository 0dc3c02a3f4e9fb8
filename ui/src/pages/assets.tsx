import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Asset } from "flyball/client";
import { assetsQuery } from "../api/assets.ts";
import { Command, Empty, Loading, Moment, PageTitle, Panel, Problem } from "../components/basics.tsx";
import { Choice } from "../components/field.tsx";
import { LabelMark } from "../components/label-mark.tsx";
import { type Column, Table } from "../components/table.tsx";
import { shortId } from "../format.ts";
import { assetsRoute } from "../router.tsx";

/** Everything that a run can be pinned to, by kind; what stands under production is what new runs get. */
export function AssetsPage() {
  const { kind = "" } = assetsRoute.useSearch();
  const navigate = assetsRoute.useNavigate();
  const { data, error, isPending } = useQuery(assetsQuery);
  const assets = data?.items ?? [];
  const kinds = [...new Set(assets.map((asset) => asset.kind))].sort();
  const shown = assets.filter((asset) => kind === "" || asset.kind === kind);
  return (
    <>
      <PageTitle
        title="Registry"
        note="What new runs get of each; open one to compare its versions, or to roll it back"
        actions={
          <Choice
            name="Kind"
            value={kind}
            options={[["", "all"], ...kinds.map((name) => [name, name] as const)]}
            onChange={(chosen) => navigate({ search: chosen ? { kind: chosen } : {} })}
          />
        }
      />
      <Panel>
        {error ? <Problem error={error} /> : null}
        {isPending ? <Loading lines={10} /> : null}
        {data && shown.length === 0 ? (
          <Empty title="Nothing is registered yet.">
            <p>
              A served workflow registers itself and everything that it names:{" "}
              <Command>flyball serve FOLDER</Command>, or <Command>flyball assets push</Command>.
            </p>
          </Empty>
        ) : null}
        {shown.length > 0 ? (
          <Table
            label="Assets"
            columns={columns}
            rows={shown}
            keyOf={({ kind, name }) => `${kind}/${name}`}
          />
        ) : null}
      </Panel>
    </>
  );
}

const columns: readonly Column<Asset>[] = [
  { name: "Kind", cell: ({ kind }) => <span className="text-muted">{kind}</span> },
  {
    name: "Name",
    cell: ({ kind, name }) => (
      <Link to="/assets/$kind/$name" params={{ kind, name }} className="link font-medium">
        {name}
      </Link>
    ),
  },
  {
    name: "In production",
    cell: ({ production }) => <span className="font-mono">{production ? shortId(production) : "none"}</span>,
  },
  {
    name: "Other labels",
    cell: ({ labels, rollout }) => (
      <span className="flex flex-wrap gap-1.5">
        {Object.keys(labels).map((label) =>
          label === "production" ? null : <LabelMark key={label} label={label} />,
        )}
        {rollout ? (
          <Link to="/rollouts/$id" params={{ id: rollout }} className="link">
            rollout
          </Link>
        ) : null}
      </span>
    ),
  },
  { name: "Changed", cell: ({ updatedAt }) => <Moment iso={updatedAt} /> },
];
