import { isJsonObject, type JsonObject } from "../base/index.ts";
import { type ControlStore, endStatus } from "../executor/index.ts";
import type { Commit, Journal, PendingEvent } from "../journal/index.ts";
import { fallbackReasons } from "./fallbacks.ts";
import { Counter, type Family, Histogram } from "./instruments.ts";
import { commitBuckets, groupBuckets, readsQueuedMax, runsTrackedMax, secondsBuckets } from "./limits.ts";
import { type Measure, RunTimes } from "./times.ts";

export interface MetricsDeps {
  readonly journal: Pick<Journal, "read" | "lastPosition">;
  readonly control: Pick<ControlStore, "run">;
}

/**
 * What has become durable since this process began, counted as it is committed: in memory, from the events as
 * they are there anyway. On the way of every commit, so it looks at each event once and waits for nothing.
 */
export class Metrics {
  readonly #deps: MetricsDeps;
  readonly #beganAfter: number;
  readonly #running = new Map<string, RunTimes>();
  #reading: Promise<void> = Promise.resolve();
  #readsQueued = 0;
  readonly #counts = createCounters();
  readonly #times = createHistograms();
  /** Of this process, in wall-clock milliseconds. */
  lastCommitAt: number | null = null;

  constructor(deps: MetricsDeps) {
    this.#deps = deps;
    this.#beganAfter = deps.journal.lastPosition();
  }

  committed({ events, ms }: Commit): void {
    this.lastCommitAt = events.at(-1)?.at ?? this.lastCommitAt;
    this.#counts.commits.add([]);
    this.#counts.events.add([], events.length);
    this.#times.commitSeconds.observe([], ms / 1_000);
    this.#times.commitEvents.observe([], events.length);
    for (const event of events) {
      if (event.stream.startsWith("run/")) this.#ofRun(event.stream.slice("run/".length), event);
      else if (event.type === "cost.charged") this.#charged(event.data);
    }
  }

  families(): readonly Family[] {
    return [...Object.values(this.#counts), ...Object.values(this.#times)].map((each) => each.family());
  }

  /** Resolves when everything is counted that was committed before. */
  idle(): Promise<void> {
    return this.#reading;
  }

  #ofRun(id: string, event: PendingEvent): void {
    if (event.type === "run.started") return this.#started(id, new RunTimes(event));
    const times = this.#running.get(id);
    if (times) {
      this.#count(times, event);
      times.hear(event, (measure) => this.#measure(times, measure));
    }
    if (!endStatus(event.type)) return;
    if (times) this.#running.delete(id);
    else this.#readLater(id);
  }

  #started(id: string, times: RunTimes): void {
    if (!times.isShadow) this.#counts.runsStarted.add([times.workflow]);
    if (this.#running.size < runsTrackedMax) this.#running.set(id, times);
  }

  #count({ workflow, isShadow }: RunTimes, { type, data }: PendingEvent): void {
    if (isShadow) return;
    const counts = this.#counts;
    if (type === "step.completed") {
      for (const reason of fallbackReasons(data)) counts.fallbacks.add([workflow, codeIn(reason)]);
      const trace = isJsonObject(data.trace) ? data.trace : undefined;
      if (trace?.cache === "hit") counts.cacheHits.add([workflow]);
    } else if (type === "step.retried") counts.retries.add([workflow, codeOf(data)]);
    else if (type === "step.failed") counts.stepsFailed.add([workflow, codeOf(data)]);
    else if (type === "run.paused") counts.runsPaused.add([workflow, String(data.reason)]);
    else {
      const status = endStatus(type);
      if (status) counts.runsFinished.add([workflow, status]);
    }
  }

  #measure({ workflow, isShadow }: RunTimes, { kind, part, ms }: Measure): void {
    if (isShadow) return;
    if (kind === null) this.#times.runSeconds.observe([workflow, part], ms / 1_000);
    else this.#times.stepSeconds.observe([workflow, kind, part], ms / 1_000);
  }

