import { type Clock, type Json, type JsonObject, type Random, seededRandom } from "../base/index.ts";
import {
  type Asset,
  type CachePolicy,
  type EffectMode,
  parseTemplate,
  type Scope,
  type StepContext,
  type StepOutcome,
} from "../workflow/index.ts";
import { StepTimedOut } from "./errors.ts";
import { type ActiveStep, type Attempt, prepare, type Run } from "./run.ts";
import { type Switches, switchId } from "./switches.ts";

export interface AttemptOptions {
  readonly clock: Clock;
  readonly effects: EffectMode;
  readonly switches: Pick<Switches, "check">;
  /** Tells what is only rehearsed from what was done, for whoever knows calls by their key. */
  readonly keyPrefix?: string;
  /** Called once, with the outcome or what was thrown; perhaps before `beginAttempt` returns. */
  readonly onOutcome: (attempt: StepAttempt, outcome: StepOutcome) => void;
  readonly onError: (attempt: StepAttempt, error: unknown) => void;
}

/**
 * Executes a step once. A kind that answers without a promise has its outcome taken in the same turn;
 * the signal, the chance and the timer are made only when they are needed, because most steps need none.
 */
export function beginAttempt(run: Run, step: ActiveStep, options: AttemptOptions): void {
  const attempt = new StepAttempt(run, step, options);
  step.attempt = attempt;
  step.phase = "executing";
  step.attempts += 1;
  step.startedAt ??= options.clock.now();
  try {
    const config = prepare(step);
    const outcome = execute(step, config, attempt);
    if (!(outcome instanceof Promise)) return options.onOutcome(attempt, outcome);
    attempt.limit(step.work?.timeoutMs ?? null);
    outcome.then(
      (value) => attempt.ended() && options.onOutcome(attempt, value),
      (error) => attempt.ended() && options.onError(attempt, error),
    );
  } catch (error) {
    options.onError(attempt, error);
  }
}

function execute(
  step: ActiveStep,
  config: JsonObject,
  attempt: StepAttempt,
): StepOutcome | Promise<StepOutcome> {
  const kind = step.work?.kind;
  if (!kind) return { result: { value: null } };
  if (step.woken && kind.resume) return kind.resume(config, step.woken, attempt);
  return kind.execute(config, attempt);
}

export class StepAttempt implements StepContext, Attempt {
  readonly step: ActiveStep;
  readonly attempt: number;
  readonly #run: Run;
  readonly #options: AttemptOptions;
  #controller: AbortController | undefined;
  #random: Random | undefined;
  #stopTimer: (() => void) | undefined;
  #over = false;
  readonly #uses: string[] = [];
  trace: (() => JsonObject) | undefined;

  constructor(run: Run, step: ActiveStep, options: AttemptOptions) {
    this.#run = run;
    this.#options = options;
    this.step = step;
    this.attempt = step.attempts + 1;
  }

  get runId(): string {
    return this.#run.id;
  }
  get workflow(): string {
    return this.#run.started.workflow;
  }
  get path(): string {
    return this.step.activation.path;
  }
  get key(): string {
    return `${this.#options.keyPrefix ?? ""}${this.#run.id}/${this.path}`;
  }
  get tags(): Readonly<Record<string, string>> {
    return this.#run.started.tags ?? {};
  }
  /** What a run may spend was its own matter; what is only rehearsed keeps to the budgets of periods. */
  get budgetUsd(): number | undefined {
    if (this.#options.keyPrefix !== undefined) return undefined;
    const { definition } = this.#run.release;
    return definition.type === "document" ? definition.workflow.document.budgetUsd : undefined;
  }
  get capture(): boolean {
    return this.#run.isCaptured(this.path);
  }
  get effects(): EffectMode {
    return this.#options.effects;
  }
  get cache(): CachePolicy | undefined {
    return this.step.work?.cache;
  }
  get waitKey(): string | null {
    return this.step.wait?.key ?? null;
  }
  get clock(): Clock {
    return this.#options.clock;
  }
  get expected(): Json | undefined {
    return this.#run.started.expected;
  }
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }
  get random(): Random {
    this.#random ??= seededRandom(`${this.#run.id}/${this.path}/${this.attempt}`);
    return this.#random;
  }

  get uses(): readonly string[] {
    return this.#uses;
  }

  use(scope: "model" | "tool" | "agent", name: string): void {
    const id = switchId(scope, name);
    this.#options.switches.check(id);
    this.#uses.push(id);
  }

  tell(trace: () => JsonObject): void {
    this.trace = trace;
  }

  asset(kind: string, name: string): Asset {
    return this.#run.release.asset(kind, name);
  }

  evaluate(expression: string, locals: JsonObject): Json {
    const { scope } = this.step.activation;
    const withLocals: Scope = {
      get: (name) => (Object.hasOwn(locals, name) ? locals[name] : scope.get(name)),
    };
    return parseTemplate(expression).evaluate(withLocals);
  }

  /** Ends the attempt from outside; its result, should one still come, is refused. */
  abort(reason: string): void {
    this.#over = true;
    this.#stopTimer?.();
    this.#controller?.abort(reason);
  }

  limit(timeoutMs: number | null): void {
    if (timeoutMs === null) return;
    this.#stopTimer = this.#options.clock.after(timeoutMs, () => {
      this.abort("timeout");
      this.#options.onError(this, new StepTimedOut(this.path, timeoutMs));
    });
  }

  /** True once, for the first end of the attempt. */
  ended(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#stopTimer?.();
    return true;
  }
}
