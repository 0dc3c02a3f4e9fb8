import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FlyballError, seededRandom, systemClock } from "../../src/core/base/index.ts";
import { openEngine } from "../../src/engine.ts";
import {
  type Behaviour,
  type ProviderRequest,
  startFaultyProvider,
} from "../../src/models/gateway/testing/faulty-provider.ts";
import { callOf, gatewayOf } from "../../src/models/gateway/testing.ts";
import { below, type Fault, type FaultContext, type Measure, percentile, report, zero } from "./fault.ts";
import { assertSound } from "./record.ts";

// A provider that turns away 30% of all requests and names a time for each, and one that turns away all of
// them for a while. Callers ask at once, as of an API that tries again by itself, and as durable steps.

interface Storm {
  readonly calls: number;
  readonly deadlineMs: number;
  readonly retryAfterMs: readonly [least: number, most: number];
}

export const fault: Fault = {
  id: "R17",
  title: "a provider that turns away 30% of all requests with 429 and Retry-After",
  promise: "G2 G14",
  async run(context) {
    const storm: Storm = context.full
      ? { calls: 1_000, deadlineMs: 60_000, retryAfterMs: [1_000, 5_000] }
      : { calls: 120, deadlineMs: 15_000, retryAfterMs: [200, 500] };
    const direct = await measured("calls of an API", storm, context, askAll);
    const durable = await measured("durable steps", storm, context, (url, each) =>
      runAll(url, each, context),
    );
    return [...direct, ...durable, ...(await refusingAll(storm))];
  },
};

/** How many of the calls were answered within their deadline, and how long each took. */
interface Outcome {
  readonly answered: number;
  readonly tookMs: readonly number[];
}

async function measured(
  who: string,
  storm: Storm,
  { seed, progress }: FaultContext,
  ask: (url: string, storm: Storm) => Promise<Outcome>,
): Promise<Measure[]> {
  const random = seededRandom(seed);
  const [least, most] = storm.retryAfterMs;
  const patience = new Patience();
  const provider = await startFaultyProvider({
    script(request): Behaviour {
      patience.arrives(request);
      // Three of ten, and not by chance: few calls would have more or less of them.
      if (![0, 3, 7].includes(request.index % 10)) return { afterMs: 20 };
      const afterMs = Math.round(least + random.next() * (most - least));
      patience.ask(request, afterMs);
      return { fault: "rate_limited", headers: { "retry-after-ms": String(afterMs) } };
    },
  });
  try {
    const { answered, tookMs } = await ask(provider.urls.openai, storm);
    const attempts = Number((provider.requestCount() / storm.calls).toFixed(3));
    progress(`${who}: ${answered} of ${storm.calls} answered with ${attempts} requests each`);
    return [
      zero(`${who}: not answered within their deadline`, storm.calls - answered, storm.calls),
      below(`${who}: requests a call`, attempts, { max: 1.5, trials: storm.calls }),
      zero(`${who}: requests before the time that their own 429 had named`, patience.early, patience.asked),
      report(`${who}: longest call`, Math.round(percentile(tookMs, 1)), "ms"),
    ];
  } finally {
    await provider.close();
  }
}

/** What the provider asked for, and whether callers kept to it. */
class Patience {
  asked = 0;
  early = 0;
  readonly #byKey = new Map<string, number>();

  arrives({ atMs, headers }: ProviderRequest): void {
    if (atMs < (this.#byKey.get(String(headers["idempotency-key"])) ?? 0)) this.early += 1;
  }

  ask({ atMs, headers }: ProviderRequest, afterMs: number): void {
    this.asked += 1;
    this.#byKey.set(String(headers["idempotency-key"]), atMs + afterMs);
  }
}

const settingsOf = (url: string) => ({
  providers: { house: { type: "openai-compatible", url } },
  routes: { drafting: { try: ["house/small"] } },
});

/** All at once, each with a deadline of its own. */
async function askAll(url: string, { calls, deadlineMs }: Storm): Promise<Outcome> {
  const route = gatewayOf(settingsOf(url), { clock: systemClock }).ask("drafting");
  const tookMs: number[] = [];
  const one = async (index: number) => {
    const startedMs = systemClock.monotonic();
    const key = `call-${index}`;
    try {
      await route(
        callOf({
          retry: true,
          endsAtMs: startedMs + deadlineMs,
          signal: AbortSignal.timeout(deadlineMs),
          origin: { runId: key, path: "draft", attempt: 1, key },
        }),
      );
      tookMs.push(systemClock.monotonic() - startedMs);
    } catch (error) {
      if (!(error instanceof FlyballError)) throw error;
    }
  };
  await Promise.all(Array.from({ length: calls }, (_, index) => one(index)));
  return { answered: tookMs.length, tookMs };
}

/** The same question as a step of so many runs, which the executor tries again by its defaults. */
async function runAll(
  url: string,
  { calls, deadlineMs }: Storm,
  { scratch }: FaultContext,
): Promise<Outcome> {
  mkdirSync(join(scratch, "workflows"), { recursive: true });
  writeFileSync(join(scratch, "flyball.yaml"), JSON.stringify(settingsOf(url)));
  const file = join(scratch, "workflows", "ask.yaml");
  writeFileSync(
    file,
    'workflow: ask\nsteps:\n  - id: draft\n    inference: { route: drafting, prompt: { text: "Where is it?" } }\n',
  );
  const engine = await openEngine({ home: join(scratch, ".flyball") });
  const tookMs: number[] = [];
  try {
    await engine.open(file);
    const one = async () => {
      const startedMs = systemClock.monotonic();
      const id = await engine.start("ask", { input: {} });
      const status = await engine.executor.settled(id);
      const ms = systemClock.monotonic() - startedMs;
      if (status === "completed" && ms <= deadlineMs) tookMs.push(ms);
    };
    await Promise.all(Array.from({ length: calls }, one));
  } finally {
    await engine.close();
  }
  await assertSound(scratch);
  return { answered: tookMs.length, tookMs };
}

/** Every request is turned away for a while, and calls keep coming. */
async function refusingAll({ calls, deadlineMs, retryAfterMs }: Storm): Promise<Measure[]> {
  const startedMs = systemClock.monotonic();
  const [, forMs] = retryAfterMs;
  const provider = await startFaultyProvider({
    script({ atMs }): Behaviour {
      const restMs = Math.ceil(startedMs + forMs - atMs);
      return restMs > 0
        ? { fault: "rate_limited", headers: { "retry-after-ms": String(restMs) } }
        : { afterMs: 20 };
    },
  });
  try {
    const route = gatewayOf(settingsOf(provider.urls.openai), { clock: systemClock }).ask("drafting");
    const asked = Array.from({ length: calls }, async (_, index) => {
      await new Promise<void>((resolve) => systemClock.after((index / calls) * forMs, resolve));
      return route(callOf({ retry: true, signal: AbortSignal.timeout(deadlineMs) }));
    });
    const failed = (await Promise.allSettled(asked)).filter(({ status }) => status === "rejected").length;
    const attempts = Number((provider.requestCount() / calls).toFixed(3));
    return [
      zero("all turned away for a while: not answered within their deadline", failed, calls),
      below("all turned away for a while: requests a call", attempts, { max: 1.5, trials: calls }),
    ];
  } finally {
    await provider.close();
  }
}
