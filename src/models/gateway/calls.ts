import { type Clock, errorRecord, type Json, type JsonObject, toJson } from "../../core/base/index.ts";
import {
  assetOf,
  type RecordedOutcome,
  type RecordedRun,
  type Release,
  type ReleaseParts,
  SwitchedOff,
  type Switches,
  type SwitchRow,
  switchId,
} from "../../core/executor/index.ts";
import type { Asset, StepResult } from "../../core/workflow/index.ts";
import { ModelCallAborted } from "./errors.ts";
import { findIn, type Gateway } from "./gateway.ts";
import { releasesOfCallsMax } from "./limits.ts";
import type { ModelCall, ModelReply } from "./model.ts";
import { resultOf } from "./step.ts";
import { packVector } from "./vectors.ts";

/** What a call through the gateway is made of; everything else of a `ModelCall` follows from it. */
export type CallParts = Pick<ModelCall, "messages" | "output" | "settings"> &
  Partial<Pick<ModelCall, "input" | "embed" | "tools" | "toolChoice" | "onDelta">>;

export interface CallRequest {
  /** The id of its run. */
  readonly id: string;
  /** The workflow that it is a run of. */
  readonly workflow: string;
  /** The route or model that answers. */
  readonly target: Asset;
  /** What the route names in turn. */
  readonly uses: readonly Asset[];
  /** The prompt that the messages were rendered from. */
  readonly prompt?: Asset | undefined;
  /** Which version it got, by the ids of the rollouts that it is in. */
  readonly arms?: RecordedRun["arms"] | undefined;
  /** What was asked for, as it is recorded. */
  readonly input: JsonObject;
  readonly parts: CallParts;
  readonly tags: Readonly<Record<string, string>>;
  /** Sent to the provider as `Idempotency-Key`. */
  readonly key: string;
  /** Aborted when nobody waits for the answer any more, and here, when something of the call is switched off. */
  readonly hungUp: AbortController;
}

export interface CallAnswer {
  readonly reply: ModelReply;
  /** As it is recorded. */
  readonly result: StepResult;
  readonly beganAt: number;
  /** Digest of the release: all that the answer depends on. */
  readonly release: string;
}

export interface CallsDeps {
  readonly clock: Clock;
  readonly modelOf: Gateway["modelOf"];
  readonly publish: (parts: ReleaseParts) => Promise<Release>;
  readonly record: (run: RecordedRun) => Promise<void>;
  readonly switches: Switches;
}

/** The one step of a call's run. */
export const callStep = "answer";

/** A call that is under way. */
interface OpenCall {
  readonly controller: AbortController;
  /** What can be switched off of it. */
  readonly uses: string[];
}

type Outcome = { readonly reply: ModelReply; readonly latencyMs: number } | { readonly error: unknown };

/**
 * Calls to models that are no step of a workflow. Each becomes a run of one step, recorded in one append
 * at its end, before whoever asked hears the answer: it is listed, counted and kept like any other run.
 */
export class Calls {
  readonly #deps: CallsDeps;
  readonly #open = new Set<OpenCall>();
  readonly #releases = new Map<string, Promise<Release>>();

  constructor(deps: CallsDeps) {
    this.#deps = deps;
    deps.switches.watch((row) => this.#breakOff(row));
  }

  /** Throws what kept the models from answering, once that is on disk; or why nothing could be recorded. */
  async ask(request: CallRequest): Promise<CallAnswer> {
    this.#deps.switches.check(switchId("workflow", request.workflow));
    const release = await this.#releaseOf(request);
    const beganAt = this.#deps.clock.now();
    const outcome = await this.#outcomeOf(request);
    if ("error" in outcome) {
      await this.#record(request, release, { beganAt, attempts: 1, outcome: failure(outcome.error) });
      throw outcome.error;
    }
    const { reply, latencyMs } = outcome;
    const result = callResult(reply, latencyMs, request.parts);
    const attempts = reply.trace?.attempts ?? 1;
    await this.#record(request, release, { beganAt, attempts, outcome: success(reply, result, request) });
    return { reply, result, beganAt, release: release.digest };
  }

  async #outcomeOf(request: CallRequest): Promise<Outcome> {
    const { clock, modelOf } = this.#deps;
    const open: OpenCall = {
      controller: request.hungUp,
      uses: [switchId("workflow", request.workflow)],
    };
    this.#open.add(open);
    const startedMs = clock.monotonic();
    try {
      const reply = await modelOf(request.target, findIn(request.uses))(this.#callOf(request, open));
      return { reply, latencyMs: clock.monotonic() - startedMs };
    } catch (error) {
      return { error };
    } finally {
      this.#open.delete(open);
    }
  }

  #callOf(request: CallRequest, { controller, uses }: OpenCall): ModelCall {
    const { id, workflow, parts, tags, key } = request;
    return {
      input: {},
      ...parts,
      origin: { runId: id, path: callStep, attempt: 1, key },
      workflow,
      tags,
      expected: undefined,
      effects: "live",
      // Nobody tries it again durably, as the executor does with a step.
      retry: true,
      use: (name) => {
        const used = switchId("model", name);
        this.#deps.switches.check(used);
        uses.push(used);
      },
      signal: controller.signal,
    };
  }

