import { type HttpClient, httpClient, SecretMissing } from "../../actions/tools/index.ts";
import { type Clock, errorRecord } from "../../core/base/index.ts";
import type { AlertRow, DeliveryRow } from "../../core/executor/index.ts";
import type { AlertEvent } from "./events.ts";
import { attemptsMax, deliveryTimeoutMs, retryFactor, retryMsFirst, retryMsMax } from "./limits.ts";
import { headersOf, messageOf } from "./message.ts";
import type { Receiver } from "./settings.ts";

export interface PostDeps {
  readonly clock: Clock;
  readonly secrets: (name: string) => string | undefined;
}

/** Sends messages to the receivers that the settings name, where calls may go. */
export class Post {
  readonly #deps: PostDeps;
  readonly #receivers: ReadonlyMap<string, Receiver>;
  readonly #http: HttpClient;
  readonly #stop = new AbortController();

  constructor(deps: PostDeps, receivers: readonly Receiver[], allow: readonly string[]) {
    this.#deps = deps;
    this.#receivers = new Map(receivers.map((receiver) => [receiver.name, receiver]));
    this.#http = httpClient({ clock: deps.clock, allow });
  }

  /** The names of those who want to hear of a kind of alert. */
  receiversOf(kind: string): readonly string[] {
    // Whoever tries all of it out is heard by everybody.
    const wants = ({ on }: Receiver) => kind === "test" || !on || on.some((each) => each === kind);
    return [...this.#receivers.values()].filter(wants).map(({ name }) => name);
  }

  /** One attempt; what became of it, as it is recorded. Undefined when it was stopped before that. */
  async send(alert: AlertRow, delivery: DeliveryRow): Promise<AlertEvent | undefined> {
    const { moment, receiver } = delivery;
    const attempt = { moment, receiver, attempts: delivery.attempts + 1 };
    const to = this.#receivers.get(receiver);
    if (!to)
      return {
        type: "alert.undelivered",
        data: { ...attempt, error: `${receiver} is no receiver of the settings any more` },
      };
    try {
      const status = await this.#post(to, alert, delivery);
      if (status >= 200 && status < 300) return { type: "alert.delivered", data: { ...attempt, status } };
      const isGone = status === 410;
      return this.#undelivered(attempt, `${receiver} answered ${status}`, isGone);
    } catch (error) {
      if (this.#stop.signal.aborted) return undefined;
      const { code, message } = errorRecord(error);
      return this.#undelivered(attempt, `${code}: ${message}`, false);
    }
  }

  async #post({ name, url, secret }: Receiver, alert: AlertRow, { moment }: DeliveryRow): Promise<number> {
    const { clock, secrets } = this.#deps;
    const message = messageOf(alert, moment);
    const value = secret === undefined ? undefined : secrets(secret);
    if (secret !== undefined && !value) throw new SecretMissing(secret);
    const call = {
      method: "POST",
      url: new URL(url),
      headers: headersOf(message, { secret: value, timestampMs: clock.now() }),
      body: message.body,
      timeoutMs: deliveryTimeoutMs,
      label: `the receiver ${name}`,
    };
    return (await this.#http.send(call, this.#stop.signal)).status;
  }

  #undelivered(
    attempt: { moment: "raised" | "cleared"; receiver: string; attempts: number },
    error: string,
    isFinal: boolean,
  ): AlertEvent {
    if (isFinal || attempt.attempts >= attemptsMax)
      return { type: "alert.undelivered", data: { ...attempt, error } };
    const dueAt = this.#deps.clock.now() + pauseMs(attempt.attempts);
    return { type: "alert.undelivered", data: { ...attempt, error, dueAt } };
  }

  close(): void {
    this.#stop.abort();
    this.#http.close();
  }
}

/** After so many attempts. */
function pauseMs(attempts: number): number {
  return Math.min(retryMsMax, retryMsFirst * retryFactor ** (attempts - 1));
}
