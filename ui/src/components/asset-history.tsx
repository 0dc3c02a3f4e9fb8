import { useQuery } from "@tanstack/react-query";
import type { AssetEvent } from "flyball/client";
import { type AssetId, historyQuery } from "../api/assets.ts";
import { shortId } from "../format.ts";
import { Loading, Moment, Panel, Problem } from "./basics.tsx";

/** Everything that happened on the asset's line, the latest first, as the journal has it. */
export function AssetHistory({ id }: { id: AssetId }) {
  const { data, error, isPending } = useQuery(historyQuery(id));
  return (
    <Panel title="History">
      {error ? <Problem error={error} /> : null}
      {isPending ? <Loading lines={4} /> : null}
      <ol className="max-h-96 overflow-y-auto py-1">
        {(data?.items ?? []).toReversed().map((event, index) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: events of one moment are told apart by their place
            key={index}
            className="flex flex-wrap items-baseline gap-x-3 px-4 py-1.5"
          >
            <span className="w-28 text-muted">
              <Moment iso={event.at} />
            </span>
            <span>{textOf(event)}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function textOf(event: AssetEvent): string {
  const { by, label, to, from, digest, reason, comment, message } = facts(event);
  switch (event.type) {
    case "version.added":
      return `${by} added ${shortId(digest)}${message ? `: ${message}` : ""}`;
    case "version.synced":
      return `the files have ${shortId(digest)} again`;
    case "label.moved":
      return `${by} moved ${label} to ${shortId(to)}${from ? ` from ${shortId(from)}` : ""}${reason ? `: ${reason}` : ""}`;
    case "label.removed":
      return `${by} took ${label} off ${shortId(from)}${reason ? `: ${reason}` : ""}`;
    case "label.approved":
      return `${by} approved ${shortId(digest)} for ${label}${comment ? `: ${comment}` : ""}`;
    default:
      return event.type;
  }
}

/** What is no text is as good as absent here. */
function facts(event: AssetEvent) {
  const text = (name: string) => (typeof event[name] === "string" ? event[name] : "");
  return {
    by: text("by") || event.actor,
    label: text("label"),
    to: text("to"),
    from: text("from"),
    digest: text("digest"),
    reason: text("reason"),
    comment: text("comment"),
    message: text("message"),
  };
}