  /** As for steps: what is switched off with `stop` is broken off. */
  #breakOff({ id, mode, reason }: SwitchRow): void {
    if (mode !== "stop") return;
    for (const { controller, uses } of this.#open)
      if (id === "all" || uses.includes(id)) controller.abort(new SwitchedOff(id, reason));
  }

  #record(
    { id, input, tags, arms }: CallRequest,
    release: Release,
    done: { readonly beganAt: number; readonly attempts: number; readonly outcome: RecordedOutcome },
  ): Promise<void> {
    const { beganAt, attempts, outcome } = done;
    const step = { path: callStep, kind: "inference", attempts };
    return this.#deps.record({ id, release, input, tags, arms, actor: "local", beganAt, step, outcome });
  }

  /** One for each combination of target and prompt; made once, so that a call costs no digest. */
  #releaseOf({ workflow, target, uses, prompt }: CallRequest): Promise<Release> {
    const pinned = [target, ...uses, ...(prompt ? [prompt] : [])];
    const key = [workflow, target.kind, ...pinned.map(({ digest }) => digest)].join("/");
    const known = this.#releases.get(key);
    if (known) return known;
    if (this.#releases.size >= releasesOfCallsMax) this.#releases.clear();
    const definition = assetOf("flow", workflow, { name: workflow, version: callVersion });
    const made = this.#deps.publish({ workflow, version: callVersion, definition, assets: pinned });
    this.#releases.set(key, made);
    // What a full disk refused is asked again.
    made.catch(() => this.#releases.delete(key));
    return made;
  }
}

/** Of what every call's run has in common. */
export const callVersion = "1";

/** What the step `inference` gives; vectors packed, as they are many numbers. */
function callResult(reply: ModelReply, latencyMs: number, parts: CallParts): StepResult {
  const result = resultOf(reply, latencyMs);
  if (parts.embed) return { ...result, value: vectorsOf(reply.value).map(packVector) };
  return reply.toolCalls ? { ...result, toolCalls: reply.toolCalls.map((call) => ({ ...call })) } : result;
}

function vectorsOf(value: Json): readonly number[][] {
  const lists = Array.isArray(value) ? value : [];
  return lists.map((list) => (Array.isArray(list) ? list.map(Number) : []));
}

function success(
  reply: ModelReply,
  result: StepResult,
  { parts, prompt, target, uses }: CallRequest,
): RecordedOutcome {
  const { facts, trace } = reply;
  return {
    status: "completed",
    result,
    output: parts.embed ? null : reply.value,
    trace: {
      // Without a prompt, what was sent is the run's input.
      ...(prompt ? { prompt: parts.messages.map((message) => toJson({ ...message })) } : {}),
      parameters: { ...parts.settings },
      versions: Object.fromEntries([target, ...uses, ...(prompt ? [prompt] : [])].map(versionOf)),
      ...(trace ? { attempts: trace.attempts, cache: trace.cache, route: { ...trace.route } } : {}),
    },
    ...(facts ? { facts } : {}),
  };
}

function versionOf({ kind, name, digest }: Asset): readonly [string, Json] {
  return [`${kind}/${name}`, digest];
}

function failure(error: unknown): RecordedOutcome {
  if (error instanceof ModelCallAborted)
    return { status: "cancelled", by: "client", reason: "whoever had asked hung up" };
  return { status: "failed", error: errorRecord(error) };
}
