import { formatDuration, systemClock } from "../core/base/index.ts";

/** How often plain lines are written where there is no terminal. */
const plainEveryMs = 5_000;
const redrawEveryMs = 80;
const barWidth = 28;

/** A bar that is drawn again in place on a terminal; a line now and then where there is none. */
export class Progress {
  readonly #total: number;
  readonly #what: string;
  readonly #isTerminal = process.stderr.isTTY === true && !process.env.CI;
  readonly #startedMs = systemClock.monotonic();
  #done: number;
  readonly #doneAtStart: number;
  #detail = "";
  #drawnMs: number;

  constructor(total: number, what: string, done = 0) {
    this.#total = total;
    this.#what = what;
    this.#done = done;
    this.#doneAtStart = done;
    this.#drawnMs = this.#startedMs;
    if (this.#isTerminal) this.#draw();
  }

  update(done: number, detail = ""): void {
    this.#done = done;
    this.#detail = detail;
    const elapsedMs = systemClock.monotonic() - this.#drawnMs;
    if (
      elapsedMs >= (this.#isTerminal ? redrawEveryMs : plainEveryMs) &&
      (this.#isTerminal || done < this.#total)
    )
      this.#draw();
  }

  end(): void {
    if (this.#isTerminal) process.stderr.write("\r\u001b[2K");
  }

  #draw(): void {
    this.#drawnMs = systemClock.monotonic();
    if (this.#isTerminal) process.stderr.write(`\r\u001b[2K${this.#line()}`);
    else process.stderr.write(`${this.#line()}\n`);
  }

  #line(): string {
    const share = this.#total > 0 ? this.#done / this.#total : 1;
    const count = `${this.#done}/${this.#total}`;
    const left = this.#left();
    const tail = [count, this.#detail, left].filter((part) => part !== "").join("  ");
    if (!this.#isTerminal) return `${this.#what}: ${tail}`;
    const filled = Math.round(share * barWidth);
    return `${this.#what} ${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${tail}`;
  }

  #left(): string {
    const made = this.#done - this.#doneAtStart;
    if (made <= 0 || this.#done >= this.#total) return "";
    const perItemMs = (systemClock.monotonic() - this.#startedMs) / made;
    return `${formatDuration(perItemMs * (this.#total - this.#done))} left`;
  }
}