  #charged(data: JsonObject): void {
    const [provider = "", ...rest] = String(data.model).split("/");
    const model = rest.join("/");
    const tokens = isJsonObject(data.tokens) ? data.tokens : {};
    this.#counts.modelCalls.add([String(data.workflow), provider, model]);
    if (typeof data.usd === "number")
      this.#counts.modelCost.add([String(data.workflow), provider, model], data.usd);
    for (const [type, count] of Object.entries(tokens))
      if (typeof count === "number" && count > 0)
        this.#counts.modelTokens.add([provider, model, type], count);
  }

  /** A run that began before this process, or was one too many: what it came to is read from the journal. */
  #readLater(id: string): void {
    if (this.#readsQueued >= readsQueuedMax) return;
    this.#readsQueued += 1;
    this.#reading = this.#reading
      .then(() => this.#read(id))
      // What cannot be read has been told to whoever runs it.
      .catch(() => {})
      .finally(() => {
        this.#readsQueued -= 1;
      });
  }

  async #read(id: string): Promise<void> {
    const [first, ...others] = await this.#deps.journal.read(`run/${id}`);
    if (!first?.data) return this.#countErased(id);
    const times = new RunTimes(first);
    for (const event of others) {
      // What came before was counted by the process before this one.
      const isOurs = event.position > this.#beganAfter;
      if (isOurs && event.data) this.#count(times, { ...event, data: event.data });
      times.hear(event, (measure) => isOurs && this.#measure(times, measure));
    }
  }

  /** Of whose events nothing is left, the row tells how it ended. */
  #countErased(id: string): void {
    const row = this.#deps.control.run(id);
    if (row && row.shadowOf === null) this.#counts.runsFinished.add([row.workflow, row.status]);
  }
}

function codeOf({ error }: JsonObject): string {
  return isJsonObject(error) ? String(error.code) : "";
}

/** `house/small: MODEL_RATE_LIMITED` without the model. */
function codeIn(reason: string): string {
  return reason.slice(reason.lastIndexOf(": ") + 1).trim();
}

function counter<Label extends string>(name: string, labels: readonly Label[], help: string) {
  return new Counter({ name: `flyball_${name}`, help, labels });
}

function createCounters() {
  const model = ["workflow", "provider", "model"] as const;
  return {
    runsStarted: counter("runs_started_total", ["workflow"], "Runs that were started."),
    runsFinished: counter("runs_finished_total", ["workflow", "status"], "Runs that ended, by how."),
    runsPaused: counter("runs_paused_total", ["workflow", "reason"], "Times that a run was paused."),
    stepsFailed: counter("steps_failed_total", ["workflow", "code"], "Steps that failed for good."),
    retries: counter("step_retries_total", ["workflow", "code"], "Attempts of steps that are made again."),
    fallbacks: counter("fallbacks_total", ["workflow", "reason"], "Steps in which something else had to do."),
    cacheHits: counter("cache_hits_total", ["workflow"], "Steps answered from the cache of answers."),
    modelCalls: counter("model_requests_total", model, "Requests to models that were counted as costs."),
    modelCost: counter(
      "model_cost_dollars_total",
      model,
      "What requests to models have cost, in US dollars.",
    ),
    modelTokens: counter("model_tokens_total", ["provider", "model", "type"], "Tokens, by their sort."),
    commits: counter("journal_commits_total", [], "Transactions of the journal."),
    events: counter("journal_events_total", [], "Events that were committed."),
  };
}

function createHistograms() {
  const histogram = (name: string, labels: readonly string[], buckets: readonly number[], help: string) =>
    new Histogram({ name: `flyball_${name}`, help, labels }, buckets);
  return {
    runSeconds: histogram(
      "run_seconds",
      ["workflow", "part"],
      secondsBuckets,
      "Runs that ended, in all and by part: service, queue, person, wait. They add up to total.",
    ),
    stepSeconds: histogram(
      "step_seconds",
      ["workflow", "kind", "part"],
      secondsBuckets,
      "Steps that completed or failed: service, and what they waited for.",
    ),
    commitSeconds: histogram(
      "journal_commit_seconds",
      [],
      commitBuckets,
      "One transaction, its fsync included.",
    ),
    commitEvents: histogram("journal_commit_events", [], groupBuckets, "Events that shared a transaction."),
  };
}
