import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Guard, Rollout } from "flyball/client";
import { type FormEvent, useState } from "react";
import { rolloutQuery, useRolloutCommand } from "../api/rollouts.ts";
import { Button, Loading, Moment, PageTitle, Panel, Problem, Verbatim } from "../components/basics.tsx";
import { EndRollout } from "../components/end-rollout.tsx";
import { Field } from "../components/field.tsx";
import { RolloutArms } from "../components/rollout-arms.tsx";
import { StatusMark } from "../components/status.tsx";
import { formatShare, shortId, textOf } from "../format.ts";
import { rolloutRoute } from "../router.tsx";

/** One rollout: how both versions do, what its guards hold, and the two ways to end it. */
export function RolloutPage() {
  const { id } = rolloutRoute.useParams();
  const { data: rollout, error } = useQuery(rolloutQuery(id));
  if (error && !rollout) return <Problem error={error} />;
  if (!rollout) return <Loading lines={12} />;
  const slash = rollout.asset.indexOf("/");
  const [kind, name] = [rollout.asset.slice(0, slash), rollout.asset.slice(slash + 1)];
  return (
    <>
      <PageTitle
        title={
          <span className="flex flex-wrap items-center gap-3">
            {name} <StatusMark status={rollout.status} />
          </span>
        }
        note={
          <>
            {rollout.mode} of{" "}
            <Link
              to="/assets/$kind/$name"
              params={{ kind, name }}
              search={{ from: rollout.from, to: rollout.to }}
              className="link"
            >
              {kind} {name}
            </Link>
            , <span className="font-mono">{shortId(rollout.from)}</span> →{" "}
            <span className="font-mono">{shortId(rollout.to)}</span>, started{" "}
            <Moment iso={rollout.startedAt} /> by {rollout.startedBy}
          </>
        }
      />
      <div className="space-y-4">
        {rollout.status === "running" ? <Ways rollout={rollout} /> : <Ended rollout={rollout} />}
        <RolloutArms rollout={rollout} />
        <Guards guards={rollout.guards} />
        <Events rollout={rollout} />
      </div>
    </>
  );
}

function Ways({ rollout }: { rollout: Rollout }) {
  const command = useRolloutCommand(rollout.id);
  const [share, setShare] = useState(formatShare(rollout.share));
  const resize = (event: FormEvent) => {
    event.preventDefault();
    command.mutate({ command: "share", share });
  };
  return (
    <Panel title="Decide">
      <div className="grid gap-4 p-4 lg:grid-cols-[1fr_14rem]">
        <EndRollout rollout={rollout} />
        <form onSubmit={resize} className="space-y-3">
          <Field title="Share of new runs" value={share} onChange={({ target }) => setShare(target.value)} />
          <Button type="submit" disabled={command.isPending || share === formatShare(rollout.share)}>
            Change the share
          </Button>
        </form>
      </div>
      {command.error ? <Problem error={command.error} /> : null}
    </Panel>
  );
}

function Ended({ rollout }: { rollout: Rollout }) {
  const isPromoted = rollout.status === "promoted";
  return (
    <p role="status" className="rounded-md border border-line bg-panel px-4 py-3">
      {isPromoted ? "The new version is in production" : "New runs get the version from before again"}, since{" "}
      <Moment iso={rollout.endedAt} />
      {rollout.reason ? `: ${rollout.reason}` : ""}.
    </p>
  );
}

function Guards({ guards }: { guards: readonly Guard[] }) {
  return (
    <Panel title="Guards">
      {guards.length === 0 ? (
        <p className="px-4 py-3 text-muted">None: only a person ends this rollout.</p>
      ) : (
        <ul className="px-4 py-2">
          {guards.map((guard) => (
            <li key={guard.metric} className="py-1">
              <code className="font-mono">{guard.metric}</code> {boundText(guard)}, once there are{" "}
              {guard.minRuns}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function boundText({ max, min }: Guard): string {
  const parts = [
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(min === undefined ? [] : [`at least ${min}`]),
  ];
  return parts.join(" and ");
}

function Events({ rollout }: { rollout: Rollout }) {
  return (
    <Panel title="Events">
      <ol className="py-1">
        {rollout.events.toReversed().map(({ type, at, actor, data }) => (
          <li key={`${at} ${type}`} className="px-4 py-1.5">
            <details>
              <summary className="cursor-pointer">
                <span className="text-muted">
                  <Moment iso={at} />
                </span>{" "}
                <code className="font-mono">{type}</code> by {actor}
              </summary>
              <Verbatim label={`${type}, as recorded`}>{textOf(data)}</Verbatim>
            </details>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
