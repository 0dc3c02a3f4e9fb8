import type { Command } from "commander";
import { systemClock, waited } from "../core/base/index.ts";
import { type Api, json, onFolder, queryOf } from "./connect.ts";
import { type CommonOptions, type ExitCode, exit, print, printJson, table } from "./io.ts";

interface ShownDelivery {
  readonly receiver: string;
  readonly of: string;
  readonly status: "pending" | "delivered" | "given_up";
  readonly attempts: number;
  readonly error: string | null;
}

interface ShownAlert {
  readonly id: string;
  readonly kind: string;
  readonly message: string;
  readonly status: string;
  readonly raisedAt: string;
  readonly clearedAt: string | null;
  readonly deliveries: readonly ShownDelivery[];
}

interface ListOptions extends CommonOptions {
  readonly open?: boolean;
  readonly kind?: string;
  readonly workflow?: string;
  readonly limit: string;
}

export function registerAlerts(program: Command, done: (code: ExitCode) => void): void {
  const alerts = program.command("alerts").description("What people were told by webhook, and what is open.");
  const common = (command: Command) => command.option("--home <dir>", "the data folder (default .flyball)");

  common(alerts.command("list"))
    .summary("alerts, newest first, with who was told")
    .option("--open", "only those that still hold")
    .option("--kind <kind>", "such as target, budget or paused")
    .option("--workflow <name>", "only those of this workflow")
    .option("--limit <n>", "at most so many", "50")
    .option("--json", "JSON Lines")
    .action(async (options: ListOptions) => done(await list(options)));

  common(alerts.command("test"))
    .summary("send a test to every receiver")
    .description("Needs a server that is running: its receivers are told, and the answer says how that went.")
    .option("--json", "one JSON value")
    .action(async (options: CommonOptions) => done(await test(options)));
}

function list({ open, kind, workflow, limit, json: asJson, home }: ListOptions): Promise<ExitCode> {
  return onFolder(home === undefined ? {} : { home }, async (api) => {
    const query = queryOf({ limit, status: open ? "open" : undefined, kind, workflow });
    const { items } = await json<{ items: ShownAlert[] }>(await api.request("GET", `/v1/alerts?${query}`));
    if (asJson) for (const item of items) printJson(item);
    else if (items.length === 0) print(open ? "No alert is open." : "There was no alert.");
    else print(table([["raised", "cleared", "kind", "what", "told"], ...items.map(row)]));
    return exit.done;
  });
}

function row({ raisedAt, clearedAt, kind, message, deliveries }: ShownAlert): string[] {
  return [raisedAt, clearedAt ?? "open", kind, message, told(deliveries)];
}

function told(deliveries: readonly ShownDelivery[]): string {
  if (deliveries.length === 0) return "nobody";
  return deliveries
    .filter(({ of }) => of === "raised")
    .map(({ receiver, status }) => (status === "delivered" ? receiver : `${receiver} (${words[status]})`))
    .join(", ");
}

const words = { delivered: "delivered", pending: "not yet", given_up: "given up" } as const;

/** The first attempt is made at once; whoever waits is told what became of it. */
const firstAttemptMsMax = 20_000;
const askEveryMs = 200;

function test(options: CommonOptions): Promise<ExitCode> {
  return onFolder(options, async (api) => {
    const { id } = await json<ShownAlert>(await api.request("POST", "/v1/alerts/test", {}));
    const alert = await afterFirstAttempt(api, id);
    if (options.json) printJson(alert);
    else
      for (const { receiver, status, error } of alert.deliveries)
        print(`${receiver}: ${words[status]}${error === null ? "" : `: ${error}`}`);
    return alert.deliveries.every(({ status }) => status === "delivered") ? exit.done : exit.withFailures;
  });
}

async function afterFirstAttempt(api: Api, id: string): Promise<ShownAlert> {
  const until = systemClock.monotonic() + firstAttemptMsMax;
  for (;;) {
    const alert = await json<ShownAlert>(await api.request("GET", `/v1/alerts/${id}`));
    const isTried = alert.deliveries.every(({ attempts }) => attempts > 0);
    if (isTried || systemClock.monotonic() >= until) return alert;
    await waited(systemClock, askEveryMs);
  }
}
