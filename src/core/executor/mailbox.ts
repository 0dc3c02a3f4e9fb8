import type { Clock, Json } from "../base/index.ts";
import type { StepOutcome } from "../workflow/index.ts";
import type { StepAttempt } from "./attempt.ts";
import type { ActiveStep } from "./run.ts";

/** What a run in memory is told. */
export type Message =
  | { readonly type: "outcome"; readonly attempt: StepAttempt; readonly outcome: StepOutcome }
  | { readonly type: "error"; readonly attempt: StepAttempt; readonly error: unknown }
  /** A step that runs users' code is to be announced in the journal before it starts. */
  | { readonly type: "announce"; readonly step: ActiveStep }
  /** A `once` step was begun and its result is lost. */
  | { readonly type: "lost"; readonly step: ActiveStep; readonly reason: string }
  /** It cannot even stand in line: its limits cannot be made out. */
  | { readonly type: "refused"; readonly step: ActiveStep; readonly error: unknown }
  /** A person gives the value of a failed step. */
  | {
      readonly type: "skip";
      readonly step: ActiveStep;
      readonly value: Json;
      readonly by: string;
      readonly command: string;
    };

/** Messages for one run, in the order in which they came; and a bell for its inbox. */
export class Mailbox {
  #messages: Message[] = [];
  #wake: (() => void) | undefined;
  /** Something may be in the durable inbox. */
  #inbox: boolean;

  /** A run that has just been recorded has an empty inbox; of any other nobody knows before a look. */
  constructor(isNew: boolean) {
    this.#inbox = !isNew;
  }

  get hasMessages(): boolean {
    return this.#messages.length > 0;
  }

  put(message: Message): void {
    this.#messages.push(message);
    this.#wake?.();
  }

  /** The inbox may hold something new, or the run should look at its state again. */
  ring(): void {
    this.#inbox = true;
    this.#wake?.();
  }

  takeAll(): readonly Message[] {
    const messages = this.#messages;
    if (messages.length > 0) this.#messages = [];
    return messages;
  }

  /** Whether the inbox should be read; asking answers the bell. */
  takeBell(): boolean {
    const rung = this.#inbox;
    this.#inbox = false;
    return rung;
  }

  /** Resolves at the next message or ring, or when the time is over. */
  wait(clock: Clock, timeoutMs: number | undefined): Promise<void> | undefined {
    if (this.#messages.length > 0 || this.#inbox) return undefined;
    return new Promise((resolve) => {
      const stop = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        stop?.();
        resolve();
      };
    });
  }
}
