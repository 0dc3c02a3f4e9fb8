import { FlyballError, systemClock } from "../../src/core/base/index.ts";
import type { ModelReply } from "../../src/models/gateway/index.ts";
import { books, budget } from "../../src/models/gateway/money/testing.ts";
import { type Behaviour, startFaultyProvider } from "../../src/models/gateway/testing/faulty-provider.ts";
import { callOf, gatewayOf } from "../../src/models/gateway/testing.ts";
import { below, type Fault, type FaultContext, type Measure, percentile, report, zero } from "./fault.ts";

// The first provider of a route falls silent and then fails, for minutes; a second one stands in. Between
// the two is one in another region, which must never be asked. Every check is made again for who stands in.

const secret = "Ada Lovelace";

interface Call {
  readonly startedMs: number;
  readonly tookMs: number;
  readonly reply: ModelReply | null;
}

export const fault: Fault = {
  id: "R19",
  title: "an outage of the first provider of a route",
  promise: "G2 G13",
  async run(context) {
    const outage = {
      ...(context.full ? { fromMs: 10_000, forMs: 300_000 } : { fromMs: 1_000, forMs: 3_000 }),
    };
    const beganMs = systemClock.monotonic();
    const isDown = (atMs: number) =>
      atMs >= beganMs + outage.fromMs && atMs < beganMs + outage.fromMs + outage.forMs;
    const [first, abroad, second] = await Promise.all([
      startFaultyProvider({
        // Half of the outage nobody answers, then errors come at once.
        script({ atMs }): Behaviour {
          if (!isDown(atMs)) return { afterMs: 20 };
          return { fault: atMs < beganMs + outage.fromMs + outage.forMs / 2 ? "silent" : "server_error" };
        },
      }),
      startFaultyProvider(),
      startFaultyProvider({ script: () => ({ afterMs: 20 }) }),
    ]);
    try {
      const urls = { first: first.urls.openai, abroad: abroad.urls.openai, second: second.urls.openai };
      const { calls, checks } = await through(
        urls,
        { beganMs, endMs: outage.fromMs + outage.forMs },
        context,
      );
      const leaked = [first, second]
        .flatMap(({ seen }) => seen)
        .filter(({ body }) => JSON.stringify(body).includes(secret));
      return [
        ...timing(calls, { beganMs, ...outage }),
        zero("requests to a region that the route does not allow", abroad.requestCount(), calls.length),
        zero("requests with a text that should have been redacted", leaked.length, calls.length),
        zero(
          "answers of the second provider without a check of access",
          second.requestCount() - checks.access,
          calls.length,
        ),
        zero(
          "answers of the second provider without a reservation",
          second.requestCount() - checks.budget,
          calls.length,
        ),
      ];
    } finally {
      await Promise.all([first, abroad, second].map((provider) => provider.close()));
    }
  },
};

/** Asks five times a second, before, during and after the outage, until the first provider answers again. */
async function through(
  urls: { readonly first: string; readonly abroad: string; readonly second: string },
  { beganMs, endMs }: { beganMs: number; endMs: number },
  { progress }: FaultContext,
) {
  const checks = { access: 0, budget: 0 };
  const { ledger, events } = books();
  const quota = { by: "model", unit: "calls", limit: 1_000_000, period: "total" } as const;
  await ledger.declare([budget({ name: "models", ...quota })]);
  const { ask, gateway } = gatewayOf(settingsOf(urls), {
    clock: systemClock,
    redact: (text) => text.replaceAll(secret, "[name]"),
    access: (_, { name }) => {
      if (name === "second/b") checks.access += 1;
    },
    ledger,
  });
  const route = ask("drafting");
  const calls: Call[] = [];
  const pending: Promise<void>[] = [];
  const lastMs = beganMs + endMs + 60_000;
  let backAt: number | undefined;
  for (let index = 0; systemClock.monotonic() < lastMs && backAt === undefined; index++) {
    const startedMs = systemClock.monotonic();
    const key = `call-${index}`;
    const call = callOf({
      messages: [{ role: "user", content: `Where is the parcel of ${secret}?` }],
      origin: { runId: key, path: "draft", attempt: 1, key },
    });
    const asked = route(call).catch((error: unknown) => {
      if (!(error instanceof FlyballError)) throw error;
      return null;
    });
    pending.push(
      asked.then((reply) => {
        calls.push({ startedMs, tookMs: systemClock.monotonic() - startedMs, reply });
        if (reply?.provider === "first" && startedMs > beganMs + endMs) backAt ??= startedMs;
      }),
    );
    if (index % 100 === 0)
      progress(`${index} calls; ${gateway.models().map(({ name, circuit }) => `${name} ${circuit}`)}`);
    await new Promise<void>((resolve) => systemClock.after(200, resolve));
  }
  await Promise.all(pending);
  const reserved = (await events("budget/models/")).filter(({ type }) => type === "budget.reserved");
  checks.budget = reserved.filter(({ data }) => data?.key === "second/b").length;
  return { calls, checks };
}

function settingsOf(urls: { readonly first: string; readonly abroad: string; readonly second: string }) {
  const provider = (url: string, region: string) => ({ type: "openai-compatible", url, region });
  return {
    providers: {
      first: provider(urls.first, "eu"),
      abroad: provider(urls.abroad, "us"),
      second: provider(urls.second, "eu"),
    },
    routes: { drafting: { try: ["first/a", "abroad/c", "second/b"], regions: ["eu"], timeout: "1s" } },
  };
}

function timing(
  calls: readonly Call[],
  { beganMs, fromMs, forMs }: { beganMs: number; fromMs: number; forMs: number },
): Measure[] {
  const downMs = beganMs + fromMs;
  const upMs = downMs + forMs;
  const healthy = calls.filter(({ startedMs, tookMs }) => startedMs + tookMs < downMs);
  const during = calls.filter(({ startedMs }) => startedMs >= downMs && startedMs < upMs);
  // Five failures open the circuit; with a call each 200 ms and a timeout of 1 s that is within two seconds.
  const opened = during.filter(
    ({ startedMs, reply }) => startedMs >= downMs + 2_000 && reply?.provider === "second",
  );
  const usualMs = percentile(
    healthy.map(({ tookMs }) => tookMs),
    0.5,
  );
  const back = calls.filter(({ startedMs, reply }) => startedMs >= upMs && reply?.provider === "first");
  const backAfterMs = Math.min(...back.map(({ startedMs }) => startedMs - upMs));
  return [
    report("calls during the outage", during.length),
    zero("calls without an answer", calls.filter(({ reply }) => reply === null).length, calls.length),
    below(
      "fallback, p95 beyond the usual latency once the circuit is open",
      Math.round(
        percentile(
          opened.map(({ tookMs }) => tookMs),
          0.95,
        ) - usualMs,
      ),
      { max: 1_000, unit: "ms", trials: opened.length },
    ),
    below("back at the first provider after its return", Math.round(backAfterMs), {
      max: 60_000,
      unit: "ms",
      trials: 1,
    }),
  ];
}
