import { useQuery } from "@tanstack/react-query";
import type { Alert } from "flyball/client";
import { alertsQuery, openAlertsQuery } from "../api/alerts.ts";
import { Command, Loading, Moment, Panel, Problem } from "./basics.tsx";

/** What people were told: what is open now, then what has been. */
export function Alerts() {
  const { data: open, error } = useQuery(openAlertsQuery);
  const { data: latest } = useQuery(alertsQuery);
  const cleared = (latest?.items ?? []).filter(({ status }) => status === "cleared").slice(0, 5);
  return (
    <Panel title="Alerts">
      {error ? <Problem error={error} /> : null}
      {open ? <Open alerts={open.items} /> : <Loading lines={2} />}
      {cleared.length > 0 ? <List name="Earlier alerts" alerts={cleared} /> : null}
      {open?.items.length === 0 && cleared.length === 0 ? (
        <p className="px-4 pb-3 text-muted">
          A missed target, a spent budget, runs that are paused by an error or a review that is overdue stands
          here. To be told by webhook, name receivers under <Command>alerts</Command> in{" "}
          <Command>flyball.yaml</Command>, and try them with <Command>flyball alerts test</Command>.
        </p>
      ) : null}
    </Panel>
  );
}

function Open({ alerts }: { alerts: readonly Alert[] }) {
  if (alerts.length === 0) return <p className="px-4 py-3 text-good">✓ No alert is open.</p>;
  return <List name="Open alerts" alerts={alerts} />;
}

function List({ name, alerts }: { name: string; alerts: readonly Alert[] }) {
  return (
    <ul aria-label={name} className="divide-y divide-line border-line not-first:border-t">
      {alerts.map((alert) => (
        <li key={alert.id} className="px-4 py-2.5">
          <p className="break-words">
            {alert.status === "open" ? (
              <span className="font-medium text-bad">✕ open </span>
            ) : (
              <span className="text-good">✓ over </span>
            )}
            {alert.message}
          </p>
          <p className="text-muted">
            <Moment iso={alert.raisedAt} />
            {toldText(alert)}
          </p>
        </li>
      ))}
    </ul>
  );
}

const words = { delivered: "told", pending: "not told yet", given_up: "could not be told" } as const;

function toldText({ deliveries }: Alert): string {
  const told = deliveries.filter(({ of }) => of === "raised");
  return told.map(({ receiver, status }) => `, ${receiver} ${words[status]}`).join("");
}
