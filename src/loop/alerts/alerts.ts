import type { Clock, JsonObject, NewId } from "../../core/base/index.ts";
import { messageOf } from "../../core/base/index.ts";
import type { AlertRow, AlertStore, DeliveryRow } from "../../core/executor/index.ts";
import type { Append, Journal } from "../../core/journal/index.ts";
import { Post, type PostDeps } from "./deliver.ts";
import { AlertNotFound, NoReceivers } from "./errors.ts";
import type { AlertEvent } from "./events.ts";
import { deliveriesAtOnceMax, latelyMs, openAlertsMax } from "./limits.ts";
import type { Receiver } from "./settings.ts";
import { type Absences, type Condition, decide } from "./state.ts";

// Alerts
// ======
// Holds what is so now against what was told, and tells what has changed.
//
//   W1. What is raised follows from conditions that hold, not from having seen them begin: whatever a crash
//       swallows, the next look finds.
//   W2. That an alert is raised, and to whom it is to be sent, is one event: no message is lost between.
//   W3. A message is sent at least once, with the same id, until it is taken or given up; both are on disk.
//   W4. A cause has one open alert; that it is over is told after that it began.

export interface AlertsDeps extends PostDeps {
  readonly journal: Journal;
  readonly control: { readonly alerts: AlertStore };
  readonly clock: Clock;
  readonly newId: NewId;
  readonly conditions: () => Promise<readonly Condition[]>;
  readonly onTrouble: (message: string) => void;
}

export class Alerts {
  readonly #deps: AlertsDeps;
  #post: Post | undefined;
  #absences: Absences = new Map();

  constructor(deps: AlertsDeps) {
    this.#deps = deps;
  }

  /** From now on these are told, and no others. */
  keep(receivers: readonly Receiver[], allow: readonly string[]): void {
    this.#post?.close();
    this.#post = new Post(this.#deps, receivers, allow);
  }

  /** Raises and clears what has changed since the look before. */
  async look(): Promise<void> {
    try {
      const { clock } = this.#deps;
      const store = this.#deps.control.alerts;
      const nowMs = clock.now();
      const { raise, clear, absences } = decide({
        open: store.alerts({ status: "open", limit: openAlertsMax }),
        conditions: await this.#deps.conditions(),
        absences: this.#absences,
        raisedLately: (cause) => store.raised(cause, nowMs - latelyMs),
        nowMs,
      });
      const appends = [
        ...raise.map((condition) => this.#raised(this.#deps.newId(), condition)),
        ...clear.map((alert) => this.#cleared(alert)),
      ];
      if (appends.length > 0) await this.#deps.journal.append(appends);
      this.#absences = absences;
    } catch (error) {
      this.#deps.onTrouble(`alerts were not looked at: ${messageOf(error)}`);
    }
  }

  /** An alert that says only that it was sent, for every receiver. Its id. Throws `NoReceivers`. */
  async test(): Promise<string> {
    const to = this.#receiversOf("test");
    if (to.length === 0) throw new NoReceivers();
    const id = this.#deps.newId();
    const message = "This is a test: alerts of this server arrive here.";
    const test: Condition = { kind: "test", cause: `test/${id}`, workflow: null, message, facts: {} };
    const cleared = append(id, { type: "alert.cleared", data: { to: [] } });
    await this.#deps.journal.append([this.#raised(id, test), cleared]);
    return id;
  }

  /** Throws `AlertNotFound`. */
  row(id: string): AlertRow {
    const row = this.#deps.control.alerts.alert(id);
    if (!row) throw new AlertNotFound(id);
    return row;
  }

  /** Sends what is due; resolves when what became of it is on disk. */
  async deliver(): Promise<void> {
    const post = this.#post;
    if (!post) return;
    const due = this.#deps.control.alerts.dueDeliveries(this.#deps.clock.now(), deliveriesAtOnceMax);
    await Promise.all(due.map((row) => this.#deliver(post, row)));
  }

  async #deliver(post: Post, delivery: DeliveryRow): Promise<void> {
    try {
      const event = await post.send(this.row(delivery.alert), delivery);
      if (!event) return;
      await this.#deps.journal.append([append(delivery.alert, event)]);
      const isGivenUp = event.type === "alert.undelivered" && event.data.dueAt === undefined;
      if (isGivenUp)
        this.#deps.onTrouble(`an alert was not delivered to ${delivery.receiver}: ${event.data.error}`);
    } catch (error) {
      this.#deps.onTrouble(`what became of an alert was not recorded: ${messageOf(error)}`);
    }
  }

  #raised(id: string, condition: Condition): Append {
    return append(id, {
      type: "alert.raised",
      data: { ...condition, to: this.#receiversOf(condition.kind) },
    });
  }

  #cleared({ id, kind }: AlertRow): Append {
    return append(id, { type: "alert.cleared", data: { to: this.#receiversOf(kind) } });
  }

  #receiversOf(kind: string): readonly string[] {
    return this.#post?.receiversOf(kind) ?? [];
  }

  close(): void {
    this.#post?.close();
    this.#post = undefined;
  }
}

function append(id: string, { type, data }: AlertEvent): Append {
  // Each member of the data is JSON; that the whole is too gets lost on the way through its type.
  const event = { type, data: data as unknown as JsonObject };
  return { stream: `alert/${id}`, expectedSeq: null, actor: "engine", events: [event] };
}
